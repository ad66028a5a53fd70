"""The calendar of one account's users: their time zone, their weekdays, and the noise of what they do."""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import numpy as np

from benchmarks.warning.grid import DAY, HOUR, Bools, Floats


class Calendar:
    """Hour, day and weekday of each step for users in a random time zone."""

    def __init__(self, rng: np.random.Generator, steps: int) -> None:
        self.rng = rng
        self.steps = steps
        self.step = np.arange(steps)
        zone = int(rng.integers(0, 24)) * HOUR
        self.hour = ((self.step + zone) % DAY) / HOUR
        self.day = (self.step + zone) // DAY
        self.weekday = (self.day + int(rng.integers(0, 7))) % 7
        self.days = int(self.day[-1]) + 1

    def noisy(self, shape: Floats, daily: float = 0.2) -> Floats:
        """Return the shape with days that differ by about `daily` and noise from step to step."""
        each = self.rng.lognormal(-(daily**2) / 2, daily, self.days)[self.day]
        return shape * each * self.rng.gamma(4, 0.25, self.steps)

    def wave(self, height: float) -> Floats:
        """Return a daily wave around 1 with its peak in the afternoon."""
        return 1 + height * np.sin((self.hour - 9) / 24 * 2 * pi)

    def between(self, first: float, last: float) -> Bools:
        """Return where the hour of the day lies in [first, last)."""
        return (self.hour >= first) & (self.hour < last)

    def start_of(self, day: int) -> int:
        """Return the step at which a day begins; the first day may begin before step 0."""
        return day * DAY - int(self.hour[0] * HOUR)

    def at_random(self, first: float, last: float) -> int:
        """Return a random step between two days."""
        return int(self.rng.uniform(first, last) * DAY)


Profile = Callable[[Calendar], Floats]
"""Returns the demand at each step; about 1 a day on average."""


def scaled(shape: Floats) -> Floats:
    """Return the shape scaled to 1 a day on average."""
    total = float(shape.sum())
    return shape * (len(shape) / DAY / total) if total else shape


def lumps(calendar: Calendar, chance: float, starts: tuple[float, float], hours: tuple[float, float], base: float) -> Floats:
    """Return days that have, with this chance, one block of use: when it starts, and how many hours it takes."""
    shape = np.full(calendar.steps, base)
    for day in range(calendar.days):
        if calendar.rng.random() < chance:
            add_lump(shape, calendar.start_of(day) + int(calendar.rng.uniform(*starts) * HOUR), calendar.rng.uniform(*hours))
    return scaled(calendar.noisy(shape, 0.15))


def add_lump(shape: Floats, first: int, hours: float, height: float = 1.0) -> None:
    """Set so many hours from a step on."""
    shape[max(0, first) : max(0, first + int(hours * HOUR))] = height
