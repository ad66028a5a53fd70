"""What is known of accounts, as a table for people and as plain data for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.config.duration import format_duration
from exporter.model import Quota, Reading
from exporter.store import Entry

_WIDE = 160
_COLUMNS = ("provider", "account", "resource", "left", "used", "of", "unit", "resets", "note")
_NUMBERS = frozenset({"left", "used", "of"})


def print_table(entries: Iterable[Entry], now: float, console: Console | None = None) -> None:
    """Print one row a resource; a failing account has one row that says why. Text of vendors is shown as text, never as markup."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column, justify="right" if column in _NUMBERS else "left", overflow="fold", no_wrap=column in _NUMBERS)
    for entry in entries:
        for row in _rows(entry, now):
            table.add_row(*(Text(cell, style="bold red" if entry.error else "") for cell in row))
        table.add_section()
    console = console or Console()
    if not console.is_terminal:
        console.width = _WIDE  # a file or a pipe has no edge to fold at
    console.print(table)


def to_plain(entry: Entry) -> dict[str, Any]:
    """One account as data for JSON; what is unknown is left out."""
    plain: dict[str, Any] = {"provider": entry.key.provider, "account": entry.key.account, "labels": dict(entry.labels), "up": entry.up}
    if entry.error:
        plain["error"] = {"reason": str(entry.error.reason), "message": str(entry.error)}
    return plain | (_plain_reading(entry.reading) if entry.reading else {})


def amount(value: Decimal | None) -> str:
    """Write a number with thousands separators, as exactly as the vendor sent it; nothing where there is none."""
    if value is None:
        return ""
    return f"{value:,f}" if abs(value.adjusted()) < 20 else f"{float(value):g}"


def _rows(entry: Entry, now: float) -> Iterator[tuple[str, ...]]:
    names = (entry.key.provider, entry.key.account)
    if entry.error or entry.reading is None:
        yield (*names, *[""] * 6, f"{entry.error.reason}: {entry.error}" if entry.error else "not polled")
        return
    note = _account_note(entry.reading)
    if not entry.reading.quotas:
        yield (*names, *[""] * 6, note or "the vendor told no amount")
    for quota in entry.reading.quotas:
        amounts = (amount(quota.remaining), amount(quota.used), amount(quota.limit))
        yield (
            *names,
            quota.resource,
            *amounts,
            quota.unit,
            _when(quota.resets_at, now),
            "; ".join(filter(None, (_quota_note(quota), note))),
        )
        names, note = ("", ""), ""


def _when(at: float | None, now: float) -> str:
    if at is None:
        return ""
    date = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    distance = format_duration(round(abs(at - now) / 60) * 60) if abs(at - now) < 86_400 else f"{abs(at - now) / 86_400:.0f}d"
    return f"{date} ({'in ' if at >= now else ''}{distance}{'' if at >= now else ' ago'})"


def _quota_note(quota: Quota) -> str:
    if quota.unlimited:
        return "no limit"
    return f"may exceed by {amount(quota.overage_limit)}" if quota.overage_limit else ""


def _account_note(reading: Reading) -> str:
    facts = [f"{name} {value}" for name, value in reading.info.items() if name != "workspace"]
    facts += [f"status {reading.status.current}"] if reading.status else []
    facts += [f"unusable: {', '.join(reading.mismatches)}"] if reading.mismatches else []
    return ", ".join(facts)


def _plain_reading(reading: Reading) -> dict[str, Any]:
    reload = reading.auto_reload
    plain = {
        "quotas": [_plain_quota(quota) for quota in reading.quotas],
        "info": dict(reading.info),
        "status": reading.status.current if reading.status else None,
        "features": dict(reading.features),
        "auto_reload": {name: _plain_number(getattr(reload, name)) for name in ("threshold", "amount")} | {"unit": reload.unit}
        if reload
        else None,
        "created_at": reading.created_at,
        "mismatches": list(reading.mismatches),
    }
    return {name: value for name, value in plain.items() if value is not None}


def _plain_quota(quota: Quota) -> dict[str, Any]:
    parts = {name: _plain_number(getattr(quota, name)) for name in ("remaining", "used", "limit", "overage_limit")}
    facts = {"resource": quota.resource, "unit": quota.unit, **parts, "unlimited": quota.unlimited or None, "resets_at": quota.resets_at}
    return {name: value for name, value in facts.items() if value is not None}


def _plain_number(value: Decimal | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
