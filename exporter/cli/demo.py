"""`demo`: runs the exporter against simulated vendors on this machine."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from functools import partial
from typing import Final

import click

from exporter.cli.backfill import INTERVAL, past_scrapes
from exporter.cli.listen_address import address_type
from exporter.cli.options import log_options
from exporter.cli.serve import run_daemon
from exporter.config.loading import Loaded
from exporter.config.models import Config
from exporter.daemon.daemon import Daemon, ServeOptions
from exporter.log import LogFormat, configure_log
from exporter.model import Seconds
from exporter.providers.library import load_definitions
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS, demo_simulator
from exporter.validation.duration import parse_duration
from exporter.web.address import Address

THRESHOLDS = {
    "*": {"warning": "20%", "critical": "5%"},
    "wallet": {"warning": 30, "critical": 12},
    "credits": {"warning": 30, "critical": 10},
}

MAX_HISTORY: Final = Seconds(90 * 86_400.0)
_WELCOME = """
The vendors are simulated on this machine, and the values change. The exporter serves

  http://{address}/                  the status page
  http://{address}/metrics           the metrics for Prometheus
  http://{address}/api/v1/accounts   the accounts as JSON

Try:  curl -s http://{address}/metrics | grep ai_account_quota_remaining
Stop: Ctrl-C
"""


def _duration(_context: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    try:
        span = None if value is None else parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if span and span > MAX_HISTORY:
        raise click.BadParameter(f"expected {MAX_HISTORY / 86_400:.0f}d at most: a week takes half a minute and 500 MB")
    return span


@click.command("demo")
@click.option(
    "--web.listen-address",
    "address",
    type=address_type,
    default="127.0.0.1:9893",
    show_default=True,
    help="Where to listen; by default on this machine only.",
)
@click.option(
    "--history",
    metavar="DURATION",
    callback=_duration,
    help="Print the metrics of the last 7d, say, as OpenMetrics for `promtool tsdb create-blocks-from`, and exit.",
)
@log_options
def command(address: Address, history: float | None, log_level: str, log_format: LogFormat) -> None:
    """Serve simulated vendors; needs no key, file or network.

    The accounts of a dozen vendors show every kind of billing, a budget, an overage, an unlimited plan, an invalid key and a rate limit.
    """
    configure_log(log_level if history is None else "error", log_format)  # the faults of the past are on purpose
    if history is None:
        run_daemon(_serve(address))
    else:
        asyncio.run(_print_history(history))


async def _print_history(span: float) -> None:
    scrapes = await past_scrapes(partial(demo_config, interval=INTERVAL), span, float(int(time.time())))
    if sys.stdout is not None:  # None where standard output is closed
        sys.stdout.writelines(scrapes.lines())


async def _serve(address: Address) -> None:
    async with demo_simulator() as simulator:
        await Daemon(demo_config(simulator.url), ServeOptions((address,)), os.environ, on_listening=_announce).run()


def demo_config(url: str, interval: str = "5s") -> Loaded:
    """Return a configuration of all demo accounts, with the simulator's URL."""
    accounts = [
        {
            "name": account.name,
            "provider": account.simulated.provider,
            "credentials": {account.simulated.credential: {"value": account.simulated.secret}},
            "params": account.simulated.params,
            "budgets": account.budgets,
            "labels": account.labels,
            "base_url": url,
        }
        for account in DEMO_ACCOUNTS
    ]
    defaults = {"interval": interval, "timeout": "4s", "max_backoff": "30s", "thresholds": THRESHOLDS}
    return Loaded(Config.model_validate({"defaults": defaults, "accounts": accounts}), load_definitions())


def _announce(addresses: list[Address]) -> None:
    host, port = addresses[0]
    click.echo(_WELCOME.format(address=Address("127.0.0.1" if host in {None, "0.0.0.0", "::"} else host, port)))  # noqa: S104 -- only compared
