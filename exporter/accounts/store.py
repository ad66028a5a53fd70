"""What is known about each account now: the only mutable state, made of immutable values."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeVar

from exporter.accounts.consumption import update_consumption
from exporter.accounts.entry import Entry, Failure, OptionalRequest, Record, Schedule, source_of, subject_of
from exporter.accounts.snapshot import ConfigState, Durations, Snapshot, StateWrites
from exporter.clock import Clock
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import AccountKey, Reading, Seconds

T = TypeVar("T", bound=str)
V = TypeVar("V")

ANOTHER: Final = "another account"
"""The subject of what belongs to another account now. No digest is like it."""
NOTHING: Final[Mapping[AccountKey, Record]] = MappingProxyType({})


class Store:
    """Holds the latest entry and the schedule of each account, in the order of the configuration."""

    def __init__(
        self,
        jobs: Iterable[Job],
        buckets: Iterable[float],
        clock: Clock,
        kept: Mapping[AccountKey, Record] = NOTHING,
        writes: Callable[[], StateWrites | None] = lambda: None,
    ) -> None:
        """Start with these accounts and what was kept of them.

        `buckets` are the upper bounds of the histogram of durations; the last one is infinite. `writes` returns whether the state file can
        be written.
        """
        self._writes = writes
        self._buckets = tuple(buckets)
        self._clock = clock
        self._jobs: dict[AccountKey, Job] = {}
        now, jobs = clock.now(), tuple(jobs)
        known = {**kept, **{job.key: kept[job.key].plausible(now, job.settings) for job in jobs if job.key in kept}}
        self._entries = {key: record.entry for key, record in known.items()}
        self._schedules = {key: record.schedule for key, record in known.items()}
        self._removed: dict[AccountKey, tuple[Schedule, float | None]] = {}
        """Schedule and `limited_until` of accounts that were removed before their next poll: if they come back, they wait for it."""
        self._durations: dict[str, Durations] = {}
        self._config = ConfigState(is_valid=True, loaded_at=now)
        self._invalid: set[str] = set()
        """The configurations that were invalid when they were last read."""
        self._generation = 0
        self.configure(jobs)

    def __getitem__(self, key: AccountKey) -> Entry:
        return self._entries[key]

    def schedule(self, key: AccountKey) -> Schedule:
        """Return when the account was last polled, and when it is polled next."""
        return self._schedules[key]

    def snapshot(self, keys: Iterable[AccountKey] | None = None) -> Snapshot:
        """Return what is known now of these accounts, by default of all. Later polls do not change it."""
        correction = self._clock.correction()
        keys = None if keys is None else tuple(keys)
        return Snapshot(
            self._clock.now() + correction,
            _of(keys, self._jobs),
            _of(keys, self._entries),
            _of(keys, self._schedules),
            dict(self._durations),
            replace(self._config, loaded_at=self._config.loaded_at + correction),
            self._generation,
            self._state_writes(correction),
            correction,
        )

    def _state_writes(self, correction: float) -> StateWrites | None:
        writes = self._writes()
        return replace(writes, succeeded_at=writes.succeeded_at + correction) if writes and writes.succeeded_at is not None else writes

    def record(self, key: AccountKey) -> Record:
        """Return what the state file keeps of the account."""
        correction = self._clock.correction()
        return Record(self._entries[key].shifted(correction), self._schedules[key].shifted(correction))

    def configure(self, jobs: Iterable[Job]) -> None:
        """Put a configuration into effect: accounts that stay keep their data, the others disappear immediately."""
        former, self._jobs = self._jobs, {job.key: job for job in jobs}
        now = self._clock.now()
        removed = self._removed | {key: (self._schedules[key], self._entries[key].limited_until) for key in former}
        self._removed = {key: kept for key, kept in removed.items() if key not in self._jobs and (kept[0].next_poll_at or now) > now}
        owners = Counter((key.provider, entry.subject, entry.source) for key, entry in self._entries.items())
        self._entries = {key: self._configured(job, removed.get(key), owners) for key, job in self._jobs.items()}
        self._schedules = {key: self._schedules.get(key) or removed.get(key, (Schedule(),))[0] for key in self._jobs}
        fresh = Durations((0,) * len(self._buckets))
        self._durations = {key.provider: self._durations.get(key.provider, fresh) for key in self._jobs}
        self.accept_config()

    def refuse_config(self, subject: str = "config") -> None:
        """Note that the configuration of this subject is invalid; the previous one stays in effect."""
        self._invalid.add(subject)
        self._config = replace(self._config, is_valid=False)
        self._generation += 1

    def accept_config(self, subject: str = "config") -> None:
        """Note that the configuration of this subject is valid and in effect."""
        self._invalid.discard(subject)
        self._config = ConfigState(is_valid=not self._invalid, loaded_at=self._clock.now())
        self._generation += 1

    def set_schedule(self, key: AccountKey, schedule: Schedule) -> None:
        """Note when the last poll began and when the next one is due. Pages that are already rendered stay valid."""
        self._schedules[key] = schedule

    def record_success(
        self,
        key: AccountKey,
        reading: Reading,
        *,
        at: float,
        duration: Seconds,
        interval: Seconds,
        optional: Mapping[str, OptionalRequest] | None = None,
    ) -> None:
        """Note a successful poll: its reading replaces the previous one. `optional` are the optional requests after it."""
        entry = self._observe(key, duration)
        optional = entry.optional if optional is None else optional
        failed = [each.error.reason for name, each in optional.items() if each.error and each is not entry.optional.get(name)]
        self._entries[key] = replace(
            entry.without_failure(),
            reading=reading,
            up=True,
            interval=interval,
            last_poll_at=at,
            last_success_at=at,
            limited_until=None,
            duration=duration,
            polls=entry.polls + 1,
            mismatches=_counted(entry.mismatches, reading.mismatches),
            consumption=update_consumption(entry.consumption, reading.quotas, at, at + self._clock.correction()),
            optional=optional,
            optional_errors=_counted(entry.optional_errors, failed),
        )

    def record_failure(
        self, key: AccountKey, error: PollError, *, at: float, duration: Seconds, interval: Seconds, limited_until: float | None = None
    ) -> None:
        """Note a failed poll; the last good reading stays."""
        entry = self._observe(key, duration)
        self._entries[key] = replace(
            entry,
            up=False,
            error=Failure.of(error),
            failures=entry.failures + 1,
            failing_since=entry.failing_since if entry.failures else at,
            interval=interval,
            last_poll_at=at,
            limited_until=limited_until,
            duration=duration,
            polls=entry.polls + 1,
            errors=_counted(entry.errors, [error.reason]),
        )

    def _configured(
        self, job: Job, removed: tuple[Schedule, float | None] | None, owners: Counter[tuple[str, str | None, str | None]]
    ) -> Entry:
        """Return what is known of the account, with exactly the optional requests that it has now.

        `owners` counts the accounts of each provider, subject and source of the key until now. An account that took over another's key is that one
        at its vendor, and one that shared another's key was that one.
        """
        subject, meanings, source = subject_of(job), job.definition.meanings[job.credential], source_of(job)
        known = self._entries.get(job.key) or Entry(limited_until=removed[1] if removed else None)
        is_moved = source and known.source not in (None, source)
        if is_moved and (owners[job.key.provider, subject, source] or owners[job.key.provider, known.subject, known.source] > 1):
            known = replace(known, subject=ANOTHER)
        entry = known.about(subject, meanings)
        if entry.source != source:
            entry = replace(entry, source=source)
        names = [request.name for request in job.requests if request.optional]
        if list(entry.optional) == names:
            return entry
        return replace(entry, optional={name: entry.optional.get(name, OptionalRequest()) for name in names})

    def _observe(self, key: AccountKey, duration: Seconds) -> Entry:
        """Note how long a poll took; returns what was known before it."""
        self._generation += 1
        bucket = bisect.bisect_left(self._buckets, duration)
        self._durations[key.provider] = self._durations[key.provider].observed(bucket, duration)
        return self._entries[key]


def _of(keys: Iterable[AccountKey] | None, values: Mapping[AccountKey, V]) -> tuple[V, ...]:
    """Return the values of these accounts, by default of all: looking up thousands of them takes milliseconds."""
    return tuple(values.values() if keys is None else map(values.__getitem__, keys))


def _counted(counts: Mapping[T, int], seen: Sequence[T]) -> Mapping[T, int]:
    """Return the counts with each of the names counted once more."""
    if not seen:
        return counts
    counted = dict(counts)
    for name in seen:
        counted[name] = counted.get(name, 0) + 1
    return counted
