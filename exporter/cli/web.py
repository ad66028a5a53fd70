"""The flag `--web.config.file`."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from exporter.cli.options import read_or_exit
from exporter.cli.output import counted
from exporter.web.web_config.web_config import WebConfig

_CLIENT_CERTIFICATES: Final = {
    ssl.CERT_NONE: "",
    ssl.CERT_OPTIONAL: ", client certificates are verified if presented",
    ssl.CERT_REQUIRED: ", client certificates are required",
}


def web_config_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--web.config.file`. An empty value means none, as in Go exporters."""
    return click.option(
        "--web.config.file",
        "web_config_file",
        metavar="FILE",
        callback=lambda _context, _param, value: Path(value) if value else None,
        help="TLS, users, headers and a rate limit, in the format of Prometheus's exporter-toolkit. Read again when it changes.",
    )(function)


def load_web(web_config_file: Path) -> WebConfig:
    """Read the web configuration, or print its problems and exit with 2."""
    from exporter.web.web_config.loader import load_web_config

    return read_or_exit(web_config_file, lambda: load_web_config(web_config_file))


def described(config: WebConfig) -> str:
    """Summarise a web configuration in one line."""
    parts = [f"TLS{_CLIENT_CERTIFICATES[config.tls.context.verify_mode]}" if config.tls else "no TLS"]
    parts.append(counted(len(config.users), "user") if config.users else "no users, so no password is needed")
    parts += [counted(len(config.headers), "header")] if config.headers else []
    parts += ["a rate limit"] if config.rate_limit else []
    return ", ".join(parts)
