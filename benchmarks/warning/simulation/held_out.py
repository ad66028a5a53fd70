"""Profiles of use that only the held-out kinds have: no rule may be designed on them."""

from __future__ import annotations

import numpy as np

from benchmarks.warning.grid import DAY, HOUR, WEEK, Floats, Ints
from benchmarks.warning.simulation.calendar import Calendar, add_lump, scaled
from benchmarks.warning.simulation.profiles import diurnal


def breaking_news(calendar: Calendar) -> Floats:
    """Return a newsroom's day, and every few days a story that takes several times as much for hours."""
    shape, at = np.where(calendar.between(5, 23), 1.0, 0.15), calendar.rng.exponential(5)
    while at * DAY < calendar.steps:
        hours = (calendar.step - int(at * DAY)) / HOUR
        fades = np.exp(-np.maximum(hours, 0) / calendar.rng.uniform(2, 10))
        shape += np.where(hours >= 0, calendar.rng.uniform(2, 12) * fades, 0.0)
        at += calendar.rng.exponential(5)
    return scaled(calendar.noisy(shape))


def commits(calendar: Calendar) -> Floats:
    """Return a test run after each commit, most of them in working hours, and a full run in the nights of working days."""
    by_hour = np.interp(calendar.hour, (8, 11, 13, 16, 20), (0.05, 1.0, 0.6, 1.0, 0.1), left=0.01, right=0.05)
    rate = np.where(calendar.weekday < 5, by_hour, 0.03) * calendar.rng.uniform(2, 8) / HOUR
    runs = calendar.rng.poisson(rate) * calendar.rng.lognormal(0, 0.5, calendar.steps)
    at_night = (calendar.weekday < 5) & calendar.between(2, 3)
    return scaled(runs + np.where(at_night, calendar.rng.uniform(0.5, 3), 0.0))


def experiment(calendar: Calendar) -> Floats:
    """Return a daily wave that doubles for the five days of an experiment."""
    first = calendar.at_random(4, 24)
    runs = (calendar.step >= first) & (calendar.step < first + 5 * DAY)
    return diurnal(calendar) * np.where(runs, calendar.rng.uniform(1.8, 2.3), 1.0)


def retry_storm(calendar: Calendar) -> Floats:
    """Return a daily wave, and a bug that multiplies it for hours, once or a few times."""
    shape = diurnal(calendar)
    for _ in range(1 + int(calendar.rng.poisson(0.6))):
        at, length = calendar.at_random(2, 30), int(calendar.rng.uniform(2, 9) * HOUR)
        shape[at : at + length] *= calendar.rng.uniform(5, 25)
    return shape


def month_end(calendar: Calendar) -> Floats:
    """Return little use in office hours, and long days of reports at the end of the month."""
    closes = (calendar.day + int(calendar.rng.integers(0, 30))) % 30 >= 27
    works = (calendar.weekday < 5) & calendar.between(9, 18)
    reports = closes & calendar.between(7, 22)
    return scaled(calendar.noisy(np.select([reports, works], [calendar.rng.uniform(5, 15), 1.0], 0.02), 0.15))


def growth_by_week(calendar: Calendar) -> Floats:
    """Return a daily wave, lower at weekends, that grows by 10 to 20 percent a week."""
    level = (1 + calendar.rng.uniform(0.1, 0.2)) ** (calendar.step / WEEK)
    return scaled(calendar.noisy(level * calendar.wave(0.6) * np.where(calendar.weekday >= 5, 0.7, 1.0), 0.15))


def studio(calendar: Calendar) -> Floats:
    """Return long working days, and some work at weekends."""
    return scaled(calendar.noisy(np.where(calendar.between(10, 20), np.where(calendar.weekday < 5, 1.0, 0.3), 0.02)))


def support_chat(calendar: Calendar) -> Floats:
    """Return chats at all hours with a peak at lunch, and several times as many in the hours after a fault."""
    shape = np.interp(calendar.hour, (0, 5, 9, 12, 13.5, 16, 20, 24), (0.2, 0.1, 0.6, 1.5, 1.3, 0.7, 0.8, 0.2))
    for _ in range(int(calendar.rng.poisson(calendar.days / 12))):
        at, length = calendar.at_random(0, calendar.days), int(calendar.rng.uniform(1, 5) * HOUR)
        shape[at : at + length] *= calendar.rng.uniform(1.5, 4)
    return scaled(calendar.noisy(shape * np.where(calendar.weekday >= 5, 0.7, 1.0), 0.1))


def scraper(calendar: Calendar) -> Floats:
    """Return pages that are read at a constant rate from midnight on, for hours; once a week there are twice as many."""
    shape, full = np.full(calendar.steps, 0.001), int(calendar.rng.integers(0, 7))
    for day in range(calendar.days):
        hours = calendar.rng.lognormal(1.3, 0.35) * (2 if day % 7 == full else 1)
        add_lump(shape, calendar.start_of(day), min(hours, 22))
    return scaled(calendar.noisy(shape, 0.05))


def parliament(calendar: Calendar) -> Floats:
    """Return captions of sittings from Tuesday to Thursday, some of them late into the evening, in two of three weeks."""
    sits = (_week(calendar) + int(calendar.rng.integers(0, 3))) % 3 < 2
    ends = np.where(calendar.rng.random(calendar.days) < 0.3, calendar.rng.uniform(20, 24, calendar.days), 18)[calendar.day]
    sitting = calendar.between(9, 13) | ((calendar.hour >= 14) & (calendar.hour < ends))
    on = sits & (calendar.weekday >= 1) & (calendar.weekday <= 3) & sitting
    return scaled(calendar.noisy(np.where(on, 1.0, 0.004), 0.1))


def homework(calendar: Calendar) -> Floats:
    """Return exercises that are due on Sunday night: use grows from day to day, and a few weeks have none."""
    weeks = int(_week(calendar)[-1]) + 1
    sizes = np.where(calendar.rng.random(weeks) < 0.85, calendar.rng.lognormal(0, 0.35, weeks), 0.02)[_week(calendar)]
    hours = np.interp(calendar.hour, (0, 2, 8, 15, 20, 23, 24), (0.4, 0.0, 0.05, 0.5, 1.0, 1.0, 0.4))
    return scaled(calendar.noisy(sizes * (0.05 + (calendar.weekday / 6) ** 3) * hours, 0.15))


def agency(calendar: Calendar) -> Floats:
    """Return projects for customers: working days, of which some have none, and a few long Saturdays."""
    has_project = (calendar.rng.random(calendar.days) < np.where(calendar.rng.random() < 0.5, 0.85, 0.65))[calendar.day]
    works = np.select([calendar.weekday < 5, calendar.weekday == 5], [calendar.between(10, 19), calendar.between(11, 23) * 0.4], 0.0)
    return scaled(calendar.noisy(np.where(has_project, works, 0.0) + 0.005, 0.3))


def patch_days(calendar: Calendar) -> Floats:
    """Return a game's evenings, and several times as many players for days after a patch, every two weeks."""
    shape = np.interp(calendar.hour, (0, 3, 8, 16, 20, 22.5, 24), (0.6, 0.1, 0.08, 0.4, 1.0, 0.9, 0.6))
    for day in range(int(calendar.rng.integers(0, 14)), calendar.days, 14):
        days = (calendar.step - calendar.start_of(day)) / DAY - calendar.rng.uniform(10, 15) / 24
        fades = np.exp(-np.maximum(days, 0) / calendar.rng.uniform(0.8, 3))
        shape *= 1 + np.where(days >= 0, calendar.rng.uniform(1.5, 4) * fades, 0.0)
    return scaled(calendar.noisy(shape, 0.12))


def live_programmes(calendar: Calendar) -> Floats:
    """Return two programmes on fixed weekdays, which often end late and are rarely cancelled."""
    shape = np.full(calendar.steps, 0.001)
    late = calendar.rng.exponential(0.3, calendar.days)[calendar.day]
    is_sent = (calendar.rng.random(calendar.days) < 0.94)[calendar.day]
    for weekday in calendar.rng.choice(7, 2, replace=False):
        begins, hours = calendar.rng.uniform(16, 21), calendar.rng.uniform(0.75, 2.5)
        on = is_sent & (calendar.weekday == weekday) & (calendar.hour >= begins) & (calendar.hour < begins + hours + late)
        shape = np.where(on, calendar.rng.uniform(0.5, 1.0), shape)
    return scaled(calendar.noisy(shape, 0.1))


def ad_hoc(calendar: Calendar) -> Floats:
    """Return a data team's questions: sessions of very different sizes on about half of the working days."""
    shape = np.full(calendar.steps, 0.002)
    for day in np.flatnonzero(calendar.rng.random(calendar.days) < 0.5).tolist():
        for _ in range(int(calendar.rng.integers(1, 5))):
            at = max(0, calendar.start_of(day) + int(calendar.rng.uniform(8, 19) * HOUR))
            shape[at : at + int(calendar.rng.uniform(0.2, 3) * HOUR)] += calendar.rng.lognormal(0, 0.9)
    return scaled(calendar.noisy(np.where(calendar.weekday < 5, shape, 0.002), 0.1))


def onboarding(calendar: Calendar) -> Floats:
    """Return a daily wave, half as high at weekends, that rises by a step with each new customer."""
    level, at = np.ones(calendar.steps), calendar.rng.exponential(6)
    while at * DAY < calendar.steps:
        level[int(at * DAY) :] += calendar.rng.uniform(0.15, 0.8)
        at += calendar.rng.exponential(6)
    return scaled(calendar.noisy(level * calendar.wave(0.5) * np.where(calendar.weekday >= 5, 0.5, 1.0), 0.1))


def hotel_bookings(calendar: Calendar) -> Floats:
    """Return a hotel's calls and messages: peaks at check-out and check-in, most at the end of the week."""
    by_weekday = np.array([0.6, 0.5, 0.6, 0.9, 1.4, 1.3, 0.9])[calendar.weekday]
    hours = np.interp(calendar.hour, (0, 6, 9.5, 11, 13, 16, 18, 22, 24), (0.1, 0.05, 0.8, 0.7, 0.4, 1.2, 1.0, 0.5, 0.1))
    return scaled(calendar.noisy(by_weekday * hours, 0.2))


def creators(calendar: Calendar) -> Floats:
    """Return the sessions of a few people, each of whom works at hours of their own on some of the days."""
    shape = np.full(calendar.steps, 0.003)
    for _ in range(int(calendar.rng.integers(3, 10))):
        usual, chance, height = calendar.rng.uniform(0, 24), calendar.rng.uniform(0.15, 0.9), calendar.rng.lognormal(0, 0.8)
        for day in np.flatnonzero(calendar.rng.random(calendar.days) < chance).tolist():
            at = max(0, calendar.start_of(day) + int(calendar.rng.normal(usual, 1.5) * HOUR))
            shape[at : at + int(calendar.rng.uniform(0.5, 4) * HOUR)] += height
    return scaled(calendar.noisy(shape, 0.15))


def _week(calendar: Calendar) -> Ints:
    """Return the number of the week of each step."""
    week: Ints = (calendar.day - calendar.weekday + 6) // 7
    return week
