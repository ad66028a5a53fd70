"""When a resource ends: what the past days say, and when they say nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.accounts.consumption import Consumption
from exporter.accounts.forecast import HORIZON, NO_END, forecast
from exporter.accounts.history import DAY
from exporter.model import Reading
from tests.accounts.uses import HOUR, MONDAY, STEADY, after, fridays, lasts, office, quota

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
