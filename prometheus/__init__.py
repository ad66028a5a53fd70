"""Rules for Prometheus, what writes them, and what tests them."""
