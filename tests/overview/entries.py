"""Entries that tests describe in a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from exporter.accounts.consumption import Book, Mark
from exporter.accounts.store import ConfigState, Durations, Entry, Snapshot
from exporter.errors import PollError
from exporter.metrics.collector import BUCKETS
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds
from exporter.overview.facts import AccountFacts, Overview
from exporter.overview.survey import account_facts, survey

NOW = 1_795_000_000.0
DAY = 86_400.0
FRESH_FOR = Seconds(900.0)
NEW = Entry(AccountKey("acme", "studio"), {}, stale_after=FRESH_FOR, interval=Seconds(300.0))


def credits_of(remaining: float | str | None = None, limit: float | str | None = None, **parts: Any) -> Quota:
    """A quota of credits."""
    left, granted = (None if value is None else Decimal(value) for value in (remaining, limit))
    return Quota("credits", "credits", left, limit=granted, **parts)


def polled(*quotas: Quota, age: float = 60.0, **changes: Any) -> Entry:
    """An account whose last poll was good."""
    at = NOW - age
    return replace(NEW, up=True, polls=1, reading=Reading(quotas), last_poll_at=at, last_success_at=at, **changes)


def failed(entry: Entry = NEW, reason: Reason = Reason.TIMEOUT, message: str = "no luck") -> Entry:
    """The same account after a poll that failed just now."""
    error = PollError(reason, message)
    return replace(entry, up=False, polls=entry.polls + 1, error=error, failures=entry.failures + 1, last_poll_at=NOW - 1)


def burning(entry: Entry, rate: float, *, resource: str = "credits", unit: str = "credits") -> Entry:
    """The same account, whose resource went at this rate during the hour before the last good poll."""
    at = entry.last_success_at or NOW
    consumed = Decimal(repr(rate)) * 3600
    book = Book(resource, unit, since=at - 3600, at=at, consumed=consumed, readings=3, marks=(Mark(at - 3600, Decimal(0)),))
    return replace(entry, books=(book,))


def facts_of(entry: Entry, now: float = NOW, correction: float = 0.0) -> AccountFacts:
    """What is told of one account."""
    return account_facts(entry, now, correction)


def overview_of(entries: Iterable[Entry], now: float = NOW, correction: float = 0.0) -> Overview:
    """What is told of all."""
    durations = {"acme": Durations((0,) * len(BUCKETS))}
    return survey(Snapshot(tuple(entries), durations, ConfigState(is_right=True, in_force_since=0.0)), now, correction, "1.2.3")


def named(entry: Entry, name: str) -> Entry:
    """The same under another name."""
    return replace(entry, key=AccountKey(entry.key.provider, name))
