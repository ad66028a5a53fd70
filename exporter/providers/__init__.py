"""Vendors: one YAML definition each, and the engine that extracts values from their responses."""
