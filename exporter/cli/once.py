"""`once`: polls every account once and prints the result."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import click

from exporter.accounts.entry import Entry, Schedule
from exporter.accounts.snapshot import AccountSnapshot, Snapshot, account_at
from exporter.cli.inspections import Inspections
from exporter.cli.options import config_option, load, log_options
from exporter.cli.output import EXIT_FAILED
from exporter.cli.report import print_report
from exporter.config.job import Job, build_jobs
from exporter.daemon.poll_once import poll_once
from exporter.daemon.version import build
from exporter.log import LogFormat, configure_log
from exporter.metrics.exposition import Exposition
from exporter.validation.problems import did_you_mean


@click.command("once")
@config_option
@click.option("--account", "wanted", metavar="PROVIDER/NAME", multiple=True, help="Poll only this account; can be repeated.")
@click.option("--output", type=click.Choice(("table", "json", "prometheus")), default="table", show_default=True, help="The output format.")
@click.option("--report", is_flag=True, help="Print the paths and kinds of all values, without the values, to share with others.")
@log_options
def command(
    *,
    config_file: Path,
    wanted: tuple[str, ...],
    output: Literal["table", "json", "prometheus"],
    report: bool,
    log_level: str,
    log_format: LogFormat,
) -> None:
    """Poll every account once and print the result.

    Compare the values with the vendor's own dashboard.

    Exit codes: 0 every poll succeeded and reported an amount, 1 one did not, 2 invalid configuration or usage.
    """
    if report and output != "table":
        raise click.UsageError("--report has a format of its own: leave out --output")
    jobs = _selected(build_jobs(load(config_file)), wanted)
    configure_log("error" if log_level == "info" else log_level, log_format)  # the table shows failures already
    inspections = Inspections()
    store = asyncio.run(poll_once(jobs, os.environ, on_reading=inspections.add if report or output == "table" else None))
    snapshot = store.snapshot()
    if report:
        print_report(snapshot.accounts, inspections, build())
    else:
        _print(snapshot, output, inspections)
    if not all(entry.up and has_amount(entry) for entry in snapshot.entries):
        raise SystemExit(EXIT_FAILED)


def _print(snapshot: Snapshot, output: str, inspections: Inspections) -> None:
    match output:
        case "table":
            from exporter.cli.table import print_table

            print_table(snapshot.accounts, now=snapshot.at, inspections=inspections)
        case "json":
            click.echo(json.dumps([as_polled(account) for account in snapshot.accounts], indent=2))
        case _:
            click.echo(Exposition(build(), runtime=False).render(snapshot).body, nl=False)


def _selected(jobs: Sequence[Job], wanted: Sequence[str]) -> Sequence[Job]:
    """Return the wanted jobs, or all.

    Raises:
        click.UsageError: an account does not exist.
    """
    by_name = {"/".join(job.key): job for job in jobs}
    for name in wanted:
        if name not in by_name:
            hint = did_you_mean(name, by_name) or "".join(f"; expected PROVIDER/NAME, such as {known}" for known in [*by_name][:1])
            raise click.UsageError(f"there is no enabled account {name!r}{hint}")
    return [job for name, job in by_name.items() if name in wanted] if wanted else jobs


def has_amount(entry: Entry) -> bool:
    """Whether the last good poll reported the amount of a resource."""
    return entry.reading is not None and any(quota.is_measured for quota in entry.reading.quotas)


def as_polled(account: AccountSnapshot) -> dict[str, Any]:
    """Return the account as the API shows it, at the time when its poll ended: other polls may have taken longer, and none follows."""
    from exporter.overview.build import account_facts
    from exporter.overview.encoding import to_plain

    at = account.entry.last_poll_at or 0.0
    return to_plain(account_facts(account_at(at, account.job, account.entry, Schedule()), at))
