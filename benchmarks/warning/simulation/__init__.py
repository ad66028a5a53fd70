"""Accounts with a known truth, and what Prometheus scrapes of them."""
