"""`once`: polls every account once and prints the result."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any, Literal

import click

from exporter.accounts.entry import Schedule
from exporter.accounts.snapshot import Account, account_at
from exporter.cli.options import config_option, load, log_options
from exporter.cli.output import EXIT_FAILED
from exporter.config.job import build_jobs
from exporter.daemon.poll_once import poll_once
from exporter.daemon.version import build
from exporter.log import LogFormat, configure_log
from exporter.metrics.exposition import Exposition


@click.command("once")
@config_option
@click.option("--output", type=click.Choice(("table", "json", "prometheus")), default="table", show_default=True, help="The output format.")
@log_options
def command(config_file: Path, output: Literal["table", "json", "prometheus"], log_level: str, log_format: LogFormat) -> None:
    """Poll every account once and print the result.

    Compare the values with the vendor's own dashboard.

    Exit codes: 0 all polls succeeded, 1 a poll failed, 2 invalid configuration or usage.
    """
    loaded = load(config_file)
    configure_log("error" if log_level == "info" else log_level, log_format)  # the table shows failures already
    store = asyncio.run(poll_once(build_jobs(loaded), os.environ))
    snapshot = store.snapshot()
    match output:
        case "table":
            from exporter.cli.report import print_table

            print_table(snapshot.accounts, now=snapshot.at)
        case "json":
            click.echo(json.dumps([as_polled(account) for account in snapshot.accounts], indent=2))
        case "prometheus":
            click.echo(Exposition(build(), runtime=False).render(snapshot).body, nl=False)
    if not all(entry.up for entry in snapshot.entries):
        raise SystemExit(EXIT_FAILED)


def as_polled(account: Account) -> dict[str, Any]:
    """Return the account as the API shows it, at the time when its poll ended: other polls may have taken longer, and none follows."""
    from exporter.overview.build import account_facts
    from exporter.overview.encoding import to_plain

    at = account.entry.last_poll_at or 0.0
    return to_plain(account_facts(account_at(at, account.job, account.entry, Schedule()), at))
