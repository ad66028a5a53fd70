"""The samples of one account with given observations."""

from __future__ import annotations

from decimal import Decimal

from exporter.accounts.entry import Entry, Schedule
from exporter.accounts.snapshot import account_at
from exporter.metrics.catalogue import ACCOUNT_FAMILIES, AccountFamily
from exporter.metrics.samples import Sample
from exporter.model import AccountKey, Reading, Seconds, Threshold
from tests.support import job_of

KEY = AccountKey("heygen", "studio")
NOW = 1000.0


def entry_with(reading: Reading | None) -> Entry:
    return Entry(reading, up=True, last_poll_at=NOW, last_success_at=NOW, duration=Seconds(0.5), polls=1)


def samples_of(family: AccountFamily, entry: Entry, now: float = NOW, thresholds: tuple[Threshold, ...] = ()) -> list[Sample]:
    budgets = {("characters", "characters"): Decimal(500), ("spend", "usd"): Decimal("99.5")}
    job = job_of(KEY, stale_after=Seconds(180.0), interval=Seconds(60.0), thresholds=thresholds, budgets=budgets)
    return list(family.samples.of(account_at(now, job, entry, Schedule())))


def shown(entry: Entry, name: str, now: float = NOW, thresholds: tuple[Threshold, ...] = ()) -> list[Sample]:
    [family] = (family for family in ACCOUNT_FAMILIES if family.name == f"ai_account_{name}")
    return samples_of(family, entry, now, thresholds)


def families_of(entry: Entry, now: float = NOW, thresholds: tuple[Threshold, ...] = ()) -> set[str]:
    return {family.name.removeprefix("ai_account_") for family in ACCOUNT_FAMILIES if samples_of(family, entry, now, thresholds)}
