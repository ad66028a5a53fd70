"""`serve`: runs the daemon."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
import structlog

from exporter.cli.lazy import GARBAGE_THRESHOLD
from exporter.cli.listen_address import address_type
from exporter.cli.options import config_option, load, log_options, read_shard, shard_options
from exporter.cli.output import EXIT_FAILED
from exporter.cli.web import load_web, web_config_option
from exporter.config.loading import load_config
from exporter.daemon.daemon import Daemon, ServeOptions
from exporter.errors import ExporterError
from exporter.log import LogFormat, configure_log, errors_in, frames
from exporter.web.address import Address

EXIT_TIMEOUT: Final = 0.5
"""How long threads may delay the end of the process, in seconds."""
OBJECTS_OF_AN_ACCOUNT: Final = 20
"""How many new objects for each account start a collection of garbage. It stops the process while it looks at all new objects, and finds
little, because polls leave no cycles. With 10,000 accounts and a fixed number, it took 0.2 s every 10 s."""
SWITCH_INTERVAL: Final = 0.0005
"""How long a thread keeps the interpreter while another one waits for it, in seconds. With Python's 5 ms, the thread that compresses a page
waits longer for the event loop than it works."""

log = structlog.get_logger()


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
@click.option("--web.systemd-socket", "inherits", is_flag=True, help="Listen on the sockets that systemd passes instead of the addresses.")
@click.option(
    "--web.max-requests",
    "max_requests",
    type=click.IntRange(min=0),
    default=40,
    show_default=True,
    help="Maximum number of parallel scrapes; further ones get the status 503. 0 disables the limit.",
)
@click.option("--web.disable-exporter-metrics", "no_runtime", is_flag=True, help="Exclude process_* and python_* metrics.")
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
    """Poll every account on its interval and serve the metrics.

    An account whose secret is missing or unusable fails with the reason `credential`; the others are polled.

    Exit codes: 0 stopped by SIGTERM or SIGINT, 1 failed, 2 invalid configuration or usage.
    """
    own = read_shard(shard, pod, total_shards)
    loaded = load(config_file, own)
    options = replace(_serve_options(**web), shard=own)
    configure_log(log_level, log_format)
    if options.web_config_file:
        options.web_config_file.log_without_effect()
    log.info("config loaded", file=str(config_file), accounts=len(loaded.config.accounts))
    for account in loaded.inline_secrets:
        log.warning("secret in config", provider=account.provider, account=account.name, remedy="use env or file instead of value")
    sys.setswitchinterval(SWITCH_INTERVAL)
    read_config = partial(load_config, config_file, os.environ, check_secrets=False, shards=(own,))
    run_daemon(Daemon(loaded, options, os.environ, read_config=read_config, on_accounts=collect_garbage_for).run())


def collect_garbage_for(accounts: int) -> None:
    """Collect garbage as rarely as this number of accounts needs."""
    gc.set_threshold(max(GARBAGE_THRESHOLD, accounts * OBJECTS_OF_AN_ACCOUNT))


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
    from exporter.web.web_config.file import WebConfigFile

    loaded = load_web(web_config_file)
    return replace(options, web_config=loaded, web_config_file=WebConfigFile(web_config_file, loaded))


def run_daemon(daemon: Coroutine[Any, Any, None], exit_soon: Callable[[int], None] | None = None) -> None:
    """Run until it ends; a failure is a log line and exit code 1.

    `exit_soon` is called with the exit code when the daemon has ended: no thread, such as one of a file that does not answer, may delay
    the end of the process for long.
    """
    try:
        asyncio.run(_run(daemon, exit_soon or _exit_soon))
    except ExporterError as error:
        log.error("start failed", error=str(error), remedy=error.remedy)  # noqa: TRY400 -- the message is complete
    except ExceptionGroup as group:
        for each in errors_in(group):
            log.error("daemon died", error=type(each).__name__, at=frames(each))  # noqa: TRY400 -- the error's own text may hold a key
    else:
        return
    raise SystemExit(EXIT_FAILED)


async def _run(daemon: Coroutine[Any, Any, None], exit_soon: Callable[[int], None]) -> None:
    code = EXIT_FAILED
    try:
        await daemon
        code = 0
    finally:
        exit_soon(code)


def _exit_soon(code: int) -> None:
    def exit_now() -> None:
        logging.shutdown()
        os._exit(code)

    timer = threading.Timer(EXIT_TIMEOUT, exit_now)
    timer.daemon = True
    timer.start()
