"""What is known about all accounts at one moment, in wall clock time: the input of the metrics, the API and the status page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Final, NamedTuple

from exporter.accounts.entry import Entry, Schedule
from exporter.config.job import Job
from exporter.config.settings import Settings
from exporter.model import AccountKey, Reading, Seconds

MARGIN: Final = 0.001
"""By how many seconds `unchanged_until` is early: a sum of floats is rounded."""


class AccountSnapshot(NamedTuple):
    """One account at the moment of a snapshot."""

    job: Job
    entry: Entry
    schedule: Schedule
    reading: Reading | None
    """The values, unless they are older than `stale_after`."""
    limited_until: float | None
    """The time until which the vendor asked to wait, if it is in the future."""

    @property
    def key(self) -> AccountKey:
        """The provider and the account's name."""
        return self.job.key

    @property
    def settings(self) -> Settings:
        """The configuration of the account."""
        return self.job.settings

    @property
    def interval(self) -> Seconds:
        """The effective interval between polls, back-off included."""
        return self.settings.interval if self.entry.interval is None else self.entry.interval


def account_at(at: float, job: Job, entry: Entry, schedule: Schedule) -> AccountSnapshot:
    """Return the account as it is known at a moment, without the values that are too old then."""
    limited = entry.limited_until if entry.limited_until is not None and entry.limited_until > at else None
    return AccountSnapshot(job, entry, schedule, entry.fresh_reading(at, job.settings.stale_after), limited)


def unchanged_until(account: AccountSnapshot, at: float) -> float:
    """Return until when `account_at` returns the same as at this moment, as long as the account is not polled."""
    entry, stale_after = account.entry, account.settings.stale_after
    read = [entry.last_success_at, *(each.last_success_at for each in entry.optional.values() if each.reading)]
    ends = [time + stale_after for time in read if time is not None and time + stale_after > at - MARGIN]
    starts = [time for time in (*read, entry.limited_until) if time is not None and time > at]
    return max(at, min((*ends, *starts), default=inf) - MARGIN)


@dataclass(frozen=True, slots=True)
class Durations:
    """How long the polls of one provider took, as a histogram: counts per bucket, not cumulative."""

    counts: tuple[int, ...]
    total: float = 0.0

    def observed(self, bucket: int, seconds: float) -> Durations:
        """Return the histogram with one more poll."""
        return Durations((*self.counts[:bucket], self.counts[bucket] + 1, *self.counts[bucket + 1 :]), self.total + seconds)


@dataclass(frozen=True, slots=True)
class ConfigState:
    """Whether the configuration was valid when it was last read, and when the one in effect was read."""

    is_valid: bool
    loaded_at: float


@dataclass(frozen=True, slots=True)
class StateWrites:
    """Whether the state file can be written. Opening it counts as a write."""

    is_successful: bool = True
    """Whether the last write succeeded."""
    errors: int = 0
    """Failed writes since the start."""
    succeeded_at: float | None = None
    """The time of the last successful write."""

    def succeeded(self, at: float) -> StateWrites:
        """Return the same after a successful write."""
        return StateWrites(is_successful=True, errors=self.errors, succeeded_at=at)

    def failed(self) -> StateWrites:
        """Return the same after a failed write."""
        return StateWrites(is_successful=False, errors=self.errors + 1, succeeded_at=self.succeeded_at)


@dataclass(frozen=True)
class Snapshot:
    """Everything that the pages show, at one moment."""

    at: float
    jobs: tuple[Job, ...]
    """In the order of the configuration, as are the next two."""
    entries: tuple[Entry, ...]
    """Their times are on the clock of the polls, as are those of the schedules."""
    schedules: tuple[Schedule, ...]
    durations: Mapping[str, Durations]
    config: ConfigState
    generation: int = 0
    """Rises whenever something changes, except for the times of coming polls."""
    writes: StateWrites | None = None
    """None if no state file is configured."""
    correction: float = 0.0
    """By how many seconds the wall clock is ahead of the clock of the polls."""

    def account(self, number: int) -> AccountSnapshot:
        """Return the account at this place in the configuration, in wall clock time."""
        entry, schedule = self.entries[number].shifted(self.correction), self.schedules[number].shifted(self.correction)
        return account_at(self.at, self.jobs[number], entry, schedule)

    @cached_property
    def accounts(self) -> tuple[AccountSnapshot, ...]:
        """All accounts. They are computed where they are first needed: a page has a thread of its own."""
        return tuple(map(self.account, range(len(self.jobs))))
