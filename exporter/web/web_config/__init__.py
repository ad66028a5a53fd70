"""The file that every exporter takes as `--web.config.file`: TLS, client certificates, users, headers, a rate limit."""
