"""The result of `once` as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from exporter.accounts.entry import Entry
from exporter.accounts.reasons import remedy_of
from exporter.accounts.snapshot import AccountSnapshot
from exporter.cli.inspections import Inspections
from exporter.model import AutoReload, Quota
from exporter.polling.no_effect import without_effect
from exporter.validation.duration import format_duration

_WIDE = 240
_COLUMNS = ("account", "resource", "left", "used", "of", "unit", "resets (UTC)", "")
_NUMBERS = frozenset({"left", "used", "of"})


def print_table(
    accounts: Sequence[AccountSnapshot], now: float, console: Console | None = None, inspections: Inspections | None = None
) -> None:
    """Print one row for each resource, then for each account its other facts, or why the poll failed and what to do.

    Text from vendors is never interpreted as markup.
    """
    console = console or Console(highlight=False)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column, justify="right" if column in _NUMBERS else "left", no_wrap=True)
    for account in accounts:
        for row in _rows(account, now):
            table.add_row(*map(Text, row))
    # A narrow terminal breaks lines, a pipe has no width; no number is ever cut.
    least = Measurement.get(console, console.options.update(width=_WIDE), table).maximum
    console.width = max(console.width if console.is_terminal else _WIDE, least)
    if table.row_count:
        console.print(table)
    for account in accounts:
        style = "bold red" if account.entry.error else ""
        console.print(Text(f"{_name(account)}: {_account_note(account.entry)}", style=style), soft_wrap=True)
        for line in (*_remedies(account.entry), *_unusable(account, inspections), *_without_effect(account)):
            console.print(Text(f"  {line}"), soft_wrap=True)


def amount(value: Decimal | None) -> str:
    """Write a number with thousands separators, exactly as the vendor sent it; empty for None."""
    if value is None:
        return ""
    return f"{value:,f}" if abs(value.adjusted()) < 20 else f"{float(value):g}"


def _name(account: AccountSnapshot) -> str:
    return "/".join(account.key)


def _rows(account: AccountSnapshot, now: float) -> Iterator[tuple[str, ...]]:
    name, entry = _name(account), account.entry
    for quota in entry.reading.quotas if entry.reading else ():
        amounts = (amount(quota.remaining), amount(quota.used), amount(quota.limit))
        yield (name, quota.resource, *amounts, quota.unit, _when(quota.resets_at, now), _quota_note(quota))
        name = ""


def _when(at: float | None, now: float) -> str:
    if at is None:
        return ""
    date = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
    distance = f"{abs(at - now) / 86_400:.0f}d" if abs(at - now) >= 86_400 else format_duration(max(60, round(abs(at - now) / 60) * 60))
    return f"in {distance}, {date}" if at >= now else f"{distance} ago, {date}"


def _quota_note(quota: Quota) -> str:
    if quota.unlimited:
        return "no limit"
    return f"may exceed by {amount(quota.overage_limit)}" if quota.overage_limit else ""


def _account_note(entry: Entry) -> str:
    if entry.error or entry.reading is None:
        return f"FAILED, {entry.error.reason}: {entry.error.message}" if entry.error else "not polled"
    reading = entry.reading
    facts = [f"{name} {value}" for name, value in reading.info.items()]
    facts += [f"status {reading.status.current}"] if reading.status else []
    facts += [f"{name} {'on' if enabled else 'off'}" for name, enabled in reading.features.items()]
    facts += [_auto_reload_note(reading.auto_reload)] if reading.auto_reload else []
    facts += [f"unusable fields: {', '.join(reading.mismatches)}"] if reading.mismatches else []
    facts += [
        f"optional request {name} failed, {each.error.reason}: {each.error.message}" for name, each in entry.optional.items() if each.error
    ]
    facts += [] if any(quota.is_measured for quota in reading.quotas) else ["no quota reported"]
    return ", ".join(facts) or "ok"


def _remedies(entry: Entry) -> Iterator[str]:
    """Yield what to do about the failures."""
    for error in (entry.error, *(each.error for each in entry.optional.values())):
        if error:
            yield remedy_of(error.reason, error.cause, is_polled_again=False)


def _unusable(account: AccountSnapshot, inspections: Inspections | None) -> Iterator[str]:
    for each in inspections.mismatches(account.key) if inspections else ():
        yield f"{each.name} is unusable: {each.expression} selects {each.found}"


def _without_effect(account: AccountSnapshot) -> Iterator[str]:
    entry = account.entry
    yield from (f"no effect: {each}" for each in (without_effect(account.job, entry.reading, entry.optional) if entry.reading else ()))


def _auto_reload_note(reload: AutoReload) -> str:
    added = f"{amount(reload.amount)} {reload.unit}" if reload.amount is not None else "credit"
    return f"auto reload adds {added}" + (f" below {amount(reload.threshold)} {reload.unit}" if reload.threshold is not None else "")
