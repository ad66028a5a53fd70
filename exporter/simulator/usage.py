"""Constant consumption, top-ups and periods, as pure functions of time."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

DAY = 86_400.0
MONTH = 30 * DAY


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance that falls at a constant rate to a floor, where it may be topped up."""

    start: float
    rate: float
    """Consumption per second."""
    floor: float = 0.0
    top_up: float = 0.0
    """The amount added at the floor; 0 for none."""
    dry: float = 0.0
    """Seconds at the floor before the top-up."""

    def left(self, elapsed: float) -> float:
        """Return what is left: at least the floor, and at most the start or the floor plus one top-up."""
        spare = self.start - self.floor
        if spare > self.rate * elapsed:
            return self.start - self.rate * elapsed
        lasts = self.top_up / self.rate if self.rate else 0.0
        if not lasts:
            return self.floor
        phase = (elapsed - spare / self.rate) % (self.dry + lasts)
        if phase < self.dry:
            return self.floor
        return max(self.floor, self.floor + self.top_up - self.rate * (phase - self.dry))


@dataclass(frozen=True, slots=True)
class Usage:
    """Usage that is counted from zero in each period."""

    start: float
    rate: float
    """Consumption per second."""
    first_reset: float = 12 * DAY
    """Seconds until the current period ends."""
    period: float = MONTH
    """Length of each later period."""

    def used(self, elapsed: float) -> float:
        """Return the usage of the current period."""
        return self.start + self.rate * elapsed if elapsed < self.first_reset else self.rate * self._phase(elapsed)

    def resets_at(self, elapsed: float, now: float) -> int:
        """Return when the current period ends, as Unix time: always in the future, and the same whole second throughout the period."""
        left = self.first_reset - elapsed if elapsed < self.first_reset else self.period - self._phase(elapsed)
        return floor(now + left) + 1

    def _phase(self, elapsed: float) -> float:
        return (elapsed - self.first_reset) % self.period
