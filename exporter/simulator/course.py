"""How fast the amounts of a simulated account move."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.providers.times import Period, format_time, period_end
from exporter.simulator.usage import DAY, MONTH


@dataclass(frozen=True, slots=True)
class Course:
    """In each period an account uses a part of what it has. The calendar decides instead where the definition says so."""

    share: float = 0.9
    """The part that is used when the period ends. Then the usage starts again from zero, and a balance is topped up."""
    period: float = MONTH
    """Seconds."""
    offset: float = 0.0
    """Seconds by which the periods are later than multiples of `period` in Unix time."""

    def fraction(self, calendar: Period | None, now: float) -> float:
        """Return how much of the period has passed: from 0 to less than 1."""
        end = period_end(calendar, now) if calendar else self.end(now)
        lengths = {None: self.period, "day": DAY, "week": 7 * DAY}
        length = end - float(format_time("month_start:unix", now)) if calendar == "month" else lengths[calendar]
        return max(0.0, 1 - (end - now) / length)

    def end(self, now: float) -> float:
        """Return when the period ends, as Unix time."""
        return self.offset + ((now - self.offset) // self.period + 1) * self.period
