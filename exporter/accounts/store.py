"""What is known now about each account: the only mutable state, made of immutable entries."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from exporter.accounts.consumption import Book, balance
from exporter.errors import PollError
from exporter.model import AccountKey, Reading, Reason, Seconds, Threshold


@dataclass(frozen=True, slots=True)
class Entry:
    """One account at one moment. Times are Unix time as `Clock.now` tells it; None means that it has not happened."""

    key: AccountKey
    labels: Mapping[str, str]
    stale_after: Seconds
    interval: Seconds
    """The effective one: back-off and the vendor's own wishes included."""
    reading: Reading | None = None
    """What the last good poll told, however old."""
    up: bool | None = None
    error: PollError | None = None
    """Why the last poll failed; None when it succeeded."""
    failures: int = 0
    """Failed polls in a row."""
    begun_at: float | None = None
    """When the last poll started; the others are when one ended."""
    last_poll_at: float | None = None
    last_success_at: float | None = None
    next_poll_at: float | None = None
    """When the next poll is due."""
    limited_until: float | None = None
    """Until when the vendor told us to wait; None when it did not."""
    duration: Seconds | None = None
    polls: int = 0
    errors: Mapping[Reason, int] = field(default_factory=dict)
    mismatches: Mapping[str, int] = field(default_factory=dict)
    books: tuple[Book, ...] = ()
    """What was seen to be consumed and replenished, however old the reading."""
    thresholds: tuple[Threshold, ...] = ()

    def fresh_reading(self, now: float) -> Reading | None:
        """The reading, unless it is older than `stale_after`."""
        if self.reading is None or self.last_success_at is None or now - self.last_success_at > self.stale_after:
            return None
        return self.reading

    def shifted(self, seconds: float) -> Entry:
        """The same on a clock that is so much ahead."""
        names = ("begun_at", "last_poll_at", "last_success_at", "next_poll_at", "limited_until")
        times = {name: at + seconds for name in names if (at := getattr(self, name)) is not None}
        return replace(self, **times, books=tuple(book.shifted(seconds) for book in self.books)) if seconds else self


@dataclass(frozen=True, slots=True)
class Durations:
    """How long the polls of one provider took, as a histogram: counts in each bucket, not yet added up."""

    counts: tuple[int, ...]
    total: float = 0.0

    def observed(self, bucket: int, seconds: float) -> Durations:
        """With one more poll."""
        return Durations((*self.counts[:bucket], self.counts[bucket] + 1, *self.counts[bucket + 1 :]), self.total + seconds)


@dataclass(frozen=True, slots=True)
class ConfigState:
    """Whether the configuration was right when it was last read, and since when the one in force is."""

    is_right: bool
    in_force_since: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the page shows, at one moment."""

    entries: tuple[Entry, ...]
    durations: Mapping[str, Durations]
    config: ConfigState
    generation: int = 0
    """Rises whenever something of this changes but the times of polls to come."""


class Store:
    """Keeps the latest entry of each account, in the order of the configuration."""

    def __init__(self, entries: Iterable[Entry], buckets: Iterable[float], started: float = 0.0) -> None:
        """Start with these entries; `buckets` are the upper bounds of the histogram of durations, the last one infinite."""
        self._buckets = tuple(buckets)
        self._entries: dict[AccountKey, Entry] = {}
        self._gone: dict[AccountKey, Entry] = {}
        """Accounts that were removed before their next poll was due: if they come back, they are not asked sooner."""
        self._durations: dict[str, Durations] = {}
        self._config = ConfigState(is_right=True, in_force_since=started)
        self._refused: set[str] = set()
        """The configurations that were wrong when they were last read."""
        self._generation = 0
        self.configure(entries, started)

    def __getitem__(self, key: AccountKey) -> Entry:
        return self._entries[key]

    def snapshot(self) -> Snapshot:
        """A view that later polls do not change."""
        return Snapshot(tuple(self._entries.values()), dict(self._durations), self._config, self._generation)

    def configure(self, entries: Iterable[Entry], at: float) -> None:
        """Take over a configuration: accounts that stay keep what is known of them, the others vanish at once."""
        wanted = {entry.key: entry for entry in entries}
        former = self._entries
        self._entries = {key: self._kept(entry) for key, entry in wanted.items()}
        gone = {key: entry for key, entry in (self._gone | former).items() if key not in wanted}
        self._gone = {key: entry for key, entry in gone.items() if (entry.next_poll_at or at) > at}
        fresh = Durations((0,) * len(self._buckets))
        self._durations = {key.provider: self._durations.get(key.provider, fresh) for key in wanted}
        self.accept_config(at)

    def refuse_config(self, subject: str = "config") -> None:
        """Note that the configuration of this subject is wrong; the old one goes on."""
        self._refused.add(subject)
        self._config = replace(self._config, is_right=False)
        self._generation += 1

    def accept_config(self, at: float, subject: str = "config") -> None:
        """Note that the configuration of this subject is right and in force."""
        self._refused.discard(subject)
        self._config = ConfigState(is_right=not self._refused, in_force_since=at)
        self._generation += 1

    def _kept(self, entry: Entry) -> Entry:
        if known := self._entries.get(entry.key):
            return replace(known, labels=entry.labels, stale_after=entry.stale_after, thresholds=entry.thresholds)
        if gone := self._gone.get(entry.key):
            return replace(entry, begun_at=gone.begun_at, next_poll_at=gone.next_poll_at, limited_until=gone.limited_until)
        return entry

    def record_success(
        self, key: AccountKey, reading: Reading, *, at: float, duration: Seconds, interval: Seconds, correction: float = 0.0
    ) -> None:
        """Take in a good poll: its reading replaces the former one whole. `correction` is what the wall clock was set by since."""
        entry = self._observed(key, at, duration, interval)
        mismatches = dict(entry.mismatches)
        for name in reading.mismatches:
            mismatches[name] = mismatches.get(name, 0) + 1
        self._entries[key] = replace(
            entry,
            up=True,
            error=None,
            failures=0,
            reading=reading,
            last_success_at=at,
            limited_until=None,
            mismatches=mismatches,
            books=balance(entry.books, reading.quotas, at, at + correction),
        )

    def record_failure(
        self,
        key: AccountKey,
        error: PollError,
        *,
        at: float,
        duration: Seconds,
        interval: Seconds,
        limited_until: float | None = None,
    ) -> None:
        """Count a failed poll; the last good reading stays."""
        entry = self._observed(key, at, duration, interval)
        errors = {**entry.errors, error.reason: entry.errors.get(error.reason, 0) + 1}
        self._entries[key] = replace(entry, up=False, error=error, failures=entry.failures + 1, limited_until=limited_until, errors=errors)

    def begin(self, key: AccountKey, at: float, next_poll_at: float) -> None:
        """Note that a poll starts, and when the next one is due if this one never ends."""
        self._entries[key] = replace(self._entries[key], begun_at=at, next_poll_at=next_poll_at)

    def plan(self, key: AccountKey, at: float) -> None:
        """Note when the next poll is due."""
        self._entries[key] = replace(self._entries[key], next_poll_at=at)

    def _observed(self, key: AccountKey, at: float, duration: Seconds, interval: Seconds) -> Entry:
        self._generation += 1
        bucket = bisect.bisect_left(self._buckets, duration)
        self._durations[key.provider] = self._durations[key.provider].observed(bucket, duration)
        entry = self._entries[key]
        return replace(entry, polls=entry.polls + 1, last_poll_at=at, duration=duration, interval=interval)
