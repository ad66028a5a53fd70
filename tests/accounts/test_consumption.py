"""The consumption between consecutive readings: exact, never negative, and 0 where the readings do not prove any."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from exporter.accounts.consumption import MAX_IDLE, Burn, Consumption, burn, update_consumption
from exporter.accounts.history import DAY, EMPTY, History
from exporter.model import Quota
from tests.accounts.readings import HOUR, SOON, START, STEP, counters, quota


def overage(remaining: float) -> Quota:
    return replace(quota(remaining=remaining), overage_limit=Decimal(30))


def totals_of(*readings: Quota | Sequence[Quota], step: float = STEP) -> tuple[str, str]:
    """Return what was consumed and replenished of the only resource."""
    [consumption] = counters(*readings, step=step)
    return str(consumption.consumed), str(consumption.replenished)


def points(*known: tuple[float, float]) -> History:
    """Return a history of these times and amounts."""
    times, amounts = zip(*known, strict=True)
    return History(array("d", times), array("d", amounts))


def totals_by_unit(known: tuple[Consumption, ...]) -> dict[str, tuple[int, int]]:
    return {consumption.unit: (int(consumption.consumed), int(consumption.replenished)) for consumption in known}


# The two counters


@pytest.mark.parametrize(
    ("former", "latter", "expected"),
    [
        pytest.param(quota(10, 90, 100), quota(30, 70, 100), ("20", "0"), id="consumption"),
        pytest.param(quota(10, 90, 100), quota(10, 90, 100), ("0", "0"), id="nothing happened"),
        pytest.param(quota("0.1"), quota("0.3"), ("0.2", "0"), id="decimal fractions are exact"),
        pytest.param(quota(80, resets_at=SOON), quota(80, resets_at=SOON), ("0", "0"), id="nothing happened at the period's end"),
        pytest.param(quota(0), quota(10**300 + 1), (f"1{1:0300}", "0"), id="large numbers are exact"),
        pytest.param(quota(10, 90, 100), quota(30, 120, 150), ("20", "50"), id="consumption and a raised limit"),
        pytest.param(quota(10, 90, 100), quota(30, 20, 50), ("20", "0"), id="consumption and a lowered limit"),
        pytest.param(quota(500, 500), quota(470, 530), ("0", "30"), id="a refund is no reset"),
        pytest.param(quota(80, 20, 100), quota(5, 95, 100), ("5", "80"), id="a fall to less than half is a reset"),
        pytest.param(quota(80, 20, 100), quota(40, 60, 100), ("40", "80"), id="a fall to half is a reset"),
        pytest.param(quota(80, 20, 100), quota(41, 59, 100), ("0", "39"), id="a fall to more than half is a refund"),
        pytest.param(quota(80, 20, 100, SOON), quota(70, 30, 100), ("70", "80"), id="a fall after the period's end is a reset"),
        pytest.param(quota(80, 20, 100, START + 300), quota(70, 30, 100), ("70", "80"), id="a fall at the period's end is a reset"),
        pytest.param(quota(80, 20, 100, START + 301), quota(70, 30, 100), ("0", "10"), id="a fall before the period's end is a refund"),
        pytest.param(quota(80, 20, 100, START), quota(70, 30, 100, START), ("0", "10"), id="an end before the first reading proves nothing"),
        pytest.param(quota(80, resets_at=START + DAY), quota(70, resets_at=START + 31 * DAY), ("70", "80"), id="a new end is a new period"),
        pytest.param(
            quota(80, resets_at=START + DAY), quota(70, resets_at=START + DAY + STEP + 60), ("0", "10"), id="jitter is no new period"
        ),
        pytest.param(
            quota(80, resets_at=START + DAY), quota(70, resets_at=START + DAY + STEP + 61), ("70", "80"), id="a move longer than jitter is a new period"
        ),
        pytest.param(
            quota(80, resets_at=START + DAY), quota(70, resets_at=START + DAY + STEP), ("0", "10"), id="an end that is always a day ahead is no new period"
        ),
        pytest.param(quota(80, resets_at=START + DAY), quota(70, resets_at=None), ("0", "10"), id="an end that is absent now is no new period"),
        pytest.param(quota(-10), quota(-30), ("0", "20"), id="negative use, falling"),
        pytest.param(quota(10), quota(-5), ("0", "15"), id="use that becomes negative"),
        pytest.param(quota(80), quota(5), ("5", "80"), id="only use: a reset"),
        pytest.param(quota(80), quota(70), ("0", "10"), id="only use: a refund"),
        pytest.param(quota(10, limit=100), quota(30, limit=150), ("20", "50"), id="only use: a raised limit is replenishment"),
        pytest.param(quota(10, limit=100), quota(30, limit=50), ("20", "0"), id="only use: a lowered limit is none"),
        pytest.param(quota(10, limit=100), quota(30), ("20", "0"), id="only use: a limit that is absent now proves nothing"),
        pytest.param(quota(remaining=50), quota(remaining=42), ("8", "0"), id="only what remains: consumption"),
        pytest.param(quota(remaining=5), quota(remaining=-3), ("8", "0"), id="only what remains: into overage"),
        pytest.param(quota(remaining=42), quota(remaining=50), ("0", "8"), id="only what remains: a top-up"),
        pytest.param(quota(remaining=20, limit=100), quota(remaining=97, limit=100), ("0", "77"), id="a rise within the period is a top-up"),
        pytest.param(
            quota(remaining=20, limit=100, resets_at=SOON), quota(remaining=97, limit=100), ("3", "80"), id="a rise at its end is the grant"
        ),
        pytest.param(
            quota(remaining=20, resets_at=START + DAY), quota(remaining=97, limit=100, resets_at=START + 31 * DAY), ("3", "80"),
            id="a rise with a new end is the grant",
        ),
        pytest.param(quota(remaining=20, resets_at=SOON), quota(remaining=97), ("0", "77"), id="a grant of unknown size is a top-up"),
        pytest.param(
            quota(remaining=20, limit=100, resets_at=SOON), quota(remaining=130, limit=100), ("0", "110"), id="more than the limit is left"
        ),
        pytest.param(
            quota(remaining=120, limit=100, resets_at=SOON), quota(remaining=130, limit=140), ("10", "20"), id="the limit was raised for it"
        ),
        pytest.param(
            quota(remaining=120, limit=100, resets_at=SOON), quota(remaining=121, limit=100), ("0", "1"), id="more than the limit was left"
        ),
        pytest.param(
            quota(remaining=40, limit=100, resets_at=SOON), quota(remaining=40, limit=100, resets_at=SOON), ("0", "0"),
            id="no rise at the end: the vendor is late",
        ),
        pytest.param(
            quota(remaining=40, limit=100, resets_at=SOON), quota(remaining=30, limit=100, resets_at=SOON), ("10", "0"),
            id="a fall at the end is consumption",
        ),
        pytest.param(quota(remaining=80, limit=100), quota(remaining=25, limit=50), ("5", "0"), id="only what remains: a lowered limit"),
        pytest.param(quota(remaining=80, limit=100), quota(remaining=70, limit=150), ("10", "0"), id="only what remains: a raised limit"),
        pytest.param(quota(remaining=80, limit=100), quota(remaining=75, limit=90), ("0", "0"), id="a limit that fell by more than the rest"),
        pytest.param(quota(10), quota(remaining=90), ("0", "0"), id="nothing in common"),
        pytest.param(quota(10, 90), quota(remaining=80), ("10", "0"), id="what remains is used where use is absent"),
        pytest.param(quota(remaining=90), quota(20, 80), ("10", "0"), id="what remains is used where use appears"),
        pytest.param(quota(10), quota(10, 90), ("0", "0"), id="what remains appears"),
    ],
)  # fmt: skip
def test_two_readings_are_counted(former: Quota, latter: Quota, expected: tuple[str, str]) -> None:
    assert totals_of(former, latter) == expected


def test_the_first_reading_starts_the_counters_at_0() -> None:
    [consumption] = update_consumption((), [quota(10, 90, 100, SOON)], START, START)
    assert consumption == Consumption(
        "r", "u", since=START, at=START, consumed=Decimal(0), replenished=Decimal(0), used=Decimal(10), remaining=Decimal(90),
        limit=Decimal(100), resets_at=SOON, readings=1, history=points((START, 0)),
    )  # fmt: skip


@pytest.mark.parametrize("quota", [quota(limit=100), quota(resets_at=SOON), Quota("r", "u", unlimited=True)])
def test_a_resource_without_used_or_remaining_has_no_counters(quota: Quota) -> None:
    assert counters(quota, quota) == ()


def test_use_is_counted_without_a_limit() -> None:
    assert totals_of(replace(quota(5), unlimited=True), replace(quota(9), unlimited=True)) == ("4", "0")


def test_consumption_and_top_ups_add_up() -> None:
    readings = (
        quota(remaining=50),
        quota(remaining=30),
        quota(remaining=130),
        quota(remaining=60),
        quota(remaining=60),
        quota(remaining=85),
    )
    assert totals_of(*readings) == ("90", "125")


def test_a_value_that_was_absent_in_between_is_not_counted_twice() -> None:
    assert totals_of(quota(10, 90), quota(remaining=80), quota(30, 70), quota(35, 65)) == ("25", "0")


def test_a_resource_that_comes_back_continues_from_its_last_reading() -> None:
    assert totals_of(quota(10), [], quota(limit=100), quota(25)) == ("15", "0")


def test_an_outage_is_one_difference_counted_when_it_is_seen() -> None:
    assert totals_of(quota(10), quota(900), step=3 * DAY) == ("890", "0")


def test_a_period_that_ended_during_an_outage_is_a_reset() -> None:
    assert totals_of(quota(80, resets_at=START + DAY), quota(70, resets_at=START + 31 * DAY), step=20 * DAY) == ("70", "80")


def test_readings_in_different_units_are_not_compared() -> None:
    known = counters(
        quota(remaining=50, unit="usd"), quota(remaining=45, unit="usd"), quota(remaining=40, unit="eur"), quota(remaining=10, unit="usd")
    )
    assert totals_by_unit(known) == {"usd": (5, 0), "eur": (0, 0)}
    assert totals_by_unit(counters(quota(remaining=9, unit="usd"), known=known)) == {"usd": (6, 0), "eur": (0, 0)}


def test_a_unit_that_is_missing_beside_another_one_continues_when_it_comes_back() -> None:
    both = [quota(remaining=100, unit="usd"), quota(remaining=50, unit="cny")]
    alone = quota(remaining=90, unit="usd")
    later = [quota(remaining=30, unit="cny"), quota(remaining=85, unit="usd")]
    known = counters(both, alone, alone, later)
    assert totals_by_unit(known) == {"usd": (15, 0), "cny": (20, 0)}
    assert {consumption.readings for consumption in known} == {4, 2}


def test_an_account_that_alternates_between_two_currencies_is_never_compared_with_itself() -> None:
    usd, eur = quota(remaining=50, unit="usd"), quota(remaining=40, unit="eur")
    less = quota(remaining=5, unit="usd"), quota(remaining=4, unit="eur")
    assert totals_by_unit(counters(usd, eur, *less, usd, eur)) == {"usd": (0, 0), "eur": (0, 0)}


def test_each_resource_has_its_own_counters() -> None:
    known = counters([quota(1, resource="a"), quota(5, resource="b")], [quota(2, resource="a"), quota(9, resource="b")])
    assert [(consumption.resource, int(consumption.consumed)) for consumption in known] == [("a", 1), ("b", 4)]


def test_of_two_quotas_with_the_same_resource_and_unit_the_first_is_counted() -> None:
    assert totals_of([quota(1), quota(50)], [quota(3), quota(90)]) == ("2", "0")


def test_the_wall_clock_decides_whether_a_period_has_ended() -> None:
    opened = update_consumption((), [quota(80, resets_at=START + DAY)], START, START + DAY - 200)
    assert [int(consumption.consumed) for consumption in update_consumption(opened, [quota(70)], START + STEP, START + DAY + 100)] == [70]
    assert [int(consumption.consumed) for consumption in update_consumption(opened, [quota(70)], START + STEP, START + STEP)] == [0]


def test_a_clock_set_back_between_two_processes_loses_only_the_window() -> None:
    known = counters(quota(1), quota(2), quota(3))
    [consumption] = update_consumption(known, [quota(8)], START - DAY, START - DAY)
    assert (int(consumption.consumed), consumption.since, consumption.at, consumption.history) == (
        7,
        START - DAY,
        START - DAY,
        points((START - DAY, 7)),
    )
    assert burn(consumption) is None


def test_the_number_of_idle_units_is_limited() -> None:
    known = counters(*(quota(1, unit=f"u{number}") for number in range(100)))
    assert [consumption.unit for consumption in known] == [f"u{number}" for number in range(100 - MAX_IDLE - 1, 100)]


def test_shifting_moves_the_times_of_the_polls_and_not_those_of_the_vendor() -> None:
    [consumption] = counters(quota(10, resets_at=SOON), quota(20, resets_at=SOON))
    moved = consumption.shifted(-50.0)
    assert (moved.since, moved.at, moved.resets_at) == (START - 50, START + STEP - 50, SOON)
    assert moved.history == points((START - 50, 0))
    assert replace(moved, since=consumption.since, at=consumption.at, history=consumption.history) == consumption


# The rate


def test_the_rate_is_known_from_the_third_reading_on() -> None:
    assert [burn(consumption) for count in (1, 2, 3) for consumption in counters(*(quota(30 * number) for number in range(count)))] == [
        None, None, Burn(0.1, 600.0),
    ]  # fmt: skip


def test_readings_at_the_same_time_have_no_rate() -> None:
    assert [burn(consumption) for consumption in counters(quota(1), quota(2), quota(3), step=0.0)] == [None]


def test_the_rate_covers_the_last_day() -> None:
    hours = [quota(10 * number) for number in range(31)] + [quota(301 + number) for number in range(24)]
    [consumption] = counters(*hours, step=HOUR)
    assert burn(consumption) == Burn(24.0 / DAY, DAY)


def test_a_top_up_does_not_hide_the_rate() -> None:
    [consumption] = counters(quota(remaining=50), quota(remaining=20), quota(remaining=120), quota(remaining=90))
    assert burn(consumption) == Burn(60 / 900, 900.0)


def test_the_rate_starts_again_after_readings_that_cannot_be_compared() -> None:
    known = counters(quota(0), quota(30), quota(60), quota(remaining=9), quota(remaining=8))
    assert [burn(consumption) for consumption in known] == [None]
    assert [
        burn(consumption)
        for consumption in counters(quota(0), quota(30), quota(60), quota(remaining=9), quota(remaining=8), quota(remaining=7))
    ] == [Burn(2 / 600, 600.0)]


def test_a_rate_that_is_no_finite_double_is_unknown() -> None:
    assert [burn(consumption) for consumption in counters(quota("-1.7e308"), quota(0), quota("1.7e308"), step=1e-3)] == [None]


# The times without anything left


@pytest.mark.parametrize(
    ("readings", "empty"),
    [
        pytest.param((quota(remaining=5), quota(remaining=0), quota(remaining=0), quota(remaining=9)), (STEP, 3 * STEP), id="nothing"),
        pytest.param((quota(remaining=0), quota(remaining=-2), quota(remaining=9)), (0.0, 2 * STEP), id="less than nothing"),
        pytest.param((overage(0), overage(-20), overage(-30), overage(-30)), (2 * STEP, 3 * STEP), id="the overage is used up"),
        pytest.param((overage(0), overage(-20)), None, id="some overage is left"),
        pytest.param((quota(9), quota(9)), None, id="what remains is unknown"),
        pytest.param((quota(remaining=0, unit="v"), quota(remaining=0)), None, id="the former reading is in another unit"),
        pytest.param((quota(remaining=5), quota(remaining=0)), None, id="it is empty only now"),
    ],
)
def test_the_times_without_anything_left_are_noted(readings: Sequence[Quota], empty: tuple[float, float] | None) -> None:
    [consumption] = [each for each in counters(*readings) if each.unit == "u"]
    assert [(start - START, end - START) for start, end in consumption.history.empty] == ([empty] if empty else [])


def test_history_starts_again_after_readings_that_cannot_be_compared() -> None:
    [consumption] = counters(quota(remaining=0), quota(remaining=0), quota(used=1))
    assert consumption.history == points((START + 2 * STEP, 0))
    assert [each.history for each in counters(quota(1, unit="usd"), quota(2, unit="eur"))] == [EMPTY, points((START + STEP, 0))]
