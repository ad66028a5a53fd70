"""`demo`: runs the exporter against simulated vendors on this machine."""

from __future__ import annotations

import os

import click

from exporter.cli.listen_address import address_type
from exporter.cli.options import log_options
from exporter.cli.serve import run_daemon
from exporter.config.loading import Loaded
from exporter.config.models import Config
from exporter.daemon.daemon import Daemon, ServeOptions
from exporter.log import LogFormat, configure_log
from exporter.providers.library import load_definitions
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS, demo_simulator
from exporter.web.address import Address

INTERVAL = "5s"
THRESHOLDS = {
    "*": {"warning": "20%", "critical": "5%"},
    "wallet": {"warning": 30, "critical": 12},
    "credits": {"warning": 30, "critical": 10},
}

_WELCOME = """
The vendors are simulated on this machine, and the values change. The exporter serves

  http://{address}/                  the status page
  http://{address}/metrics           the metrics for Prometheus
  http://{address}/api/v1/accounts   the accounts as JSON

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
    help="Where to listen; by default on this machine only.",
)
@log_options
def command(address: Address, log_level: str, log_format: LogFormat) -> None:
    """Serve simulated vendors; needs no key, file or network.

    The accounts of a dozen vendors show every kind of billing, a budget, an overage, an unlimited plan, an invalid key and a rate limit.
    """
    configure_log(log_level, log_format)
    run_daemon(_serve(address))


async def _serve(address: Address) -> None:
    async with demo_simulator() as simulator:
        await Daemon(demo_config(simulator.url), ServeOptions((address,)), os.environ, on_listening=_announce).run()


def demo_config(url: str) -> Loaded:
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
    defaults = {"interval": INTERVAL, "timeout": "4s", "max_backoff": "30s", "thresholds": THRESHOLDS}
    return Loaded(Config.model_validate({"defaults": defaults, "accounts": accounts}), load_definitions())


def _announce(addresses: list[Address]) -> None:
    host, port = addresses[0]
    click.echo(_WELCOME.format(address=Address("127.0.0.1" if host in {None, "0.0.0.0", "::"} else host, port)))  # noqa: S104 -- only compared
