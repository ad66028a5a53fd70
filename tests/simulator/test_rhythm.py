"""Use over days looks like that of people, and the periods of accounts have their true length."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

import pytest

from exporter.providers.times import Period, period_end
from exporter.simulator.course import Course
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS
from exporter.simulator.rhythm import SLOWDOWN, PacedBalance, PacedUsage, busy_time, paced, paced_course
from exporter.simulator.usage import DAY, MONTH, Balance, Usage

THURSDAY = 20_000 * 7 * DAY
HOUR = 3_600.0


def test_a_week_has_as_much_use_as_time() -> None:
    assert busy_time(THURSDAY, THURSDAY + 7 * DAY) == pytest.approx(7 * DAY)


def test_time_never_stops_or_runs_back() -> None:
    marks = [busy_time(THURSDAY, THURSDAY + quarter * HOUR / 4) for quarter in range(7 * 24 * 4)]
    assert all(later > earlier for earlier, later in pairwise(marks))


def test_evenings_are_busier_than_nights_and_weekdays_than_sundays() -> None:
    def use(day: int, hour: int) -> float:
        return busy_time(THURSDAY + day * DAY + hour * HOUR, THURSDAY + day * DAY + (hour + 3) * HOUR)

    assert all(use(day, 19) > 2 * use(day, 3) for day in range(7))
    whole = [busy_time(THURSDAY + day * DAY, THURSDAY + (day + 1) * DAY) for day in range(7)]
    assert max(whole[5:] + whole[:1]) > 1.15 * min(whole)
    assert whole.index(min(whole)) in {2, 3}  # Saturday or Sunday


def test_usage_starts_again_at_each_reset_and_the_reset_stays_at_its_time() -> None:
    usage = paced(Usage(start=100, rate=2, first_reset=200, period=400), THURSDAY)
    assert usage.used(0) == 100
    assert usage.used(199 * SLOWDOWN) > 300
    assert usage.used(201 * SLOWDOWN) < 20
    assert {usage.resets_at(elapsed, THURSDAY + elapsed) for elapsed in range(0, 200_000, 1_999)} == {THURSDAY + 200_000 + 1}
    assert paced(Usage(start=0, rate=1), THURSDAY).period == MONTH


def test_a_balance_falls_slowly_and_is_topped_up() -> None:
    balance = paced(Balance(start=62, rate=0.35, floor=10, top_up=50), THURSDAY)
    week = [balance.left(hour * HOUR) for hour in range(7 * 24)]
    assert 2 <= sum(later > earlier for earlier, later in pairwise(week)) <= 6
    assert min(week) >= 10
    assert max(week) == 62


def amounts(body: Any) -> list[Any]:
    """Every balance and usage in a body."""
    if isinstance(body, Balance | Usage):
        return [body]
    parts = [getattr(body, each.name) for each in fields(body)] if is_dataclass(body) else []
    return [amount for part in parts for amount in amounts(part)]


@pytest.mark.parametrize("account", DEMO_ACCOUNTS, ids=lambda account: account.name)
def test_every_amount_of_the_demo_has_the_pace(account: Any) -> None:
    body = account.simulated.body
    assert all(isinstance(each, PacedBalance | PacedUsage) for each in amounts(paced(body, THURSDAY)))
    assert len(amounts(paced(body, THURSDAY))) == len(amounts(body))


@pytest.mark.parametrize("calendar", [None, "day", "week", "month"])
def test_a_course_uses_its_share_in_the_rhythm_of_people(calendar: Period | None) -> None:
    course = paced_course(Course(period=10 * DAY))
    end = period_end(calendar, THURSDAY) if calendar else course.end(THURSDAY)
    parts = [course.fraction(calendar, THURSDAY + hour * HOUR) for hour in range(int((end - THURSDAY) / HOUR))]
    assert 0 <= parts[0] < parts[-1] < 1
    assert parts == sorted(parts)
    steps = [later - earlier for earlier, later in pairwise(parts)]
    assert max(steps) > 4 * min(steps)
