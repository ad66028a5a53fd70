"""Profiles of use of teams and their products: calls, lessons, webinars, launches, games, machines."""

from __future__ import annotations

import numpy as np

from benchmarks.warning.grid import DAY, HOUR, Floats
from benchmarks.warning.simulation.calendar import Calendar, add_lump, scaled
from benchmarks.warning.simulation.profiles import diurnal, office


def call_centre(calendar: Calendar) -> Floats:
    """Return calls on working days, with a peak before and after lunch, and on Saturday morning."""
    calls = np.interp(calendar.hour, (8, 10.5, 12.5, 15, 18, 20), (0.3, 1.0, 0.5, 0.9, 0.6, 0.2), left=0.0, right=0.0)
    saturday = np.where(calendar.between(9, 13), 0.5, 0.0)
    return scaled(calendar.noisy(np.select([calendar.weekday < 5, calendar.weekday == 5], [calls, saturday], 0.0), 0.12))


def school_term(calendar: Calendar) -> Floats:
    """Return lessons after school and on Sunday; half of the schools have nine days of holiday."""
    by_weekday = np.array([1.0, 1.0, 1.0, 1.0, 0.4, 0.25, 0.8])[calendar.weekday]
    shape = np.where(calendar.between(14.5, 20.5), by_weekday, 0.02)
    if calendar.rng.random() < 0.5:
        first = calendar.at_random(3, 24)
        shape[first : first + 9 * DAY] *= 0.1
    return scaled(calendar.noisy(shape, 0.15))


def localisation(calendar: Calendar) -> Floats:
    """Return a batch on most evenings, of a size that differs several times over."""
    shape = np.full(calendar.steps, 0.002)
    for day in range(calendar.days):
        if calendar.rng.random() < 0.9:
            at = calendar.start_of(day) + int(calendar.rng.uniform(21, 23) * HOUR)
            add_lump(shape, at, min(calendar.rng.lognormal(0.3, 0.9), 14))
    return scaled(calendar.noisy(shape, 0.1))


def webinar(calendar: Calendar) -> Floats:
    """Return a webinar on Thursday, a short rehearsal on the day before, and little else."""
    begins, hours = calendar.rng.uniform(9, 19), calendar.rng.uniform(1.5, 3)
    on = (calendar.weekday == 3) & calendar.between(begins, begins + hours)
    rehearsal = (calendar.weekday == 2) & calendar.between(begins, begins + 0.75)
    return scaled(calendar.noisy(np.select([on, rehearsal], [1.0, 0.2], 0.001), 0.3))


def two_products(calendar: Calendar) -> Floats:
    """Return one product with office hours and one that is used in the evening, more at weekends."""
    share = calendar.rng.uniform(0.3, 0.7)
    evening = np.where(calendar.between(18, 23.5), np.where(calendar.weekday >= 4, 1.5, 1.0), 0.05)
    return share * office(calendar) + (1 - share) * scaled(calendar.noisy(evening))


def renders(calendar: Calendar) -> Floats:
    """Return jobs that run side by side: most take minutes, a few take a day."""
    works = (calendar.weekday < 5) & calendar.between(8, 20)
    rate = np.where(works, 2.2, 0.25) * calendar.rng.uniform(4, 20) / DAY
    shape = np.zeros(calendar.steps)
    for at in np.flatnonzero(calendar.rng.random(calendar.steps) < rate):
        shape[at : at + int(min(1 + 3 * calendar.rng.pareto(1.3), 2 * DAY))] += 1.0
    return scaled(shape)


def launch(calendar: Calendar) -> Floats:
    """Return tests, then a launch that fades over days to the use that stays."""
    days = (calendar.step - calendar.at_random(4, 20)) / DAY
    fades = np.exp(-np.maximum(days, 0) / calendar.rng.uniform(1, 5))
    stays, peak = calendar.rng.uniform(0.6, 2), calendar.rng.uniform(3, 15)
    return diurnal(calendar) * np.where(days >= 0, stays + peak * fades, calendar.rng.uniform(0.03, 0.2))


def evening_players(calendar: Calendar) -> Floats:
    """Return a game that is played most in the evening, and more at weekends."""
    from_peak = np.abs((calendar.hour - 20.5 + 12) % 24 - 12)
    shape = (0.12 + np.exp(-((from_peak / 2.5) ** 2))) * np.where(calendar.weekday >= 5, 1.4, 1.0)
    return scaled(calendar.noisy(shape, 0.12))


def team_trial(calendar: Calendar) -> Floats:
    """Return the sessions of a few colleagues, who begin on different days."""
    shape = np.full(calendar.steps, 0.0005)
    for _ in range(int(calendar.rng.integers(3, 10))):
        day = int(calendar.rng.integers(1, 16))
        for _ in range(int(calendar.rng.integers(1, 7))):
            at = calendar.start_of(day) + int(calendar.rng.uniform(9, 18) * HOUR)
            shape[at : at + int(calendar.rng.uniform(0.3, 2.5) * HOUR)] += 1.0
            day += int(calendar.rng.integers(1, 5))
    return scaled(calendar.noisy(shape, 0.3))


def machines(calendar: Calendar) -> Floats:
    """Return a few machines, each of which runs for days and then rests for days."""
    shape = np.zeros(calendar.steps)
    for _ in range(int(calendar.rng.integers(2, 7))):
        at = calendar.rng.exponential(2)
        while at * DAY < calendar.steps:
            runs = calendar.rng.exponential(1.5)
            shape[int(at * DAY) : int((at + runs) * DAY)] += 1.0
            at += runs + calendar.rng.exponential(2.5)
    return scaled(shape)


def agents(calendar: Calendar) -> Floats:
    """Return working days in which agents read ever longer conversations: use grows with the square of the hours."""
    works = (calendar.weekday < 5) & calendar.between(8, 20)
    return scaled(calendar.noisy(np.where(works, ((calendar.hour - 8) / 12) ** 2, 0.003), 0.25))
