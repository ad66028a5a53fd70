"""HTTP inwards: what Prometheus, a probe or a person asks of the exporter."""
