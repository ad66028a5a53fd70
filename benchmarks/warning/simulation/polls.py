"""One exporter over its accounts: the exporter's own store, counters, back-off and adaptive interval, on a clock that this module sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.warning.grid import STEP, Ints, Series, steps_of
from benchmarks.warning.simulation.account import Account
from benchmarks.warning.simulation.history import History
from benchmarks.warning.simulation.outages import Downtime
from benchmarks.warning.simulation.samples import Columns, exporter_series
from benchmarks.warning.simulation.vendor import Vendor
from exporter.accounts.entry import Record, Schedule
from exporter.accounts.records import decode, encode
from exporter.accounts.store import Store
from exporter.clock import Clock
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.metrics.collector import BUCKETS
from exporter.model import AccountKey, Reason, Seconds
from exporter.polling.adaptive import adaptive_interval
from exporter.polling.intervals import backed_off, first_due
from exporter.providers.library import load_definitions
from tools.docs.jobs import jobs_of

DURATION = Seconds(0.25)


class SetClock(Clock):
    """A clock that shows the time that it was set to."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.at = 0.0
        super().__init__(wall=lambda: self.at, monotonic=lambda: self.at, random=rng.random)


@dataclass
class Polled:
    """One account of an exporter, and when it is polled next."""

    account: Account
    job: Job
    vendor: Vendor
    failing: dict[int, Reason]
    columns: Columns
    due: float
    seen: Ints
    """At each step, the step of the vendor's figures that the last good poll returned; -1 before."""
    last: int = field(default=-1)


class Exporter:
    """Polls its accounts and is scraped."""

    def __init__(
        self, instance: str, down: Downtime, accounts: Sequence[tuple[Account, History]], days: int, rng: np.random.Generator
    ) -> None:
        self._instance, self._down, self._steps = instance, down, steps_of(days)
        self._clock = SetClock(rng)
        self.accounts = [self._polled(account, history) for account, history in accounts]
        self._jobs = [polled.job for polled in self.accounts]
        self._store = Store(self._jobs, BUCKETS, self._clock)

    def run(self) -> Series:
        """Poll and scrape to the last step, and return the series."""
        for step in range(self._steps):
            if step not in self._down.steps:
                if step - 1 in self._down.steps:
                    self._restart(step)
                self._scrape(step)
            for polled in self.accounts:
                polled.seen[step] = polled.last
        series = exporter_series(self._steps, self._down.steps, self._instance)
        for polled in self.accounts:
            series |= polled.columns.series()
        return series

    def _polled(self, account: Account, history: History) -> Polled:
        job = job_of(account)
        base = (("account", account.name), ("instance", self._instance), ("job", "ai"), ("provider", account.provider))
        failing = {step: outage.reason for outage in account.outages for step in range(outage.first, outage.end)}
        due = self._clock.random() * min(job.settings.interval, STEP - 5)
        seen = np.full(self._steps, -1)
        return Polled(account, job, Vendor(account, history), failing, Columns(self._steps, base), due, seen)

    def _scrape(self, step: int) -> None:
        now = float(step * STEP)
        for polled in self.accounts:
            while polled.due <= now:
                self._poll(polled, polled.due)
        self._clock.at = now
        for polled, account in zip(self.accounts, self._store.snapshot().accounts, strict=True):
            polled.columns.scrape(step, account)

    def _poll(self, polled: Polled, at: float) -> None:
        """Do what `exporter.polling.scheduler` does for one poll."""
        self._clock.at, store, job, step = at, self._store, polled.job, int(at // STEP)
        before, settings = store[job.key], job.settings
        reason = polled.failing.get(step) or (Reason.QUOTA_EXHAUSTED if polled.vendor.refuses(step) else None)
        if reason:
            interval = backed_off(settings.interval, before.failures + 1, settings.max_backoff, self._clock.random())
            store.record_failure(job.key, PollError(reason, "simulated"), at=at, duration=DURATION, interval=interval)
        else:
            polled.last = polled.vendor.updated_at(step)
            reading = polled.vendor.reading(polled.last)
            interval = adaptive_interval(settings, reading, before, at, at)
            store.record_success(job.key, reading, at=at, duration=DURATION, interval=interval)
        polled.due = at + interval
        store.set_schedule(job.key, Schedule(at, polled.due))

    def _restart(self, step: int) -> None:
        """Start again: with the state as the state file keeps it, or with nothing."""
        self._clock.at = float((step - 1) * STEP)
        kept = dict(_stored(self._store, self._jobs)) if self._down.keeps_state else {}
        self._store = Store(self._jobs, BUCKETS, self._clock, kept)
        for polled in self.accounts:
            key = polled.job.key
            polled.due = first_due(polled.job, self._store[key], self._store.schedule(key), len(self._jobs), self._clock)


def job_of(account: Account) -> Job:
    """Return the account's job, from a configuration as an operator writes it."""
    spec, settings = account.spec, {"thresholds": account.thresholds} if account.thresholds else {}
    if spec.min_interval:
        settings["min_interval"] = spec.min_interval  # type: ignore[assignment]  # a block of YAML
    [job] = jobs_of(_DEFINITIONS, {"provider": account.provider, "name": account.name, "interval": spec.interval, **settings})
    return job


def _stored(store: Store, jobs: Iterable[Job]) -> Iterable[tuple[AccountKey, Record]]:
    """Return what the state file returns after a restart."""
    for job in jobs:
        record = store.record(job.key)
        schedule, text = record.schedule, encode(record.entry).encode()
        found = decode(job.key.provider.encode(), job.key.account.encode(), schedule.begun_at, schedule.next_poll_at, text)
        if found:
            yield found


_DEFINITIONS = load_definitions()
