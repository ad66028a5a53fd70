"""What is known now about each account: the only mutable state, made of immutable entries."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from exporter.errors import PollError
from exporter.model import AccountKey, Reading, Reason, Seconds


@dataclass(frozen=True, slots=True)
class Entry:
    """One account at one moment. Times are Unix time; None means that it has not happened."""

    key: AccountKey
    labels: Mapping[str, str]
    stale_after: Seconds
    interval: Seconds
    """The effective one: back-off included."""
    reading: Reading | None = None
    """What the last good poll told, however old."""
    up: bool | None = None
    error: PollError | None = None
    """Why the last poll failed; None when it succeeded."""
    last_poll_at: float | None = None
    last_success_at: float | None = None
    duration: Seconds | None = None
    polls: int = 0
    errors: Mapping[Reason, int] = field(default_factory=dict)
    mismatches: Mapping[str, int] = field(default_factory=dict)

    def fresh_reading(self, now: float) -> Reading | None:
        """The reading, unless it is older than `stale_after`."""
        if self.reading is None or self.last_success_at is None or now - self.last_success_at > self.stale_after:
            return None
        return self.reading


@dataclass(frozen=True, slots=True)
class Durations:
    """How long the polls of one provider took, as a histogram: counts in each bucket, not yet added up."""

    counts: tuple[int, ...]
    total: float = 0.0

    def observed(self, bucket: int, seconds: float) -> Durations:
        """With one more poll."""
        return Durations((*self.counts[:bucket], self.counts[bucket] + 1, *self.counts[bucket + 1 :]), self.total + seconds)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the page shows, at one moment."""

    entries: tuple[Entry, ...]
    durations: Mapping[str, Durations]


class Store:
    """Keeps the latest entry of each account, in the order of the configuration."""

    def __init__(self, entries: Iterable[Entry], buckets: Iterable[float]) -> None:
        """Start with fresh entries; `buckets` are the upper bounds of the histogram of durations, the last one infinite."""
        self._entries = {entry.key: entry for entry in entries}
        self._buckets = tuple(buckets)
        self._durations = {key.provider: Durations((0,) * len(self._buckets)) for key in self._entries}

    def __getitem__(self, key: AccountKey) -> Entry:
        return self._entries[key]

    def snapshot(self) -> Snapshot:
        """A view that later polls do not change."""
        return Snapshot(tuple(self._entries.values()), dict(self._durations))

    def record_success(self, key: AccountKey, reading: Reading, *, at: float, duration: Seconds, interval: Seconds) -> None:
        """Take in a good poll: its reading replaces the former one whole."""
        entry = self._observed(key, at, duration, interval)
        mismatches = dict(entry.mismatches)
        for name in reading.mismatches:
            mismatches[name] = mismatches.get(name, 0) + 1
        self._entries[key] = replace(entry, up=True, error=None, reading=reading, last_success_at=at, mismatches=mismatches)

    def record_failure(self, key: AccountKey, error: PollError, *, at: float, duration: Seconds, interval: Seconds) -> None:
        """Count a failed poll; the last good reading stays."""
        entry = self._observed(key, at, duration, interval)
        errors = {**entry.errors, error.reason: entry.errors.get(error.reason, 0) + 1}
        self._entries[key] = replace(entry, up=False, error=error, errors=errors)

    def _observed(self, key: AccountKey, at: float, duration: Seconds, interval: Seconds) -> Entry:
        bucket = bisect.bisect_left(self._buckets, duration)
        self._durations[key.provider] = self._durations[key.provider].observed(bucket, duration)
        entry = self._entries[key]
        return replace(entry, polls=entry.polls + 1, last_poll_at=at, duration=duration, interval=interval)
