"""`once`: ask every vendor once, and print what it said."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any, Literal

import click

from exporter.accounts.entry import Schedule
from exporter.accounts.snapshot import Account, account_at
from exporter.cli.options import EXIT_FAILED, config_option, load, log_options
from exporter.cli.report import print_table
from exporter.daemon.daemon import build, poll_once
from exporter.daemon.jobs import build_jobs
from exporter.log import LogFormat, configure_log
from exporter.metrics.exposition import Exposition
from exporter.overview.build import account_facts
from exporter.overview.encoding import to_plain


@click.command("once")
@config_option
@click.option("--output", type=click.Choice(("table", "json", "prometheus")), default="table", show_default=True, help="What to print.")
@log_options
def command(config_file: Path, output: Literal["table", "json", "prometheus"], log_level: str, log_format: LogFormat) -> None:
    """Poll every account once and print what each field said, to compare with the vendor's own dashboard.

    Exit codes: 0 all polls succeeded, 1 one failed, 2 the configuration is wrong.
    """
    loaded = load(config_file, os.environ)
    configure_log("error" if log_level == "info" else log_level, log_format)  # the table tells of failures already
    store = asyncio.run(poll_once(build_jobs(loaded), os.environ))
    snapshot = store.snapshot()
    match output:
        case "table":
            print_table(snapshot.accounts, now=snapshot.at)
        case "json":
            click.echo(json.dumps([as_polled(account) for account in snapshot.accounts], indent=2))
        case "prometheus":
            click.echo(Exposition(build(), runtime=False).render(snapshot).body, nl=False)
    if not all(entry.up for entry in snapshot.entries):
        raise SystemExit(EXIT_FAILED)


def as_polled(account: Account) -> dict[str, Any]:
    """Return the account as in the API, as of the end of its poll: other polls may have taken longer, and no poll follows."""
    at = account.entry.last_poll_at or 0.0
    return to_plain(account_facts(account_at(at, account.job, account.entry, Schedule()), at))
