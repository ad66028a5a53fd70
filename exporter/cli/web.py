"""The flag `--web.config.file`, and the file behind it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from exporter.cli.options import or_exit
from exporter.web.web_config.loading import WebConfig, load_web_config


def web_config_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--web.config.file`."""
    return click.option(
        "--web.config.file",
        "web_config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="TLS, users, headers and a rate limit, in the format of Prometheus's exporter-toolkit. Read again when it changes.",
    )(function)


def load_web(web_config_file: Path) -> WebConfig:
    """Read the file of TLS and users, or tell all that is wrong and exit with 2."""
    return or_exit(web_config_file, lambda: load_web_config(web_config_file))


def described(config: WebConfig) -> str:
    """What a web configuration asks for, in a line."""
    tls = config.ssl_context()
    with_clients = {
        ssl.CERT_NONE: "",
        ssl.CERT_OPTIONAL: ", clients may show a certificate",
        ssl.CERT_REQUIRED: ", clients must show a certificate",
    }
    parts = [f"TLS{with_clients[tls.verify_mode]}" if tls else "no TLS"]
    parts.append(
        f"{len(config.users)} {'user' if len(config.users) == 1 else 'users'}" if config.users else "no users: everybody is let in"
    )
    parts += [f"{len(config.headers)} {'header' if len(config.headers) == 1 else 'headers'}"] if config.headers else []
    parts += ["a rate limit"] if config.pace else []
    return ", ".join(parts)
