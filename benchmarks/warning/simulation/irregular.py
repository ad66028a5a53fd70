"""Profiles of use that come and go: batches, bursts, holidays, changes of level."""

from __future__ import annotations

import numpy as np

from benchmarks.warning.grid import DAY, HOUR, WEEK, Floats
from benchmarks.warning.simulation.calendar import Calendar, add_lump, lumps, scaled
from benchmarks.warning.simulation.profiles import diurnal, office, steady


def weekday_batch(calendar: Calendar) -> Floats:
    """Return a batch in the nights before working days only."""
    return scaled(np.where(calendar.weekday < 5, lumps(calendar, 1.0, (1, 3), (1, 4), 0.003), 0.0))


def two_shifts(calendar: Calendar) -> Floats:
    """Return an early and a late shift on six days a week, with a break between."""
    works = (calendar.weekday < 6) & (calendar.between(6, 13.5) | calendar.between(14.5, 22))
    return scaled(calendar.noisy(np.where(works, 1.0, 0.02), 0.1))


def _periodic(calendar: Calendar, days: int, hours: tuple[float, float], base: float) -> Floats:
    """Return one batch every so many days, at about the same hour."""
    shape = np.full(calendar.steps, base)
    first, hour = int(calendar.rng.integers(0, days)), calendar.rng.uniform(0, 20)
    for day in range(first, calendar.days, days):
        at = calendar.start_of(day) + int((hour + calendar.rng.uniform(0, 1)) * HOUR)
        add_lump(shape, at, calendar.rng.uniform(*hours))
    return scaled(calendar.noisy(shape, 0.1))


def payroll(calendar: Calendar) -> Floats:
    """Return a batch every two weeks and little else."""
    return _periodic(calendar, 14, (4, 10), 0.004)


def monthly_batch(calendar: Calendar) -> Floats:
    """Return one batch a month that takes a day or more."""
    return _periodic(calendar, 30, (18, 40), 0.01)


def weekend_shows(calendar: Calendar) -> Floats:
    """Return evening shows at weekends only."""
    shape = np.full(calendar.steps, 0.002)
    on = (calendar.weekday >= 5) & calendar.between(calendar.rng.uniform(15, 18), 23)
    return scaled(calendar.noisy(np.where(on, 1.0, shape), 0.15))


def ramp_then_plateau(calendar: Calendar) -> Floats:
    """Return use that grows slowly for two or three weeks, and then stays."""
    top = calendar.at_random(12, 24)
    return scaled(calendar.noisy(np.minimum(0.1 + 0.9 * calendar.step / top, 1.0) * calendar.wave(0.5), 0.1))


def holiday_week(calendar: Calendar) -> Floats:
    """Return office hours, and a week or more without any use."""
    first = calendar.at_random(5, 18)
    rests = (calendar.step >= first) & (calendar.step < first + calendar.at_random(6, 10))
    return np.where(rests, 0.0, office(calendar))


def bursts(calendar: Calendar) -> Floats:
    """Return sporadic bursts of three days, day and night."""
    shape, at = np.full(calendar.steps, 0.004), calendar.rng.uniform(0, 8)
    while at * DAY < calendar.steps:
        add_lump(shape, int(at * DAY), calendar.rng.uniform(60, 84))
        at += 3 + calendar.rng.exponential(6)
    return scaled(calendar.noisy(shape, 0.15))


def hourly_cron(calendar: Calendar) -> Floats:
    """Return a job at the same minute of every hour, and a larger one each night."""
    minute = int(calendar.rng.integers(0, HOUR))
    runs = calendar.step % HOUR == minute
    sizes = calendar.rng.lognormal(0, 0.3, calendar.steps) * np.where(calendar.between(2, 3), calendar.rng.uniform(2, 8), 1.0)
    return scaled(np.where(runs, sizes, 0.0))


def handed_over(calendar: Calendar) -> Floats:
    """Return use that moves to another account within hours: a trickle is left."""
    begins, hours = calendar.at_random(5, 25), calendar.rng.uniform(1, 48)
    left = np.clip(1 - (calendar.step - begins) / (hours * HOUR), 0.01, 1.0)
    return diurnal(calendar) * left


def taken_over(calendar: Calendar) -> Floats:
    """Return use that moves here from another account: many times of what it was before."""
    begins, hours = calendar.at_random(5, 25), calendar.rng.uniform(1, 48)
    taken = np.clip((calendar.step - begins) / (hours * HOUR), 0.0, 1.0)
    return diurnal(calendar) * (0.15 + taken * calendar.rng.uniform(1, 3))


def doubled_season(calendar: Calendar) -> Floats:
    """Return office hours or a daily wave that doubles for one or two weeks."""
    first = calendar.at_random(6, 20)
    season = (calendar.step >= first) & (calendar.step < first + calendar.at_random(7, 14))
    profile = office if calendar.rng.random() < 0.5 else diurnal
    return profile(calendar) * np.where(season, calendar.rng.uniform(1.8, 2.5), 1.0)


def huge_jobs(calendar: Calendar) -> Floats:
    """Return a few jobs a week, each of which takes as much as a day or two."""
    comes = calendar.rng.random(calendar.steps) < calendar.rng.uniform(2, 6) / WEEK
    return scaled(np.where(comes, calendar.rng.uniform(0.5, 1.5, calendar.steps), 0.0) + 0.1 / DAY)


def trial(calendar: Calendar) -> Floats:
    """Return the curiosity of the first days, and almost nothing later."""
    ends = calendar.at_random(2, 12)
    return np.where(calendar.step < ends, diurnal(calendar), 0.05 * steady(calendar))
