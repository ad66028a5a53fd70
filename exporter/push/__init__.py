"""Pushes the metrics over OTLP."""
