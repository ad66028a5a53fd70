"""Profiles of use whose hours, days or weeks differ much: several sites, deadlines, meals, pauses."""

from __future__ import annotations

import numpy as np

from benchmarks.warning.grid import DAY, HOUR, Floats
from benchmarks.warning.simulation.calendar import Calendar, add_lump, scaled
from benchmarks.warning.simulation.profiles import diurnal, office, steady


def follow_the_sun(calendar: Calendar) -> Floats:
    """Return the office hours of three sites around the world."""
    sites = (calendar.between(0, 8), calendar.between(7, 16), calendar.between(15, 23))
    weights = calendar.rng.uniform(0.2, 1.0, 3)
    works = np.sum([weight * site for weight, site in zip(weights, sites, strict=True)], axis=0)
    return scaled(calendar.noisy(np.where(calendar.weekday < 5, works, 0.1), 0.15))


def alternate_days(calendar: Calendar) -> Floats:
    """Return use on every second day."""
    return scaled(calendar.noisy(np.where((calendar.day % 2 == 0) & calendar.between(8, 20), 1.0, 0.01), 0.15))


def release_friday(calendar: Calendar) -> Floats:
    """Return office hours, and on one weekday several times as much."""
    return scaled(office(calendar) * np.where(calendar.weekday == 4, calendar.rng.uniform(4, 10), 1.0))


def viral(calendar: Calendar) -> Floats:
    """Return a daily wave, and once ten to forty times as much within an hour, fading over days."""
    since = (calendar.step - calendar.at_random(4, 24)) / DAY
    peak = np.where(since >= 0, np.exp(-np.maximum(since, 0) / calendar.rng.uniform(0.3, 1.5)), 0.0)
    return diurnal(calendar) * (1 + calendar.rng.uniform(10, 40) * peak)


def deadline(calendar: Calendar) -> Floats:
    """Return work that grows towards a deadline every ten days, and then stops."""
    phase = ((calendar.step / DAY + calendar.rng.uniform(0, 10)) % 10) / 10
    return scaled(calendar.noisy(phase**3 * calendar.wave(0.4), 0.15))


def front_loaded(calendar: Calendar) -> Floats:
    """Return weeks that begin with a rush on Monday."""
    return scaled(calendar.noisy(np.exp(-calendar.weekday / calendar.rng.uniform(0.6, 1.5)) * calendar.wave(0.7), 0.15))


def paused(calendar: Calendar) -> Floats:
    """Return steady use that pauses for hours at random times."""
    shape, at = steady(calendar), 0.0
    while at < calendar.steps:
        at += calendar.rng.exponential(1.5 * DAY)
        add_lump(shape, int(at), calendar.rng.uniform(2, 30), 0.0)
    return shape


def step_down(calendar: Calendar) -> Floats:
    """Return use that falls to a third at once, after an optimisation."""
    return np.where(calendar.step < calendar.at_random(4, 22), 1.0, 0.3) * diurnal(calendar)


def lunch_and_dinner(calendar: Calendar) -> Floats:
    """Return two peaks a day, higher at weekends."""
    meals = calendar.between(11.5, 13.5) | calendar.between(18, 21)
    return scaled(calendar.noisy(np.where(meals, 1.0, 0.03) * np.where(calendar.weekday >= 5, 1.8, 1.0)))


def quarter_hours(calendar: Calendar) -> Floats:
    """Return a job every 15 minutes that is skipped for hours when its queue is empty."""
    runs = calendar.step % (HOUR // 4) == 0
    busy = np.repeat(calendar.rng.random(calendar.steps // (2 * HOUR) + 1) < 0.6, 2 * HOUR)[: calendar.steps]
    return scaled(np.where(runs & busy, calendar.rng.lognormal(0, 0.4, calendar.steps), 0.0))
