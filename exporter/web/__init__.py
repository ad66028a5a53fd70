"""Incoming HTTP: the requests of Prometheus, of probes and of browsers."""
