"""What was observed of one account, and when it is polled: immutable values, as the store holds and the state file keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Final

from pydantic import AliasChoices, ConfigDict, Field

from exporter.accounts.consumption import Consumption, without_reading
from exporter.accounts.merging import merged
from exporter.config.job import Job
from exporter.config.settings import Settings
from exporter.errors import Cause, PollError
from exporter.model import STORED, Reading, Reason, Seconds, digest

ROUNDING: Final = 1.0
"""By how many seconds a stored time may lie ahead of the clock: corrections of the wall clock are not exact."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a poll or an optional request failed. The message is for operators."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED
    reason: Reason
    message: str
    cause: Cause | None = None

    @classmethod
    def of(cls, error: PollError) -> Failure:
        """Return the parts of an error that are kept."""
        return cls(error.reason, str(error), error.cause)


@dataclass(frozen=True, slots=True)
class OptionalRequest:
    """What was observed of a request whose failure does not fail the poll."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED
    reading: Reading | None = None
    """What its last valid response reported, even if it is old."""
    last_success_at: float | None = None
    error: Failure | None = None
    """Why its last attempt failed; None when it succeeded."""
    failures: int = 0
    """Failed attempts in a row."""
    failing_since: float | None = None
    """When the first of them failed."""
    next_attempt_at: float | None = None
    """When it may be sent again after a failure."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the last poll of an account began, and when the next one is due."""

    begun_at: float | None = None
    next_poll_at: float | None = None

    def shifted(self, seconds: float) -> Schedule:
        """Return the same with its times moved."""
        return Schedule(_moved(self.begun_at, seconds), _moved(self.next_poll_at, seconds)) if seconds else self


@dataclass(frozen=True, slots=True)
class Entry:
    """What the polls of one account have observed. None means that it has not happened.

    Times are on the clock of the polls (`Clock.now`) in the store, and on the wall clock in a snapshot and in the state file.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STORED
    reading: Reading | None = None
    """What the last successful poll reported, even if it is old."""
    up: bool | None = None
    error: Failure | None = None
    """Why the last poll failed; None when it succeeded."""
    failures: int = 0
    """Failed polls in a row."""
    failing_since: float | None = None
    """When the first of them ended; None if none failed, or if an earlier version stored them."""
    interval: Seconds | None = None
    """The effective interval as of the last poll, back-off included."""
    last_poll_at: float | None = None
    last_success_at: float | None = None
    limited_until: float | None = None
    """The time until which the vendor asked to wait; None if it did not."""
    duration: Seconds | None = None
    polls: int = 0
    errors: Mapping[Reason, int] = field(default_factory=dict)
    mismatches: Mapping[str, int] = field(default_factory=dict)
    consumption: Annotated[tuple[Consumption, ...], Field(validation_alias=AliasChoices("consumption", "books"))] = ()
    """The counters of each resource, even if the reading is old. An earlier version called them `books`."""
    optional: Mapping[str, OptionalRequest] = field(default_factory=dict)
    """The optional requests of the account, by name: the path and the query in the definition."""
    optional_errors: Mapping[Reason, int] = field(default_factory=dict)
    subject: str | None = None
    """What is polled, as `subject_of` identifies it; None if an earlier version stored this."""
    meanings: Mapping[str, str] | None = None
    """How the definition reads each resource, and all values; None if an earlier version stored this."""
    source: str | None = None
    """Where the key is read from, as `source_of` identifies it."""

    def about(self, subject: str, meanings: Mapping[str, str]) -> Entry:
        """Return the same for what is polled now, as the definition reads it now. Values of something else are dropped; what was counted stays.

        Values that the definition read in another way are of no use either: an amount that was corrected from cents is no consumption. A
        resource that the definition no longer has is forgotten.
        """
        if self.subject == subject and self.meanings is meanings:
            return self
        is_other = self.subject not in (None, subject)
        entry = replace(self, subject=subject, meanings=meanings)
        if not is_other and self.meanings in (None, meanings):
            return entry
        former = {} if is_other or self.meanings is None else self.meanings
        same = {resource for resource, meaning in meanings.items() if former.get(resource) == meaning}
        known = [each for each in self.consumption if each.resource in meanings or each.resource not in former]
        entry = replace(
            entry,
            reading=None,
            up=None if self.up else self.up,
            consumption=tuple(each if each.resource in same else without_reading(each) for each in known),
            optional={name: replace(each, reading=None) for name, each in self.optional.items()},
        )
        if not is_other:
            return entry
        return replace(entry.without_failure(), up=None, last_success_at=None, optional={})

    def without_failure(self) -> Entry:
        """Return the same without a failure of the last poll."""
        return replace(self, error=None, failures=0, failing_since=None)

    def fresh_reading(self, now: float, stale_after: Seconds) -> Reading | None:
        """Return the reading unless it is older than `stale_after` or from the future.

        What failed or skipped optional requests reported before fills the gaps for as long as it is fresh itself.
        """
        if self.reading is None or not _is_fresh(self.last_success_at, now, stale_after):
            return None
        older = (
            each.reading
            for each in self.optional.values()
            if each.reading and each.last_success_at != self.last_success_at and _is_fresh(each.last_success_at, now, stale_after)
        )
        return merged(self.reading, older)

    def shifted(self, seconds: float) -> Entry:
        """Return the same with its times moved."""
        if not seconds:
            return self
        return replace(
            self,
            last_poll_at=_moved(self.last_poll_at, seconds),
            last_success_at=_moved(self.last_success_at, seconds),
            failing_since=_moved(self.failing_since, seconds),
            limited_until=_moved(self.limited_until, seconds),
            consumption=tuple(each.shifted(seconds) for each in self.consumption),
            optional={
                name: replace(
                    each,
                    last_success_at=_moved(each.last_success_at, seconds),
                    next_attempt_at=_moved(each.next_attempt_at, seconds),
                    failing_since=_moved(each.failing_since, seconds),
                )
                for name, each in self.optional.items()
            },
        )


@dataclass(frozen=True, slots=True)
class Record:
    """What the state file keeps of one account. Its times are on the wall clock."""

    entry: Entry
    schedule: Schedule = Schedule()

    def continuing(self, earlier: Record) -> Record:
        """Return the same with the histories of an earlier process, which could not be read when this one started."""
        former = earlier.entry.about(self.entry.subject or "", self.entry.meanings or {})
        known = {(each.resource, each.unit): each for each in former.consumption}
        consumption = (
            each.continuing(known[each.resource, each.unit]) if (each.resource, each.unit) in known else each
            for each in self.entry.consumption
        )
        return replace(self, entry=replace(self.entry, consumption=tuple(consumption)))

    def plausible(self, now: float, settings: Settings) -> Record:
        """Return the record without what only a wrong clock can have written: polls in the future, and the waits that they caused.

        When the last poll began stays: the account is polled one interval from now at the latest, and not at once.
        """
        entry, schedule = self.entry, self.schedule
        if _is_future(schedule.begun_at, now) or _is_future(entry.last_poll_at, now) or _is_future(entry.last_success_at, now):
            schedule = replace(schedule, next_poll_at=None)
            entry = replace(entry, last_poll_at=None, limited_until=None, optional={})
        if _is_future(entry.last_success_at, now):
            entry = replace(entry, reading=None, last_success_at=None)
        consumption = tuple(each.without_future(now + ROUNDING) for each in entry.consumption)
        return Record(
            replace(
                entry,
                last_success_at=_at_most(entry.last_success_at, now),
                failing_since=_at_most(entry.failing_since, now),
                limited_until=_at_most(entry.limited_until, now + settings.max_retry_after),
                consumption=consumption,
            ),
            replace(
                schedule,
                next_poll_at=_at_most(schedule.next_poll_at, now + max(settings.max_retry_after, settings.max_backoff, settings.interval)),
            ),
        )


def subject_of(job: Job) -> str:
    """Return a digest of what is polled: another `base_url`, region or param is another account at the vendor. Keys are replaced."""
    url, params = job.settings.base_url, job.settings.params
    return "" if url == job.definition.base_url and not params else digest([url, sorted(params.items())])


def source_of(job: Job) -> str | None:
    """Return a digest of where the key of an account is read from; None for a key in the configuration itself."""
    place = job.secret.env or job.secret.path
    return digest(str(place)) if place else None


def _is_fresh(at: float | None, now: float, stale_after: Seconds) -> bool:
    return at is not None and 0 <= now - at <= stale_after


def _is_future(at: float | None, now: float) -> bool:
    return at is not None and at > now + ROUNDING


def _at_most(at: float | None, latest: float) -> float | None:
    return None if at is None else min(at, latest)


def _moved(at: float | None, seconds: float) -> float | None:
    return None if at is None else at + seconds
