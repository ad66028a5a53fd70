"""The result of `once --report`: paths and kinds without values, for people who help with a definition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from exporter.accounts.snapshot import AccountSnapshot
from exporter.cli.describe import level_of
from exporter.cli.inspections import Inspection, Inspections


def print_report(accounts: Sequence[AccountSnapshot], inspections: Inspections, version: tuple[str, str]) -> None:
    """Print for each account what its definition found; without the names of accounts, which may be those of customers."""
    click.echo(f"ai-account-exporter {version[0]}. Paths and kinds without values; read this before you share it.")
    for number, account in enumerate(accounts, 1):
        definition = account.job.definition
        level = f", {level_of(definition)}" if definition.verified else ""
        click.echo(f"\nAccount {number}: {definition.name}{level}, credential {account.job.credential}")
        for line in _outcome(account):
            click.echo(f"  {line}")
        for inspection in inspections.by_account[account.key]:
            click.echo("\n".join(_lines(inspection)))


def _outcome(account: AccountSnapshot) -> Iterator[str]:
    entry = account.entry
    yield f"the poll failed, {entry.error.reason}: {entry.error.message}" if entry.error else "the poll succeeded"
    for name, request in entry.optional.items():
        if request.error:
            yield f"the optional request {name} failed, {request.error.reason}: {request.error.message}"


def _lines(inspection: Inspection) -> Iterator[str]:
    yield f"\n  {inspection.request.method} {inspection.request.name}"
    for each in inspection.findings:
        result = "mismatch" if each.is_mismatch else "exported" if each.is_exported else "-"
        yield f"    {each.name:<32} {result:<9} {each.expression}"
    yield "  The response contains:"
    yield from (f"    {place}: {kind}" for place, kind in inspection.kinds.items())
