"""`demo`: the exporter against vendors that are played on this machine."""

from __future__ import annotations

import os

import click

from exporter.cli.address import address_type
from exporter.cli.options import log_options
from exporter.cli.serve import run_daemon
from exporter.config.loading import Loaded
from exporter.config.models import Config
from exporter.daemon.daemon import ServeOptions, serve
from exporter.daemon.jobs import Plan, build_jobs
from exporter.log import LogFormat, configure_log
from exporter.providers.library import load_definitions
from exporter.simulator.cast import CAST, cast_simulator
from exporter.web.address import Address

INTERVAL = "5s"
THRESHOLDS = {
    "*": {"warning": "20%", "critical": "5%"},
    "wallet": {"warning": 30, "critical": 12},
    "credits": {"warning": 30, "critical": 10},
}

_WELCOME = """
The vendors are played on this machine; the figures move. The exporter answers at

  http://{address}/            what is left, for people
  http://{address}/metrics     what Prometheus reads
  http://{address}/api/v1/accounts   what is left, for scripts

Try:  curl -s http://{address}/metrics | grep ai_account_quota_remaining
Stop: Ctrl-C
"""


@click.command("demo")
@click.option(
    "--web.listen-address",
    "address",
    type=address_type,
    default="127.0.0.1:9893",
    show_default=True,
    help="Where to listen; this machine only, unless you say otherwise.",
)
@log_options
def command(address: Address, log_level: str, log_format: LogFormat) -> None:
    """Play the vendors on loopback and serve the exporter against them: no key, no file, no network.

    The accounts show every kind of billing, an overage, an unlimited plan, a bad key and a rate limit.
    """  # fmt: skip
    configure_log(log_level, log_format)
    run_daemon(_play(address))


async def _play(address: Address) -> None:
    async with cast_simulator() as simulator:
        jobs = build_jobs(demo_config(simulator.url))
        await serve(Plan(tuple(jobs)), ServeOptions((address,)), os.environ, announce=_announce)


def demo_config(url: str) -> Loaded:
    """A configuration of the whole cast, all at one address."""
    accounts = [
        {
            "name": role.account,
            "provider": role.player.provider,
            "credentials": {role.credential: {"value": role.player.secret}},
            "labels": role.labels,
            "base_url": url,
        }
        for role in CAST
    ]
    defaults = {"interval": INTERVAL, "timeout": "4s", "max_backoff": "30s", "thresholds": THRESHOLDS}
    return Loaded(Config.model_validate({"defaults": defaults, "accounts": accounts}), load_definitions())


def _announce(addresses: list[Address]) -> None:
    host, port = addresses[0]
    click.echo(_WELCOME.format(address=Address("127.0.0.1" if host in {None, "0.0.0.0", "::"} else host, port)))  # noqa: S104 -- only compared
