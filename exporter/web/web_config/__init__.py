"""The file that every exporter reads for `--web.config.file`: TLS, client certificates, users, headers, a rate limit."""
