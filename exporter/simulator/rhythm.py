"""Use that looks like that of people: slower than in the demo, much in the evening, little at night and at weekends."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from math import cos, tau
from typing import Any, Final, TypeVar

from exporter.providers.times import Period, period_end
from exporter.simulator.course import Course
from exporter.simulator.usage import DAY, MONTH, Balance, Usage

T = TypeVar("T")

SLOWDOWN: Final = 1_000.0
"""How many seconds it takes to use what the demo uses in a second."""
_WAVES: Final = ((DAY, 0.65, 20 / 24), (DAY / 2, 0.2, 0.9), (7 * DAY, 0.14, 6 / 7))
"""The rhythm as waves: period, height, and the part of the period at which use is highest. Unix time starts on a Thursday."""


def busy_time(since: float, until: float) -> float:
    """Return how many seconds of average use lie between two Unix times."""

    def integral(at: float) -> float:
        return at - sum(height * period / tau * cos(tau * (at / period - peak + 0.25)) for period, height, peak in _WAVES)

    return integral(until) - integral(since)


@dataclass(frozen=True, slots=True)
class PacedBalance(Balance):
    """A balance that is used at this pace."""

    began: float = 0.0
    """Unix time."""

    def left(self, elapsed: float) -> float:
        """Return what is left."""
        return Balance.left(self, busy_time(self.began, self.began + elapsed) / SLOWDOWN)


@dataclass(frozen=True, slots=True)
class PacedUsage(Usage):
    """Usage at this pace. The periods have their true length."""

    began: float = 0.0
    """Unix time."""

    def used(self, elapsed: float) -> float:
        """Return the usage of the current period."""
        is_first = elapsed < self.first_reset
        since = 0.0 if is_first else elapsed - self._phase(elapsed)
        return (self.start if is_first else 0.0) + self.rate * busy_time(self.began + since, self.began + elapsed) / SLOWDOWN


class PacedCourse(Course):
    """A course that uses its share at the pace of people. Its periods stay as they are, for it is as slow as real ones."""

    __slots__ = ()

    def fraction(self, calendar: Period | None, now: float) -> float:
        """Return how much of the use of the period has passed: from 0 to less than 1."""
        passed, end = Course.fraction(self, calendar, now), period_end(calendar, now) if calendar else self.end(now)
        start = end - (end - now) / (1 - passed)
        return busy_time(start, now) / busy_time(start, end)


def paced_course(course: Course) -> Course:
    """Return the course at this pace."""
    return PacedCourse(course.share, course.period, course.offset)


def paced(body: T, began: float) -> T:
    """Return the body of an account with every balance and usage in it at this pace, from a Unix time on."""
    found: Any = body
    if isinstance(found, Balance):
        found = PacedBalance(found.start, found.rate, found.floor, found.top_up, found.dry, began)
    elif isinstance(found, Usage):
        first, period = (min(MONTH, length * SLOWDOWN) for length in (found.first_reset, found.period))
        found = PacedUsage(found.start, found.rate, first, period, began)
    elif is_dataclass(found) and not isinstance(found, type):
        found = replace(found, **{each.name: paced(getattr(found, each.name), began) for each in fields(found)})
    result: T = found
    return result
