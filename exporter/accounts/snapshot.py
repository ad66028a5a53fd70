"""What is known about all accounts at one moment, in wall clock time: the input of the metrics, the API and the status page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from exporter.accounts.entry import Entry, Schedule
from exporter.config.job import Job
from exporter.config.settings import Settings
from exporter.model import AccountKey, Reading, Seconds


class Account(NamedTuple):
    """One account at the moment of a snapshot."""

    job: Job
    entry: Entry
    schedule: Schedule
    reading: Reading | None
    """The figures, unless they are older than `stale_after`."""
    limited_until: float | None
    """Until when the vendor asked to wait, while that is in the future."""

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


def account_at(at: float, job: Job, entry: Entry, schedule: Schedule) -> Account:
    """Return the account as it is known at a moment, without the figures that are too old then."""
    limited = entry.limited_until if entry.limited_until is not None and entry.limited_until > at else None
    return Account(job, entry, schedule, entry.fresh_reading(at, job.settings.stale_after), limited)


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


@dataclass(frozen=True)
class Snapshot:
    """Everything that the pages show, at one moment."""

    at: float
    jobs: tuple[Job, ...]
    entries: tuple[Entry, ...]
    schedules: tuple[Schedule, ...]
    durations: Mapping[str, Durations]
    config: ConfigState
    generation: int = 0
    """Rises whenever something changes, except for the times of coming polls."""

    @cached_property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts in the order of the configuration. They are computed where they are first needed: a page has a thread of its own."""
        parts = zip(self.jobs, self.entries, self.schedules, strict=True)
        return tuple(account_at(self.at, job, entry, schedule) for job, entry, schedule in parts)
