"""Steady consumption, top-ups and periods, as pure functions of time."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

DAY = 86_400.0
MONTH = 30 * DAY


@dataclass(frozen=True, slots=True)
class Stock:
    """Something that falls at a steady rate, down to a floor at which it may be topped up."""

    start: float
    rate: float
    """Consumption a second."""
    floor: float = 0.0
    top_up: float = 0.0
    """What is added at the floor; 0 where nothing ever is."""
    dry: float = 0.0
    """Seconds spent at the floor before the top-up comes."""

    def left(self, elapsed: float) -> float:
        """What is left, never below the floor and never above the start or a full top-up."""
        spare = self.start - self.floor
        if spare > self.rate * elapsed:
            return self.start - self.rate * elapsed
        if not self.top_up or not self.rate:
            return self.floor
        phase = (elapsed - spare / self.rate) % (self.dry + self.top_up / self.rate)
        if phase < self.dry:
            return self.floor
        return max(self.floor, self.floor + self.top_up - self.rate * (phase - self.dry))


@dataclass(frozen=True, slots=True)
class Usage:
    """Something that is counted from zero in each period."""

    start: float
    rate: float
    """Consumption a second."""
    first_reset: float = 12 * DAY
    """Seconds until the period that is under way ends."""
    period: float = MONTH
    """Length of each later period."""

    def used(self, elapsed: float) -> float:
        """What was used in the current period."""
        return self.start + self.rate * elapsed if elapsed < self.first_reset else self.rate * self._phase(elapsed)

    def resets_at(self, elapsed: float, now: float) -> int:
        """When the current period ends: always in the future, and the same whole second throughout the period."""
        left = self.first_reset - elapsed if elapsed < self.first_reset else self.period - self._phase(elapsed)
        return floor(now + left) + 1

    def _phase(self, elapsed: float) -> float:
        return (elapsed - self.first_reset) % self.period
