"""Vendors played on loopback: what they answer, and how they misbehave."""
