"""How much of a resource was consumed when, over the last two weeks: few points, and straight lines between them."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite
from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, PlainSerializer, PlainValidator

from exporter.model import STORED

DAY: Final = 86_400.0
SPAN: Final = 15 * DAY
RECENT: Final = 8 * DAY
"""Older points only show how much was consumed in a day."""
SPACING: Final = 7_200.0
"""Points are at least this far apart, in seconds."""
OLD_SPACING: Final = 3 * SPACING
"""Two older points with another one between them are further apart than this."""
MAX_SPANS: Final = 16


def _read(values: object) -> Sequence[float]:
    if not isinstance(values, list) or not all(isinstance(value, float) and isfinite(value) for value in values):
        raise ValueError("expected a list of finite numbers")
    if any(later < earlier for earlier, later in pairwise(values)):
        raise ValueError("expected ascending numbers")
    return array("d", values) if values else ()


Numbers = Annotated[Sequence[float], PlainValidator(_read), PlainSerializer(list)]
"""Ascending finite numbers: an array in memory, a list in stored JSON."""


@dataclass(frozen=True, slots=True)
class History:
    """The counter of consumption at points in time, oldest first. Both arrays have the same length and never change."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED
    times: Numbers = ()
    amounts: Numbers = ()
    empty: tuple[tuple[float, float], ...] = ()
    """The times during which nothing was left, as start and end: what nobody could consume shows no demand."""

    def __post_init__(self) -> None:
        if len(self.times) != len(self.amounts):
            raise ValueError("expected as many times as amounts")

    def updated(self, at: float, amount: float, *, empty_since: float | None = None) -> History:
        """Return the history after a reading. Points in the future are dropped: the clock was set back.

        `empty_since` is the time of the previous reading if nothing was left then.
        """
        first, last = 0, bisect_right(self.times, at)
        while last - first > 1 and self.times[first + 1] <= at - SPAN:
            first += 1
        is_new = last == first or (amount > self.amounts[last - 1] and at - self.times[last - 1] >= SPACING)
        empty = self._emptied(at, empty_since)
        if not is_new and last - first == len(self.times) and empty == self.empty:
            return self
        kept = [*self._kept(first, last, at - RECENT)]
        new = ((at,), (amount,)) if is_new else ((), ())
        times, amounts = ([each[place] for place in kept] for each in (self.times, self.amounts))
        return History(array("d", (*times, *new[0])), array("d", (*amounts, *new[1])), empty)

    def _kept(self, first: int, last: int, recent: float) -> Iterator[int]:
        """Yield the places of the points to keep: before `recent`, those without which two others would be too far apart."""
        previous = -inf
        for place in range(first, last):
            following = self.times[place + 1] if place + 1 < last else inf
            if self.times[place] > recent or following - previous > OLD_SPACING:
                previous = self.times[place]
                yield place

    def shifted(self, seconds: float) -> History:
        """Return the same with its times moved."""
        empty = tuple((start + seconds, end + seconds) for start, end in self.empty)
        return History(array("d", [at + seconds for at in self.times]), self.amounts, empty)

    def _emptied(self, at: float, since: float | None) -> tuple[tuple[float, float], ...]:
        kept = tuple(each for each in self.empty if at - SPAN < each[1] <= at)
        if since is None or since >= at:
            return kept
        if kept and kept[-1][1] == since:
            return (*kept[:-1], (kept[-1][0], at))
        return (*kept, (since, at))[-MAX_SPANS:]


EMPTY: Final = History()


class Curve:
    """A history up to a moment, as a line: the amount that was consumed until a time, and the time by which an amount was."""

    def __init__(self, history: History, now: float, amount: float) -> None:
        self.now, self.amount = now, amount
        self.begins_at = history.times[0] if history.times else now
        self._times, self._amounts = [*history.times, now], [*history.amounts, amount]

    def amount_at(self, at: float) -> float:
        """Return the amount at a time between the first point and now."""
        after = bisect_right(self._times, at)
        if after in (0, len(self._times)):
            return self._amounts[min(after, len(self._times) - 1)]
        return _between(at, self._times, self._amounts, after)

    def time_of(self, amount: float) -> float:
        """Return the time by which the amount was consumed."""
        after = bisect_left(self._amounts, amount)
        if after in (0, len(self._amounts)):
            return self._times[min(after, len(self._times) - 1)]
        return _between(amount, self._amounts, self._times, after)

    def consumed(self, seconds: float) -> float:
        """Return what was consumed in the last so many seconds."""
        return self.amount - self.amount_at(self.now - seconds)


def _between(x: float, xs: list[float], ys: list[float], after: int) -> float:
    left, right = xs[after - 1], xs[after]
    low, high = ys[after - 1], ys[after]
    return high if right <= left else low + (high - low) * ((x - left) / (right - left))
