"""Accounts for tests, each from one line."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from exporter.accounts.consumption import Consumption
from exporter.accounts.entry import Entry, Failure, Schedule
from exporter.accounts.history import History
from exporter.accounts.snapshot import AccountSnapshot, ConfigState, Snapshot, account_at
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds, Threshold
from exporter.overview.build import account_facts, build_overview
from exporter.overview.facts import AccountFacts, Overview
from tests.support import job_of

NOW = 1_795_000_000.0
DAY = 86_400.0
FRESH_FOR = Seconds(900.0)
KEY = AccountKey("acme", "studio")
NEW = AccountSnapshot(job_of(KEY, stale_after=FRESH_FOR), Entry(), Schedule(), None, None)


def changed(account: AccountSnapshot, **entry: Any) -> AccountSnapshot:
    """The same account with other observations."""
    return account._replace(entry=replace(account.entry, **entry))


def configured(account: AccountSnapshot, **settings: Any) -> AccountSnapshot:
    """The same account with other settings."""
    return account._replace(job=replace(account.job, settings=replace(account.settings, **settings)))


def credits_of(remaining: float | str | None, limit: float | str | None = None, **parts: Any) -> Quota:
    left, granted = (None if value is None else Decimal(value) for value in (remaining, limit))
    return Quota("credits", "credits", left, limit=granted, **parts)


def polled(*quotas: Quota, age: float = 60.0, thresholds: tuple[Threshold, ...] = (), **more: Any) -> AccountSnapshot:
    """An account whose last poll was successful."""
    at = NOW - age
    account = changed(NEW, up=True, polls=1, reading=Reading(quotas), last_poll_at=at, last_success_at=at, **more)
    return configured(account, thresholds=thresholds)


def failed(account: AccountSnapshot = NEW, reason: Reason = Reason.TIMEOUT, message: str = "no luck") -> AccountSnapshot:
    """The same account after a poll that failed just now."""
    entry = account.entry
    error = Failure(reason, message)
    return changed(account, up=False, polls=entry.polls + 1, error=error, failures=entry.failures + 1, last_poll_at=NOW - 1)


def burning(account: AccountSnapshot, rate: float, *, days: float = 2) -> AccountSnapshot:
    """The same account, whose credits were consumed at this rate during the days before the last successful poll."""
    at = account.entry.last_success_at or NOW
    times = [at - number / 4 * days * DAY for number in (4, 3, 2, 1)]
    amounts = [rate * (time - times[0]) for time in times]
    history = History(array("d", times), array("d", amounts)) if rate else History(array("d", times[:1]), array("d", amounts[:1]))
    consumed = Decimal(repr(rate)) * Decimal(days * DAY)
    return changed(account, consumption=(Consumption("credits", "credits", times[0], at, consumed, readings=3, history=history),))


def corrected(account: AccountSnapshot, correction: float) -> AccountSnapshot:
    """The same account after the wall clock was changed by this many seconds."""
    return account._replace(entry=account.entry.shifted(correction), schedule=account.schedule.shifted(correction))


def facts_of(account: AccountSnapshot, now: float = NOW) -> AccountFacts:
    return account_facts(account_at(now, account.job, account.entry, account.schedule), now)


def overview_of(accounts: Iterable[AccountSnapshot], now: float = NOW) -> Overview:
    """The facts about all accounts."""
    jobs, entries, schedules = zip(*((each.job, each.entry, each.schedule) for each in accounts), strict=True) if accounts else ((), (), ())
    return build_overview(Snapshot(now, jobs, entries, schedules, {}, ConfigState(is_valid=True, loaded_at=0.0)), "1.2.3")


def named(account: AccountSnapshot, name: str) -> AccountSnapshot:
    """The same account with another name."""
    return account._replace(job=replace(account.job, key=AccountKey("acme", name)))
