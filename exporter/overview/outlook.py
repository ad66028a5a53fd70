"""What is computed from a reading and its history, once for each poll: burn, forecast and thresholds. Forecasts take time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from exporter.accounts.consumption import Burn, Consumption, burn
from exporter.accounts.entry import Entry
from exporter.accounts.forecast import Forecast, forecast
from exporter.accounts.snapshot import AccountSnapshot, Snapshot
from exporter.accounts.thresholds import floors_of
from exporter.config.job import Job
from exporter.model import AccountKey, Quota, Reading


class Outlook(NamedTuple):
    """What is computed about one resource. Its times are on the wall clock."""

    burn: Burn | None
    end: Forecast | None
    floors: Mapping[str, Decimal]
    """The operator's thresholds by severity."""
    budget: Decimal | None
    was_granted: bool


class _Known(NamedTuple):
    job: Job
    entry: Entry
    reading: Reading | None
    outlooks: tuple[Outlook, ...]


class Outlooks:
    """Keeps what was computed for the accounts of one snapshot, and reuses it for accounts that were not polled since then."""

    def __init__(self) -> None:
        self._known: dict[AccountKey, _Known] = {}
        self._correction = 0.0

    def of(self, snapshot: Snapshot) -> Iterator[tuple[AccountSnapshot, tuple[Outlook, ...]]]:
        """Yield all accounts with the outlooks of their resources."""
        former = self._known if snapshot.correction == self._correction else {}
        self._known, self._correction = {}, snapshot.correction
        for account, entry in zip(snapshot.accounts, snapshot.entries, strict=True):
            known = former.get(account.key)
            is_same = known and known.job is account.job and known.entry is entry and known.reading == account.reading
            outlooks = known.outlooks if known and is_same else tuple(outlooks_of(account))
            self._known[account.key] = _Known(account.job, entry, account.reading, outlooks)
            yield account, outlooks


def outlooks_of(account: AccountSnapshot) -> Iterator[Outlook]:
    """Yield the outlook of each resource of the reading."""
    entry, reading, settings = account.entry, account.reading, account.settings
    if reading is None:
        return
    # Counters that the last reading did not update are older than it, and so is their burn.
    updated = {(each.resource, each.unit): each for each in entry.consumption if each.at == entry.last_success_at}
    for quota in reading.quotas:
        key = quota.resource, quota.unit
        consumption, budget = updated.get(key), settings.budgets.get(key)
        rate, end = (burn(consumption), forecast(consumption, quota, reading, budget)) if consumption else (None, None)
        granted = _was_granted(quota, consumption, is_alone=len(reading.quotas) == 1)
        yield Outlook(rate, end, floors_of(quota, settings.thresholds), budget, granted)


def _was_granted(quota: Quota, consumption: Consumption | None, *, is_alone: bool) -> bool:
    """Whether the account ever had any of it. A resource that was always 0, next to other resources, was never bought."""
    if is_alone or quota.remaining != 0 or quota.limit:
        return True
    return consumption is not None and (consumption.consumed > 0 or consumption.replenished > 0)
