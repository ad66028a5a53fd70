"""When a forecast ends: the reset, overage, budgets, auto reload, and days on which nothing was left."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from exporter.accounts.consumption import Consumption, update_consumption
from exporter.accounts.forecast import NO_END, available, forecast
from exporter.accounts.history import DAY
from exporter.model import AutoReload, Quota, Reading
from tests.accounts.uses import HOUR, MONDAY, RELOADING, STEADY, after, lasts, office, quota

# The reset


@pytest.mark.parametrize(
    ("resets_in", "expected"),
    [
        pytest.param(None, (10.0, 10.0), id="no reset"),
        pytest.param(12.6, (10.0, 10.0), id="well before the reset"),
        pytest.param(12.4, (10.0, None), id="so near to the reset that it may last"),
        pytest.param(10.1, (10.0, None), id="shortly before the reset"),
        pytest.param(10.0, (None, None), id="with the reset"),
        pytest.param(1.0, (None, None), id="after the reset"),
        pytest.param(0.0, (None, None), id="the reset is due"),
        pytest.param(-0.9, (None, None), id="the reset is late"),
        pytest.param(-1.0, (10.0, 10.0), id="the reset is over"),
        pytest.param(-1000.0, (10.0, 10.0), id="the reset is long over"),
    ],
)
def test_only_an_end_before_the_reset_is_one(resets_in: float | None, expected: tuple[float | None, float | None]) -> None:
    assert lasts(STEADY, 100, resets_in=resets_in) == expected


@pytest.mark.parametrize(("quiet", "expected"), [(0, (12.0, 12.0)), (3, (12.0, None)), (4, (None, None))])
def test_the_median_of_the_days_must_lead_to_an_end_before_the_reset(quiet: int, expected: tuple[float | None, float | None]) -> None:
    """What is left lasts for 12 hours of a busy day, and for 30 of a quiet one."""
    consumption = after([*[10.0] * 24 * (8 - quiet), *[4.0] * 24 * quiet])
    assert lasts(consumption, 120, resets_in=20) == expected
    assert lasts(consumption, 120)[0] == (30.0 if quiet == 4 else 12.0)


# What is available


@pytest.mark.parametrize(
    ("given_quota", "left"),
    [
        pytest.param(quota(5), Decimal(5), id="what remains"),
        pytest.param(quota(5, overage_limit=Decimal(7)), Decimal(12), id="with the overage"),
        pytest.param(quota(-5, overage_limit=Decimal(7)), Decimal(2), id="in the overage"),
        pytest.param(quota(-5), Decimal(-5), id="below zero"),
        pytest.param(quota("1e30", overage_limit=Decimal(1)), Decimal(10**30 + 1), id="a sum is exact"),
        pytest.param(quota(5, unlimited=True), None, id="unlimited"),
        pytest.param(Quota("r", "u", used=Decimal(5)), None, id="unknown"),
        pytest.param(Quota("r", "slots", Decimal(5)), None, id="held, not used up"),
    ],
)
def test_what_is_left_includes_the_overage_and_is_unknown_where_nothing_ends(given_quota: Quota, left: Decimal | None) -> None:
    found = available(given_quota)
    assert found == left
    known = forecast(replace(STEADY, unit=given_quota.unit), given_quota, Reading())
    assert (known is None) == (left is None or left <= 0)


def test_an_overage_is_used_up_before_it_ends() -> None:
    assert lasts(STEADY, 60, overage_limit=Decimal(40)) == lasts(STEADY, 100) == lasts(STEADY, -20, overage_limit=Decimal(120))


@pytest.mark.parametrize("left", ["0", "-0", "-1", "-1e300"])
def test_what_has_ended_has_no_forecast(left: str) -> None:
    assert lasts(STEADY, left) is None
    assert lasts(STEADY, left, reading=RELOADING) is None


# Auto reload


@pytest.mark.parametrize(
    ("left", "reading", "is_filled"),
    [
        pytest.param(50, RELOADING, True, id="at its threshold"),
        pytest.param("49.99", RELOADING, True, id="below its threshold for minutes: it may be on its way"),
        pytest.param(44, RELOADING, False, id="below its threshold for more than half an hour: it has failed"),
        pytest.param(50, replace(RELOADING, auto_reload=AutoReload("u")), True, id="its threshold is unknown"),
        pytest.param(50, replace(RELOADING, auto_reload=None), True, id="nothing but its name is known"),
        pytest.param(50, replace(RELOADING, auto_reload=AutoReload("usd", Decimal(5))), False, id="of another unit"),
        pytest.param(50, replace(RELOADING, features={"auto_reload": False}), False, id="off"),
        pytest.param(50, replace(RELOADING, features={}), False, id="it is unknown whether it is on"),
        pytest.param(50, replace(RELOADING, features={"other": True}), False, id="another feature"),
    ],
)
def test_what_is_topped_up_by_itself_does_not_end(left: object, reading: Reading, *, is_filled: bool) -> None:
    assert (lasts(STEADY, left, reading=reading) == (None, None)) is is_filled
    assert (lasts(after([10.0] * 8), left, reading=reading) == (None, None)) is is_filled


@pytest.mark.parametrize(("resource", "is_filled"), [("wallet", True), ("spender", True), ("spend", False), ("overage_spend", False)])
def test_a_top_up_raises_no_spending_cap(resource: str, *, is_filled: bool) -> None:
    known, cap = replace(STEADY, resource=resource), replace(quota(100), resource=resource)
    assert (forecast(known, cap, RELOADING) == NO_END) is is_filled


@pytest.mark.parametrize(
    ("resource", "parts", "budget", "hours"),
    [
        pytest.param("spend", {}, 900, 10.0, id="a budget alone"),
        pytest.param("spend", {"remaining": Decimal(50)}, 900, 5.0, id="a cap that is nearer"),
        pytest.param("spend", {"remaining": Decimal(200)}, 900, 10.0, id="a cap that is further"),
        pytest.param("spend", {"remaining": Decimal(200), "unlimited": True}, 900, 10.0, id="an account without limit"),
        pytest.param("credits", {"remaining": Decimal(200)}, 900, 20.0, id="a budget of what is not spent"),
        pytest.param("spend", {}, 800, None, id="a budget that is used up"),
        pytest.param("spend", {}, None, None, id="nothing to compare with"),
    ],
)
def test_spending_ends_at_the_nearer_of_cap_and_budget(resource: str, parts: Any, budget: int | None, hours: float | None) -> None:
    known = replace(STEADY, resource=resource)
    spent = Quota(resource, known.unit, used=Decimal(800), **parts)
    found = forecast(known, spent, Reading(), None if budget is None else Decimal(budget))
    assert (found and found.ends_at and round((found.ends_at - known.at) / HOUR, 1)) == hours


# Days on which nothing was left


def outage(*, hours: int) -> Consumption:
    """Return the counters of a steady account of which nothing was left for some hours; four hours ago it was topped up."""
    steady = 24 * 6 - 4 - hours
    lefts = [*range(10 * steady, 0, -10), *[0] * hours, 1000, 990, 980, 970, 960]
    known: tuple[Consumption, ...] = ()
    for hour, left in enumerate(lefts):
        known = update_consumption(known, [quota(left)], MONDAY + hour * HOUR, MONDAY + hour * HOUR)
    return known[0]


def test_a_day_on_which_nothing_was_left_does_not_count() -> None:
    consumption = outage(hours=16)
    assert lasts(consumption, 100) == (pytest.approx(10, abs=0.5), pytest.approx(10, abs=0.5))
    everything = replace(consumption, history=replace(consumption.history, empty=()))
    assert lasts(everything, 100)[1] > 20


def test_a_day_on_which_nothing_was_left_for_two_hours_counts() -> None:
    consumption = outage(hours=2)
    everything = replace(consumption, history=replace(consumption.history, empty=()))
    assert consumption.history.empty
    assert lasts(consumption, 100) == lasts(everything, 100)


def test_if_nothing_was_left_on_all_days_but_two_all_of_them_count() -> None:
    """Yesterday alone says little, and it may be the unusual day that used everything."""
    late = STEADY.at - 2 * DAY
    most = replace(STEADY, history=replace(STEADY.history, empty=((MONDAY, late),)))
    burst = after([*[10.0] * 24 * 5, *[30.0] * 24, *[1.0] * 12])
    emptied = replace(burst, history=replace(burst.history, empty=((MONDAY, burst.at - DAY - HOUR),)))
    assert lasts(most, 100) == lasts(STEADY, 100)
    assert lasts(emptied, 400) == lasts(burst, 400)


def test_if_nothing_was_left_on_every_day_all_of_them_count() -> None:
    always = replace(STEADY, history=replace(STEADY.history, empty=((MONDAY, STEADY.at),)))
    assert lasts(always, 100) == lasts(STEADY, 100)


def test_the_latest_end_is_not_before_the_expected_one_where_the_same_day_of_last_week_does_not_count() -> None:
    """On Friday at 12:00, what is left lasts until Monday. Last Saturday, nothing was left."""
    friday = after(office(19)[: 18 * 24 + 12])
    saturday = MONDAY + 12 * DAY
    emptied = replace(friday, history=replace(friday.history, empty=((saturday, saturday + DAY),)))
    expected, latest = lasts(emptied, 60)
    assert latest == expected == pytest.approx(3 * 24 - 2, abs=2)
