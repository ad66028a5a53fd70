"""The Prometheus recording and alerting rules, as Python."""
