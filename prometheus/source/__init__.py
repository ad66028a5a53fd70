"""The recording and alert rules as code: `python -m prometheus.source` writes them."""
