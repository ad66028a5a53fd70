"""`serve`: the daemon."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import structlog

from exporter.cli.address import address_type
from exporter.cli.options import EXIT_FAILED, config_option, load, log_options
from exporter.cli.sharding import read_shard, shard_options
from exporter.cli.web import load_web, web_config_option
from exporter.config.loading import load_config
from exporter.config.models import Config
from exporter.daemon.daemon import ServeOptions, serve
from exporter.daemon.jobs import plan_of
from exporter.errors import ExporterError
from exporter.log import LogFormat, configure_log, frames, leaves
from exporter.web.address import Address
from exporter.web.web_config.loading import load_web_config

LAST_RESORT_AFTER = 1.0

log = structlog.get_logger()


def end_soon(code: int) -> None:
    """End the process in a few seconds, whatever still runs in it."""
    timer = threading.Timer(LAST_RESORT_AFTER, os._exit, (code,))
    timer.daemon = True
    timer.start()


async def _ending(main: Coroutine[Any, Any, None], last_resort: Callable[[int], None]) -> None:
    code = EXIT_FAILED
    try:
        await main
        code = 0
    finally:
        last_resort(code)


def _path(_context: click.Context, _param: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", value) or value.startswith("/-/"):
        raise click.BadParameter("expected a path such as /metrics, not / and not below /-/")
    return value


@click.command("serve")
@config_option
@click.option(
    "--web.listen-address",
    "addresses",
    type=address_type,
    multiple=True,
    default=(":9893",),
    show_default=True,
    help="Where to listen: `:9893`, `127.0.0.1:9893`, `[::1]:9893`. Can be given several times.",
)
@click.option(
    "--web.telemetry-path",
    "telemetry_path",
    default="/metrics",
    show_default=True,
    callback=_path,
    help="Path of the metrics.",
)
@web_config_option
@click.option(
    "--web.systemd-socket", "inherits", is_flag=True, help="Listen on the sockets that systemd hands over, in place of addresses."
)
@click.option(
    "--web.max-requests",
    "max_requests",
    type=click.IntRange(min=0),
    default=40,
    show_default=True,
    help="How many scrapes may be under way at once; more are answered with 503. 0 for any number.",
)
@click.option("--web.disable-exporter-metrics", "no_runtime", is_flag=True, help="Leave out process_* and python_* metrics.")
@shard_options
@log_options
def command(
    *,
    config_file: Path,
    log_level: str,
    log_format: LogFormat,
    shard: int | None,
    pod: str | None,
    total_shards: int,
    **web: Any,
) -> None:
    """Poll every account on its interval and serve the metrics, until SIGTERM or SIGINT."""
    loaded = load(config_file, os.environ)
    part = read_shard(shard, pod, total_shards)
    options = replace(_serve_options(**web), shard=part)
    configure_log(log_level, log_format)
    log.info("config loaded", file=str(config_file), accounts=len(loaded.config.accounts))
    warn_of_inline_secrets(loaded.config)
    run_daemon(serve(plan_of(loaded, part), options, os.environ, reread=lambda: plan_of(load_config(config_file, os.environ), part)))


def _serve_options(
    *,
    addresses: tuple[Address, ...],
    telemetry_path: str,
    web_config_file: Path | None,
    inherits: bool,
    max_requests: int,
    no_runtime: bool,
) -> ServeOptions:
    options = ServeOptions(addresses, inherits, telemetry_path, runtime_metrics=not no_runtime, max_requests=max_requests)
    if web_config_file is None:
        return options
    return replace(options, web_config=load_web(web_config_file), reread_web_config=partial(load_web_config, web_config_file))


def warn_of_inline_secrets(config: Config) -> None:
    """A key in the file is readable by everyone who can read the file, and in its history."""
    for account in config.accounts:
        if any(source.value is not None for source in account.credentials.values()):
            log.warning("secret in config", provider=account.provider, account=account.name, remedy="use env or file in place of value")


def run_daemon(main: Coroutine[Any, Any, None], last_resort: Callable[[int], None] | None = None) -> None:
    """Run until it ends; a failure is a log line and exit code 1.

    `last_resort` is called with the exit code when the end has begun: it must see to it that no thread, such as one that waits for a name server,
    holds the process for long.
    """
    try:
        asyncio.run(_ending(main, last_resort or end_soon))
    except ExporterError as error:
        log.error("start failed", error=str(error))  # noqa: TRY400 -- the message says it all
    except ExceptionGroup as group:
        for leaf in leaves(group):
            log.error("daemon died", error=type(leaf).__name__, at=frames(leaf))  # noqa: TRY400 -- the error's own text may hold a key
    else:
        return
    raise SystemExit(EXIT_FAILED)
