"""AI Account Exporter: what is left on AI vendors' accounts, as Prometheus metrics."""
