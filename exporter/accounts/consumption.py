"""From consecutive readings of one account to what was consumed and what was replenished: exact arithmetic, pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import isfinite
from typing import Final, NamedTuple

from exporter.model import EXACT, Quota

HOUR: Final = 3600.0
WINDOW: Final = 24 * HOUR
JITTER: Final = 60.0
"""Vendors work out the end of the period anew for every answer: a move that is no longer than this says nothing."""
MIN_READINGS: Final = 3
MAX_IDLE: Final = 32
"""Units come from vendors: one that names another each time must not fill the memory."""

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a book had counted at a moment."""

    at: float
    consumed: Decimal


@dataclass(frozen=True, slots=True)
class Book:
    """What was seen of one resource in one unit. Its own times are on the clock of the polls, `resets_at` is on the vendor's."""

    resource: str
    unit: str
    since: float
    """When it was opened."""
    at: float
    """When the last reading of it ended."""
    consumed: Decimal = _ZERO
    replenished: Decimal = _ZERO
    used: Decimal | None = None
    """This and the next three are the last reading's."""
    remaining: Decimal | None = None
    limit: Decimal | None = None
    resets_at: float | None = None
    readings: int = 0
    """How many in a row had something to compare with the one before."""
    marks: tuple[Mark, ...] = ()
    """The window of `burn`, oldest first and an hour or more apart; only the first may be older than a day."""

    def shifted(self, seconds: float) -> Book:
        """The same on a clock that is so much ahead."""
        marks = tuple(replace(mark, at=mark.at + seconds) for mark in self.marks)
        return replace(self, since=self.since + seconds, at=self.at + seconds, marks=marks)


class Burn(NamedTuple):
    """How fast a resource was consumed."""

    rate: float
    """Units a second."""
    seconds: float
    """The time that it is the average of."""


def balance(books: Iterable[Book], quotas: Sequence[Quota], at: float, wall: float) -> tuple[Book, ...]:
    """Take one reading into the books: `at` is when it ended on the clock of the polls, `wall` the same moment on the vendors'.

    A book whose resource is not told of waits as it is; one whose resource came in another unit forgets its last reading.
    """
    told: dict[tuple[str, str], Quota] = {}
    for quota in quotas:
        if quota.used is not None or quota.remaining is not None:
            told.setdefault((quota.resource, quota.unit), quota)
    resources = {quota.resource for quota in quotas}
    units = {(quota.resource, quota.unit) for quota in quotas}
    kept: dict[tuple[str, str], Book] = {}
    for book in books:
        key = (book.resource, book.unit)
        kept[key] = _forgetful(book) if book.resource in resources and key not in units else book
    for idle in sorted((key for key in kept if key not in told), key=lambda key: kept[key].at)[:-MAX_IDLE]:
        del kept[idle]
    for key, quota in told.items():
        kept[key] = _updated(kept.get(key) or Book(*key, since=at, at=at), quota, at, wall)
    return tuple(kept.values())


def burn(book: Book) -> Burn | None:
    """How fast it went over the last day, as of the last reading; None while three readings in a row do not tell yet."""
    if book.readings < MIN_READINGS or not book.marks:
        return None
    seconds = book.at - book.marks[0].at
    if seconds <= 0:
        return None
    rate = float(EXACT.subtract(book.consumed, book.marks[0].consumed)) / seconds
    return Burn(rate, seconds) if isfinite(rate) else None


def _forgetful(book: Book) -> Book:
    return replace(book, used=None, remaining=None, limit=None, resets_at=None, readings=0, marks=())


def _updated(book: Book, quota: Quota, at: float, wall: float) -> Book:
    consumed = _consumed(book, quota, at, wall)
    if consumed is None:
        book = _forgetful(book)
    else:
        gain = EXACT.add(_gained(book, quota), consumed)
        book = replace(book, consumed=EXACT.add(book.consumed, consumed), replenished=EXACT.add(book.replenished, max(_ZERO, gain)))
    return replace(
        book, since=min(book.since, at), at=at, used=quota.used, remaining=quota.remaining, limit=quota.limit,
        resets_at=quota.resets_at, readings=book.readings + 1, marks=_marks(book, at),
    )  # fmt: skip


def _consumed(book: Book, quota: Quota, at: float, wall: float) -> Decimal | None:
    """What was consumed since the last reading; None where the two have nothing in common."""
    if book.used is not None and quota.used is not None:
        rise = EXACT.subtract(quota.used, book.used)
        if rise >= 0:
            return rise
        # A counter of Prometheus's would take each fall for a reset: a refund of 30 from 500 would be a burn of 470.
        is_reset = EXACT.add(quota.used, quota.used) <= book.used or _is_new_period(book, quota, at, wall)
        return max(_ZERO, quota.used) if is_reset else _ZERO
    if book.remaining is not None and quota.remaining is not None:
        fall = EXACT.subtract(book.remaining, quota.remaining)
        if fall < 0 and quota.limit is not None and quota.limit >= quota.remaining and _is_new_period(book, quota, at, wall):
            return EXACT.subtract(quota.limit, quota.remaining)
        return max(_ZERO, EXACT.add(fall, min(_ZERO, _raise_of_limit(book, quota))))  # a lowered limit takes, but nothing was consumed
    return None


def _gained(book: Book, quota: Quota) -> Decimal:
    """By how much more there is left than at the last reading."""
    if book.remaining is not None and quota.remaining is not None:
        return EXACT.subtract(quota.remaining, book.remaining)
    if book.used is None or quota.used is None:
        return _ZERO
    return EXACT.add(EXACT.subtract(book.used, quota.used), _raise_of_limit(book, quota))


def _raise_of_limit(book: Book, quota: Quota) -> Decimal:
    return _ZERO if book.limit is None or quota.limit is None else EXACT.subtract(quota.limit, book.limit)


def _is_new_period(book: Book, quota: Quota, at: float, wall: float) -> bool:
    """Whether the former period ended since the last reading, or its end moved further than time itself did.

    An end that lies in the past for good, or that is always a day ahead, would else make a reset of every reading.
    """
    if book.resets_at is None:
        return False
    elapsed = max(0.0, at - book.at)
    if wall - elapsed < book.resets_at <= wall:
        return True
    return quota.resets_at is not None and quota.resets_at - book.resets_at > elapsed + JITTER


def _marks(book: Book, at: float) -> tuple[Mark, ...]:
    marks = [mark for mark in book.marks if mark.at <= at]  # a clock that was set back may have left some in the future
    if not marks or at - marks[-1].at >= HOUR:
        marks.append(Mark(at, book.consumed))
    while len(marks) > 1 and marks[1].at <= at - WINDOW:
        del marks[0]
    return tuple(marks)
