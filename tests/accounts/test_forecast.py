"""When a resource ends: what the past days say, and when they say nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from math import isfinite
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.accounts.consumption import Consumption, update_consumption
from exporter.accounts.entry import Entry
from exporter.accounts.forecast import HORIZON, NO_END, available, forecast, forecasts
from exporter.accounts.history import DAY
from exporter.model import AutoReload, Quota, Reading

HOUR = 3_600.0
MONDAY = 1_760_313_600.0
"""A Monday at 0:00 UTC."""
FULL = Decimal(10) ** 9
RELOADING = Reading(features={"auto_reload": True}, auto_reload=AutoReload("u", Decimal(50), Decimal(100)))


def quota(left: object, **parts: Any) -> Quota:
    return Quota("r", "u", Decimal(str(left)), **parts)


def after(amounts: Iterable[float], *, step: float = HOUR) -> Consumption:
    """Return the counters of an account that consumed these amounts, one in each step of time."""
    known = update_consumption((), [quota(FULL)], MONDAY, MONDAY)
    left = FULL
    for number, amount in enumerate(amounts, 1):
        left -= Decimal(str(amount))
        known = update_consumption(known, [quota(left)], MONDAY + number * step, MONDAY + number * step)
    return known[0]


def lasts(consumption: Consumption, left: object, *, resets_in: float | None = None, reading: Reading | None = None, **parts: Any) -> Any:
    """Return the expected and the latest end in hours from now, rounded; None if there is no forecast at all."""
    resets_at = None if resets_in is None else consumption.at + resets_in * HOUR
    found = forecast(consumption, quota(left, resets_at=resets_at, **parts), reading or Reading())
    return None if found is None else tuple(None if end is None else round((end - consumption.at) / HOUR, 1) for end in found)


def office(days: int) -> list[float]:
    """Return 10 an hour between 9:00 and 17:00 on workdays, from Monday on."""
    return [10.0 if hour // 24 % 7 < 5 and 9 <= hour % 24 < 17 else 0.0 for hour in range(days * 24)]


STEADY = after([10.0] * 24 * 7)


def fridays(days: int) -> list[float]:
    """Return 50 an hour between 9:00 and 21:00 on Fridays, from Monday on."""
    return [50.0 if hour // 24 % 7 == 4 and 9 <= hour % 24 < 21 else 0.0 for hour in range(days * 24)]


# What must be known


@pytest.mark.parametrize("hours", range(6))
def test_nothing_is_forecast_from_less_than_six_hours(hours: int) -> None:
    assert lasts(after([10.0] * hours), 5) is None


def test_nothing_is_forecast_before_the_first_reading_could_be_compared() -> None:
    assert lasts(Consumption("r", "u", since=MONDAY, at=MONDAY + DAY), 5) is None


@pytest.mark.parametrize(
    ("left", "resets_in", "expected"),
    [
        pytest.param(79, None, (7.9, None), id="within eight hours"),
        pytest.param(80, None, None, id="in eight hours"),
        pytest.param(60, 18.1, (6.0, None), id="in less than a third of the time until the reset"),
        pytest.param(60, 17.9, None, id="so near to the reset that it may last"),
        pytest.param(60, 0.0, None, id="the reset is due"),
        pytest.param(60, -1.0, (6.0, None), id="the reset is over"),
    ],
)
def test_on_the_first_day_only_an_end_within_eight_hours_is_forecast(left: float, resets_in: float | None, expected: object) -> None:
    for hours in (6, 12, 23):
        assert lasts(after([10.0] * hours), left, resets_in=resets_in) == expected


@pytest.mark.parametrize("hours", [6, 12, 20])
def test_on_the_first_day_the_last_three_hours_count_if_they_consumed_more(hours: int) -> None:
    assert lasts(after([*[0.5] * hours, *[10.0] * 3]), 40) == (4.0, None)


def test_on_the_first_day_the_mean_counts_if_the_last_three_hours_consumed_less() -> None:
    assert lasts(after([*[10.0] * 9, *[0.0] * 3]), 45) == (6.0, None)


def test_from_the_second_day_on_any_end_is_forecast_and_from_the_fourth_on_a_latest_one() -> None:
    assert [lasts(after([10.0] * hours), 4800) for hours in (24, 71, 72)] == [(480.0, None), (480.0, None), (480.0, 480.0)]


@pytest.mark.parametrize("amounts", [[0.0] * 48 + [900.0], [900.0, *[0.0] * 24, 900.0, *[0.0] * 24]])
def test_few_amounts_say_neither_that_it_ends_nor_that_it_lasts(amounts: list[float]) -> None:
    assert lasts(after(amounts), 5, resets_in=100) is None


@pytest.mark.parametrize("hours", [6, 24, 300])
def test_an_account_that_consumes_nothing_does_not_end(hours: int) -> None:
    assert lasts(after([0.0] * hours), 5) == (None, None)


def test_an_account_that_has_been_idle_for_more_than_a_week_does_not_end() -> None:
    assert lasts(after([*[10.0] * 100, *[0.0] * 24 * 9]), 5) == (None, None)


WORKED = [*[0.0] * 8, *[10.0] * 9, *[0.0] * 7]
"""A day in which the use begins after eight hours and ends after seventeen."""


@pytest.mark.parametrize(
    ("amounts", "left", "ends_in"),
    [
        pytest.param(WORKED, 90, None, id="a day, at night"),
        pytest.param([*WORKED, *WORKED], 90, None, id="two days, at night"),
        pytest.param([*WORKED, *WORKED, *WORKED], 90, 24.0, id="three days, at night"),
        pytest.param([*WORKED, *WORKED[:14]], 90, 24.0, id="during use"),
        pytest.param([*WORKED, *WORKED[:14]], 900, 240.0, id="during use, far ahead"),
        pytest.param([*WORKED, *WORKED[:6]], 10, 3.0, id="within twelve hours"),
    ],
)
def test_before_three_days_are_known_an_end_far_ahead_is_forecast_only_during_use(
    amounts: list[float], left: float, ends_in: float | None
) -> None:
    ends_at, _ = lasts(after(amounts), left)
    assert ends_at == (None if ends_in is None else pytest.approx(ends_in, abs=2.1))


# The days repeat


@given(st.integers(24, 230), st.integers(1, 1000), st.integers(1, 10**6), st.sampled_from([600.0, HOUR, 3 * HOUR]))
def test_steady_use_lasts_for_what_is_left_by_the_rate(steps: int, amount: int, left: int, step: float) -> None:
    consumption = after([amount] * steps, step=step)
    age, lasting = steps * step, left / amount * step
    found = forecast(consumption, quota(left), Reading())
    if age < 6 * HOUR:
        assert found is None
    elif age < DAY:
        assert found == (None if lasting >= 8 * HOUR else (pytest.approx(consumption.at + lasting, abs=1), None))
    elif lasting > HORIZON:
        assert found == NO_END
    else:
        end = pytest.approx(consumption.at + lasting, rel=1e-9)
        assert found == (end, None if age < 3 * DAY else end)


def test_a_night_and_a_weekend_are_in_the_forecast() -> None:
    """On Friday at 18:00, two and a half days of work are left: until Wednesday at 13:00, or Monday if people work at the weekend."""
    friday = after(office(12)[: 11 * 24 + 18])
    expected, latest = lasts(friday, 200)
    assert latest == pytest.approx(4 * 24 + 19, abs=2)
    assert expected == pytest.approx(2 * 24 + 19, abs=2)


def test_in_the_morning_the_night_is_not_forgotten() -> None:
    """What an hourly rate in the evening would call an end in three hours lasts until the next morning."""
    evening = after(office(11)[: 10 * 24 + 17])
    expected, latest = lasts(evening, 30)
    assert expected == pytest.approx(19, abs=2)
    assert latest is None or latest >= expected


def test_after_a_weekend_without_use_no_end_is_certain() -> None:
    sunday = after(office(14)[: 13 * 24 + 20])
    expected, latest = lasts(sunday, 120)
    assert expected is not None
    assert latest is None


def test_an_end_in_more_than_ten_years_is_none() -> None:
    assert lasts(STEADY, int(HORIZON / HOUR * 10)) == (round(HORIZON / HOUR, 1), round(HORIZON / HOUR, 1))
    assert lasts(STEADY, int(HORIZON / HOUR * 10) + 1) == (None, None)


# Use that follows the week


@pytest.mark.parametrize(
    ("days", "left", "expected"),
    [
        pytest.param(17, 300, 24 + 15, id="on Thursday, the end on Friday"),
        pytest.param(18, 300, 15, id="on Friday morning"),
        pytest.param(18, 900, 7 * 24 + 15, id="on Friday morning, the end on the next one"),
        pytest.param(19, 300, 6 * 24 + 15, id="on Saturday, the end on the next Friday"),
    ],
)
def test_after_two_weeks_the_same_days_of_the_last_week_count(days: int, left: float, expected: float) -> None:
    assert lasts(after(fridays(days)), left)[0] == pytest.approx(expected, abs=2.5)


@pytest.mark.parametrize("days", [12, 13])
def test_before_two_weeks_are_known_the_days_after_a_burst_are_expected_to_be_like_it(days: int) -> None:
    assert lasts(after(fridays(days)), 300)[0] < 5 * 24


def test_a_burst_of_every_week_does_not_go_on() -> None:
    """On Friday at 20:00, when one hour of it is to come."""
    burst = after(fridays(19)[:-4])
    assert lasts(burst, 40)[0] < 3
    assert lasts(burst, 100)[0] > 6 * 24


def test_more_than_the_same_day_of_last_week_counts_by_its_pace() -> None:
    assert lasts(after([*fridays(16), *[10.0] * 4]), 30)[0] == pytest.approx(3.5, abs=1)


def test_weeks_that_differ_count_like_days() -> None:
    fourteen_days = [float(day) for day in (0, 9, 1, 7, 0, 8, 2, 6, 1, 9, 0, 3, 8, 1)]
    other = [float(day) for day in (5, 5, 5, 5, 5, 5, 5)] + fourteen_days[7:]
    first, second = (after([amount for amount in days for _ in range(24)]) for days in (fourteen_days, other))
    assert lasts(first, 100)[0] == lasts(second, 100)[0]


# An unusual day


def test_a_day_unlike_the_others_counts_by_its_pace() -> None:
    """An ordinary day may follow: the latest end is that of the days before."""
    assert lasts(after([*[1.0] * 24 * 4, *[50.0] * 4]), 270) == (5.4, 95.6)


def test_the_pace_of_a_long_burst_counts_earlier() -> None:
    """Most bursts stop, but one that has consumed more than what is left is likely to go on."""
    long, short = after([*[1.0] * 24 * 4, *[50.0] * 12]), after([*[1.0] * 24 * 4, *[50.0] * 8])
    assert lasts(long, 425)[0] == 8.5
    assert lasts(short, 425)[0] > 24


@pytest.mark.parametrize(
    ("amounts", "left"),
    [
        pytest.param([*[1.0] * 24 * 4, *[50.0] * 8], 351, id="the pace allows seven hours"),
        pytest.param([*[1.0] * 24 * 4, *[50.0] * 12], 451, id="the pace allows nine hours"),
        pytest.param([*[1.0] * 24 * 4, *[50.0] * 4, 1.0], 270, id="the last hour allows seven hours"),
        pytest.param([*[1.0] * 24 * 4, *[50.0] * 4], 280, id="the burst consumed much less than what is left"),
        pytest.param([*([1.0] * 20 + [50.0] * 4) * 4], 300, id="every day is like that"),
        pytest.param([*[1.0] * 36, *[50.0] * 4], 300, id="too few days to tell what is usual"),
    ],
)
def test_a_fast_hour_alone_is_no_end(amounts: list[float], left: float) -> None:
    expected, _ = lasts(after(amounts), left)
    assert expected > 7.1


def test_the_latest_end_is_not_before_that_of_the_last_three_hours() -> None:
    slow = after([*[10.0] * 24 * 5, *[2.0] * 3])
    expected, latest = lasts(slow, 60)
    assert (expected, latest) == (pytest.approx(6, abs=1), 30.0)


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


# Any amounts


AMOUNTS = st.sampled_from(["0", "5e-324", "1e-300", "0.1", "1", "3", "1e17", "1e300", "1e308"])
LEFT = st.sampled_from(["1e-400", "5e-324", "1e-300", "0.1", "1", "7", "1e17", "1e300", "1.7e308"])
TIMES = st.none() | st.floats(0, 1e12)


def consumed(amounts: list[tuple[float, str]], begin: float = MONDAY) -> Consumption:
    """Return the counters after these amounts, each after a wait."""
    used, at = Decimal(0), begin
    known = update_consumption((), [Quota("r", "u", used=used)], at, at)
    for wait, amount in amounts:
        used, at = used + Decimal(amount), at + wait
        known = update_consumption(known, [Quota("r", "u", used=used)], at, at)
    return known[0]


@given(st.lists(st.tuples(st.floats(1e-6, 2 * DAY), AMOUNTS), max_size=30), LEFT, TIMES, st.none() | LEFT)
@example([(HOUR, "5e-324")] * 30, "1.7e308", None, None)
@example([(7200.0, "1e308"), (110241.0, "1e300"), (1.0, "1e300"), (9509.0, "0")], "5e-324", None, None)
@example([(HOUR, "1e308")] * 2 + [(HOUR, "5e-324")] * 30, "5e-324", None, None)
@example([(2 * HOUR, "1e300"), (2 * HOUR, "0.1")] * 15, "1e-300", MONDAY + DAY, "1e300")
def test_no_amounts_raise_and_every_end_is_a_future_time(
    amounts: list[tuple[float, str]], left: str, resets_at: float | None, overage: str | None
) -> None:
    consumption = consumed(amounts)
    known = quota(left, resets_at=resets_at, overage_limit=None if overage is None else Decimal(overage))
    found = forecast(consumption, known, Reading())
    if found is None:
        return
    for end in found:
        assert end is None or (isfinite(end) and consumption.at <= end <= consumption.at + HORIZON)
    assert found.latest_at is None or (found.ends_at is not None and found.ends_at <= found.latest_at)
    if resets_at is not None and resets_at > consumption.at:
        assert all(end is None or end <= resets_at for end in found)


USE = st.lists(st.integers(0, 50).map(float), min_size=24, max_size=24 * 8)


@given(USE, st.integers(1, 1000), st.integers(1, 1000), st.none() | st.integers(1, 100))
def test_more_never_ends_sooner(amounts: list[float], left: int, more: int, resets_in: int | None) -> None:
    consumption = after(amounts)
    less, enough = (lasts(consumption, amount, resets_in=resets_in) for amount in (left, left + more))
    if less is not None:
        for sooner, later in zip(less, enough, strict=True):
            assert later is None or (sooner is not None and sooner <= later + 0.1)


@given(USE, st.integers(1, 1000), st.none() | st.integers(-10, 100), st.integers(-(10**8), 10**8))
def test_a_correction_of_the_clock_moves_every_end_alike(amounts: list[float], left: int, resets_in: int | None, seconds: int) -> None:
    consumption = after(amounts)
    resets_at = None if resets_in is None else consumption.at + resets_in * HOUR + 7
    moved_reset = None if resets_at is None else resets_at + seconds
    before = forecast(consumption, quota(left, resets_at=resets_at), Reading())
    moved = forecast(consumption.shifted(float(seconds)), quota(left, resets_at=moved_reset), Reading())
    if before is None:
        assert moved is None
    else:
        assert moved == tuple(end and pytest.approx(end + seconds, rel=0, abs=1) for end in before)


@given(USE, st.integers(1, 1000), st.sampled_from([1e-12, 1e-3, 1e6, 1e200]))
def test_the_unit_of_the_amounts_does_not_matter(amounts: list[float], left: int, scale: float) -> None:
    used, scaled = (consumed([(HOUR, repr(amount * factor)) for amount in amounts]) for factor in (1.0, scale))
    plain, other = (forecast(each, quota(left * factor), Reading()) for each, factor in ((used, 1.0), (scaled, scale)))
    if plain is None:
        assert other is None
    else:
        assert other == tuple(end and pytest.approx(end, rel=0, abs=10) for end in plain)


# The resources of an account


def test_the_resources_of_a_fresh_reading_are_forecast_by_their_counters_of_the_last_success() -> None:
    quotas = tuple(
        replace(quota(100), resource=name, unit=unit) for name, unit in (("a", "u"), ("b", "u"), ("c", "u"), ("a", "v"), ("d", "u"))
    )
    known = (
        replace(STEADY, resource="a"),
        replace(STEADY, resource="b", at=STEADY.at - 300),
        replace(STEADY, resource="d", history=after([1.0]).history),
        replace(STEADY, resource="idle"),
    )
    reading = Reading(quotas)
    entry = Entry(reading, last_success_at=STEADY.at, consumption=known)
    end = STEADY.at + 10 * HOUR
    [(found, ends)] = [each for each in forecasts(entry, reading, {}) if each[0].resource != "d"]
    assert (found, *ends) == (quotas[0], pytest.approx(end), pytest.approx(end))
    assert list(forecasts(entry, None, {})) == []
    assert list(forecasts(replace(entry, last_success_at=None), reading, {})) == []


def test_a_resource_that_is_not_expected_to_end_is_among_the_forecasts() -> None:
    reading = replace(RELOADING, quotas=(quota(100),))
    entry = Entry(reading, last_success_at=STEADY.at, consumption=(STEADY,))
    assert list(forecasts(entry, reading, {})) == [(quota(100), NO_END)]
