"""Profiles of use: how the demand of an account is spread over time."""

from __future__ import annotations

import numpy as np

from benchmarks.warning.grid import DAY, HOUR, Floats
from benchmarks.warning.simulation.calendar import Calendar, Profile, lumps, scaled


def steady(calendar: Calendar) -> Floats:
    """Return the same use at all hours."""
    return scaled(calendar.noisy(np.ones(calendar.steps), 0.1))


def diurnal(calendar: Calendar) -> Floats:
    """Return a daily wave."""
    return scaled(calendar.noisy(calendar.wave(0.8)))


def office(calendar: Calendar) -> Floats:
    """Return office hours on weekdays, with a lunch break."""
    lunch = calendar.between(12, 13)
    at_work = (calendar.weekday < 5) & calendar.between(9, 18)
    return scaled(calendar.noisy(np.where(at_work, np.where(lunch, 0.4, 1.0), 0.01)))


def evening_show(calendar: Calendar) -> Floats:
    """Return a few hours on most evenings."""
    return lumps(calendar, 0.85, (17, 21), (2, 4), 0.003)


def night_batch(calendar: Calendar) -> Floats:
    """Return a batch in almost every night."""
    return lumps(calendar, 0.95, (0, 4), (0.5, 3), 0.003)


def weekly(calendar: Calendar) -> Floats:
    """Return weekdays that differ much."""
    return scaled(calendar.noisy(calendar.rng.uniform(0.15, 2, 7)[calendar.weekday] * calendar.wave(0.6), 0.15))


def growth(calendar: Calendar) -> Floats:
    """Return use that grows several times over."""
    return scaled(calendar.noisy(np.linspace(1, calendar.rng.uniform(3, 6), calendar.steps) * calendar.wave(0.4), 0.1))


def decay(calendar: Calendar) -> Floats:
    """Return use that fades out."""
    return scaled(calendar.noisy(np.exp(-calendar.step / (calendar.rng.uniform(2, 8) * DAY)), 0.1))


def lumpy(calendar: Calendar) -> Floats:
    """Return single jobs of very different sizes at random times."""
    comes = calendar.rng.random(calendar.steps) < calendar.rng.uniform(0.3, 2) / HOUR
    return scaled(np.where(comes, calendar.rng.lognormal(0, 0.8, calendar.steps), 0.0))


def idle_start(calendar: Calendar) -> Floats:
    """Return nothing for days, then steady use."""
    begins = calendar.at_random(3, 20)
    profile = steady if calendar.rng.random() < 0.5 else diurnal
    return np.where(calendar.step >= begins, profile(calendar), 0.0)


def campaigns(calendar: Calendar) -> Floats:
    """Return days of use with days of rest between."""
    shape = np.zeros(calendar.steps)
    at = calendar.rng.uniform(1, 4)
    while at * DAY < calendar.steps:
        length = calendar.rng.uniform(1, 3)
        shape[int(at * DAY) : int((at + length) * DAY)] = 1.0
        at += length + calendar.rng.uniform(2, 8)
    return calendar.noisy(shape, 0.1) / DAY


def runaway(calendar: Calendar) -> Floats:
    """Return a daily wave and two jobs that run away for hours or days."""
    shape = diurnal(calendar)
    for _ in range(2):
        begins, length = calendar.at_random(4, 28), calendar.at_random(0.3, 2.5)
        shape[begins : begins + length] += calendar.rng.uniform(8, 40) / DAY
    return shape


ANY: tuple[Profile, ...] = (steady, diurnal, office, evening_show, weekly, night_batch, lumpy)
