"""Simulated vendors on loopback, with their responses and faults."""
