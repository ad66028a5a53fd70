"""The Grafana dashboards and how Grafana is told of them."""
