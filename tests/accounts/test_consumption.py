"""What consecutive readings tell of consumption: exactly, never negative, and no more than two numbers can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exporter.accounts.consumption import HOUR, MAX_IDLE, WINDOW, Burn, Checkpoint, Consumption, burn, update_consumption
from exporter.accounts.entry import Entry, Record
from exporter.accounts.persistence import StateFile
from exporter.accounts.records import decode, encode
from exporter.model import AccountKey, Quota, is_storable

START, STEP, DAY = 1_000_000.0, 300.0, 86_400.0
SOON = START + 200
"""An end of the period that the second reading has behind itself."""


def told(
    used: object = None,
    remaining: object = None,
    limit: object = None,
    resets_at: float | None = None,
    *,
    unit: str = "u",
    resource: str = "r",
) -> Quota:
    used, remaining, limit = (None if part is None else Decimal(str(part)) for part in (used, remaining, limit))
    return Quota(resource, unit, used=used, remaining=remaining, limit=limit, resets_at=resets_at)


def kept(*readings: Quota | Sequence[Quota], step: float = STEP, known: tuple[Consumption, ...] = ()) -> tuple[Consumption, ...]:
    """The counters after these readings, one `step` apart."""
    for number, reading in enumerate(readings):
        at = START + number * step
        known = update_consumption(known, [reading] if isinstance(reading, Quota) else reading, at, at)
    return known


def counted(*readings: Quota | Sequence[Quota], step: float = STEP) -> tuple[str, str]:
    """What was consumed and replenished of the only resource."""
    [consumption] = kept(*readings, step=step)
    return str(consumption.consumed), str(consumption.replenished)


def totals(known: tuple[Consumption, ...]) -> dict[str, tuple[int, int]]:
    return {consumption.unit: (int(consumption.consumed), int(consumption.replenished)) for consumption in known}


# The two counters


@pytest.mark.parametrize(
    ("former", "latter", "expected"),
    [
        pytest.param(told(10, 90, 100), told(30, 70, 100), ("20", "0"), id="consumption"),
        pytest.param(told(10, 90, 100), told(10, 90, 100), ("0", "0"), id="nothing happened"),
        pytest.param(told("0.1"), told("0.3"), ("0.2", "0"), id="decimal fractions are exact"),
        pytest.param(told(80, resets_at=SOON), told(80, resets_at=SOON), ("0", "0"), id="nothing happened at the period's end"),
        pytest.param(told(0), told(10**300 + 1), (f"1{1:0300}", "0"), id="large numbers are exact"),
        pytest.param(told(10, 90, 100), told(30, 120, 150), ("20", "50"), id="consumption and a raised limit"),
        pytest.param(told(10, 90, 100), told(30, 20, 50), ("20", "0"), id="consumption and a lowered limit"),
        pytest.param(told(500, 500), told(470, 530), ("0", "30"), id="a refund is no reset"),
        pytest.param(told(80, 20, 100), told(5, 95, 100), ("5", "80"), id="a fall to less than half is a reset"),
        pytest.param(told(80, 20, 100), told(40, 60, 100), ("40", "80"), id="a fall to half is a reset"),
        pytest.param(told(80, 20, 100), told(41, 59, 100), ("0", "39"), id="a fall to more than half is a refund"),
        pytest.param(told(80, 20, 100, SOON), told(70, 30, 100), ("70", "80"), id="a fall after the period's end is a reset"),
        pytest.param(told(80, 20, 100, START + 300), told(70, 30, 100), ("70", "80"), id="a fall at the period's end is a reset"),
        pytest.param(told(80, 20, 100, START + 301), told(70, 30, 100), ("0", "10"), id="a fall before the period's end is a refund"),
        pytest.param(told(80, 20, 100, START), told(70, 30, 100, START), ("0", "10"), id="an end that was past before is no evidence"),
        pytest.param(told(80, resets_at=START + DAY), told(70, resets_at=START + 31 * DAY), ("70", "80"), id="a new end is a new period"),
        pytest.param(
            told(80, resets_at=START + DAY), told(70, resets_at=START + DAY + STEP + 60), ("0", "10"), id="jitter is no new period"
        ),
        pytest.param(
            told(80, resets_at=START + DAY), told(70, resets_at=START + DAY + STEP + 61), ("70", "80"), id="a longer move than jitter is one"
        ),
        pytest.param(
            told(80, resets_at=START + DAY), told(70, resets_at=START + DAY + STEP), ("0", "10"), id="an end always a day ahead is none"
        ),
        pytest.param(told(80, resets_at=START + DAY), told(70, resets_at=None), ("0", "10"), id="an end that is not told any more is none"),
        pytest.param(told(-10), told(-30), ("0", "20"), id="negative use, falling"),
        pytest.param(told(10), told(-5), ("0", "15"), id="use that becomes negative"),
        pytest.param(told(80), told(5), ("5", "80"), id="only use: a reset"),
        pytest.param(told(80), told(70), ("0", "10"), id="only use: a refund"),
        pytest.param(told(10, limit=100), told(30, limit=150), ("20", "50"), id="only use: a raised limit is replenishment"),
        pytest.param(told(10, limit=100), told(30, limit=50), ("20", "0"), id="only use: a lowered limit is none"),
        pytest.param(told(10, limit=100), told(30), ("20", "0"), id="only use: a limit that is not told any more says nothing"),
        pytest.param(told(remaining=50), told(remaining=42), ("8", "0"), id="only what remains: consumption"),
        pytest.param(told(remaining=5), told(remaining=-3), ("8", "0"), id="only what remains: into overage"),
        pytest.param(told(remaining=42), told(remaining=50), ("0", "8"), id="only what remains: a top-up"),
        pytest.param(told(remaining=20, limit=100), told(remaining=97, limit=100), ("0", "77"), id="a rise within the period is a top-up"),
        pytest.param(
            told(remaining=20, limit=100, resets_at=SOON), told(remaining=97, limit=100), ("3", "80"), id="a rise at its end is the grant"
        ),
        pytest.param(
            told(remaining=20, resets_at=START + DAY), told(remaining=97, limit=100, resets_at=START + 31 * DAY), ("3", "80"),
            id="so is a rise with a new end",
        ),
        pytest.param(told(remaining=20, resets_at=SOON), told(remaining=97), ("0", "77"), id="a grant of unknown size is a top-up"),
        pytest.param(
            told(remaining=20, limit=100, resets_at=SOON), told(remaining=130, limit=100), ("0", "110"), id="more than the limit is left"
        ),
        pytest.param(
            told(remaining=120, limit=100, resets_at=SOON), told(remaining=130, limit=140), ("10", "20"), id="the limit was raised for it"
        ),
        pytest.param(
            told(remaining=120, limit=100, resets_at=SOON), told(remaining=121, limit=100), ("0", "1"), id="more than the limit was left"
        ),
        pytest.param(
            told(remaining=40, limit=100, resets_at=SOON), told(remaining=40, limit=100, resets_at=SOON), ("0", "0"),
            id="no rise at the end: the vendor is late",
        ),
        pytest.param(
            told(remaining=40, limit=100, resets_at=SOON), told(remaining=30, limit=100, resets_at=SOON), ("10", "0"),
            id="a fall at the end is consumption",
        ),
        pytest.param(told(remaining=80, limit=100), told(remaining=25, limit=50), ("5", "0"), id="only what remains: a lowered limit"),
        pytest.param(told(remaining=80, limit=100), told(remaining=70, limit=150), ("10", "0"), id="only what remains: a raised limit"),
        pytest.param(told(remaining=80, limit=100), told(remaining=75, limit=90), ("0", "0"), id="a limit that fell by more than the rest"),
        pytest.param(told(10), told(remaining=90), ("0", "0"), id="nothing in common"),
        pytest.param(told(10, 90), told(remaining=80), ("10", "0"), id="what remains stands in for use"),
        pytest.param(told(remaining=90), told(20, 80), ("10", "0"), id="and the other way round"),
        pytest.param(told(10), told(10, 90), ("0", "0"), id="what remains appears"),
    ],
)  # fmt: skip
def test_two_readings_are_counted(former: Quota, latter: Quota, expected: tuple[str, str]) -> None:
    assert counted(former, latter) == expected


def test_the_first_reading_starts_the_counters_at_0() -> None:
    [consumption] = update_consumption((), [told(10, 90, 100, SOON)], START, START)
    assert consumption == Consumption(
        "r", "u", since=START, at=START, consumed=Decimal(0), replenished=Decimal(0), used=Decimal(10), remaining=Decimal(90),
        limit=Decimal(100), resets_at=SOON, readings=1, checkpoints=(Checkpoint(START, Decimal(0)),),
    )  # fmt: skip


@pytest.mark.parametrize("quota", [told(limit=100), told(resets_at=SOON), Quota("r", "u", unlimited=True)])
def test_a_resource_without_use_or_rest_has_no_counters(quota: Quota) -> None:
    assert kept(quota, quota) == ()


def test_use_counts_where_there_is_no_limit() -> None:
    assert counted(replace(told(5), unlimited=True), replace(told(9), unlimited=True)) == ("4", "0")


def test_a_day_of_everything_adds_up() -> None:
    readings = (told(remaining=50), told(remaining=30), told(remaining=130), told(remaining=60), told(remaining=60), told(remaining=85))
    assert counted(*readings) == ("90", "125")


def test_what_was_missing_in_between_is_not_counted_twice() -> None:
    assert counted(told(10, 90), told(remaining=80), told(30, 70), told(35, 65)) == ("25", "0")


def test_a_resource_that_comes_back_continues_from_its_last_reading() -> None:
    assert counted(told(10), [], told(limit=100), told(25)) == ("15", "0")


def test_an_outage_is_one_difference_counted_when_it_is_seen() -> None:
    assert counted(told(10), told(900), step=3 * DAY) == ("890", "0")


def test_a_period_that_ended_during_an_outage_is_a_reset() -> None:
    assert counted(told(80, resets_at=START + DAY), told(70, resets_at=START + 31 * DAY), step=20 * DAY) == ("70", "80")


def test_nothing_is_concluded_across_a_change_of_the_unit() -> None:
    known = kept(
        told(remaining=50, unit="usd"), told(remaining=45, unit="usd"), told(remaining=40, unit="eur"), told(remaining=10, unit="usd")
    )
    assert totals(known) == {"usd": (5, 0), "eur": (0, 0)}
    assert totals(kept(told(remaining=9, unit="usd"), known=known)) == {"usd": (6, 0), "eur": (0, 0)}


def test_resources_are_counted_apart() -> None:
    known = kept([told(1, resource="a"), told(5, resource="b")], [told(2, resource="a"), told(9, resource="b")])
    assert [(consumption.resource, int(consumption.consumed)) for consumption in known] == [("a", 1), ("b", 4)]


def test_of_two_resources_of_one_name_and_unit_the_first_counts() -> None:
    assert counted([told(1), told(50)], [told(3), told(90)]) == ("2", "0")


def test_the_wall_clock_decides_whether_a_period_has_ended() -> None:
    opened = update_consumption((), [told(80, resets_at=START + DAY)], START, START + DAY - 200)
    assert [int(consumption.consumed) for consumption in update_consumption(opened, [told(70)], START + STEP, START + DAY + 100)] == [70]
    assert [int(consumption.consumed) for consumption in update_consumption(opened, [told(70)], START + STEP, START + STEP)] == [0]


def test_a_clock_that_was_set_back_between_two_processes_costs_only_the_window() -> None:
    known = kept(told(1), told(2), told(3))
    [consumption] = update_consumption(known, [told(8)], START - DAY, START - DAY)
    assert (int(consumption.consumed), consumption.since, consumption.at, consumption.checkpoints) == (
        7,
        START - DAY,
        START - DAY,
        (Checkpoint(START - DAY, Decimal(7)),),
    )
    assert burn(consumption) is None


def test_a_vendor_that_invents_units_does_not_fill_the_memory() -> None:
    known = kept(*(told(1, unit=f"u{number}") for number in range(100)))
    assert [consumption.unit for consumption in known] == [f"u{number}" for number in range(100 - MAX_IDLE - 1, 100)]


def test_shifting_moves_the_times_of_the_polls_and_not_those_of_the_vendor() -> None:
    [consumption] = kept(told(10, resets_at=SOON), told(20, resets_at=SOON))
    moved = consumption.shifted(-50.0)
    assert (moved.since, moved.at, moved.resets_at) == (START - 50, START + STEP - 50, SOON)
    assert moved.checkpoints == (Checkpoint(START - 50, Decimal(0)),)
    assert replace(moved, since=consumption.since, at=consumption.at, checkpoints=consumption.checkpoints) == consumption


# The rate


def test_the_rate_is_known_from_the_third_reading_on() -> None:
    assert [burn(consumption) for count in (1, 2, 3) for consumption in kept(*(told(30 * number) for number in range(count)))] == [
        None, None, Burn(0.1, 600.0),
    ]  # fmt: skip


def test_readings_of_one_moment_have_no_rate() -> None:
    assert [burn(consumption) for consumption in kept(told(1), told(2), told(3), step=0.0)] == [None]


def test_the_rate_is_that_of_the_last_day() -> None:
    hours = [told(10 * number) for number in range(30)] + [told(290 + number) for number in range(24)]
    [consumption] = kept(*hours, step=HOUR)
    assert burn(consumption) == Burn(23.0 / DAY, DAY)
    assert len(consumption.checkpoints) == 25


def test_a_top_up_does_not_hide_the_rate() -> None:
    [consumption] = kept(told(remaining=50), told(remaining=20), told(remaining=120), told(remaining=90))
    assert burn(consumption) == Burn(60 / 900, 900.0)


def test_the_rate_starts_again_after_readings_that_cannot_be_compared() -> None:
    known = kept(told(0), told(30), told(60), told(remaining=9), told(remaining=8))
    assert [burn(consumption) for consumption in known] == [None]
    assert [
        burn(consumption) for consumption in kept(told(0), told(30), told(60), told(remaining=9), told(remaining=8), told(remaining=7))
    ] == [Burn(2 / 600, 600.0)]


def test_a_rate_beyond_every_double_is_unknown() -> None:
    assert [burn(consumption) for consumption in kept(told("-1.7e308"), told(0), told("1.7e308"), step=1e-3)] == [None]


@given(st.lists(st.floats(1.0, 2 * DAY), min_size=1, max_size=120))
def test_marks_are_few_an_hour_apart_and_begin_the_window(waits: list[float]) -> None:
    known, at = kept(told(0)), START
    for number, wait in enumerate(waits):
        at += wait
        known = update_consumption(known, [told(number)], at, at)
        [consumption] = known
        ages = [at - mark.at for mark in consumption.checkpoints]
        assert 1 <= len(ages) <= 25
        assert all(later - sooner <= -HOUR for sooner, later in pairwise(ages))
        assert all(age < WINDOW for age in ages[1:])
        assert ages[0] >= min(WINDOW, at - START) - 1e-3


# Any readings


AMOUNTS = st.decimals(-Decimal("1.7e308"), Decimal("1.7e308"), allow_nan=False, allow_infinity=False) | st.sampled_from(
    [Decimal(0), Decimal(1), Decimal("1e300"), Decimal("1e-300"), Decimal("1e-99999999"), Decimal("-0"), Decimal("0." + "3" * 999)]
)
QUOTAS = st.builds(
    Quota,
    st.sampled_from(["r", "s"]),
    st.sampled_from(["u", "v"]),
    remaining=st.none() | AMOUNTS,
    used=st.none() | AMOUNTS,
    limit=st.none() | AMOUNTS,
    unlimited=st.booleans(),
    resets_at=st.none() | st.floats(START - DAY, START + 4 * DAY),
)
READINGS = st.lists(st.tuples(st.floats(-STEP, DAY), st.lists(QUOTAS, max_size=3)), max_size=8)


@given(READINGS)
def test_counters_never_fall_and_nothing_raises_whatever_comes(readings: list[tuple[float, list[Quota]]]) -> None:
    known: tuple[Consumption, ...] = ()
    at = START
    for wait, quotas in readings:
        at += wait
        before = {(consumption.resource, consumption.unit): consumption for consumption in known}
        known = update_consumption(known, quotas, at, at)
        after = {(consumption.resource, consumption.unit): consumption for consumption in known}
        assert len(after) == len(known)
        assert (
            before.keys() | {(quota.resource, quota.unit) for quota in quotas if (quota.used, quota.remaining) != (None, None)}
            == after.keys()
        )
        for key, consumption in after.items():
            former = before.get(key, Consumption(*key, since=at, at=at))
            assert former.consumed <= consumption.consumed
            assert former.replenished <= consumption.replenished
            assert (rate := burn(consumption)) is None or rate.rate >= 0


@given(READINGS)
def test_an_equal_reading_counts_nothing(readings: list[tuple[float, list[Quota]]]) -> None:
    known = kept(*(quotas for _, quotas in readings))
    at = START + len(readings) * STEP
    quotas = readings[-1][1] if readings else []
    again = update_consumption(known, quotas, at, at)
    assert [(consumption.consumed, consumption.replenished) for consumption in again] == [
        (consumption.consumed, consumption.replenished) for consumption in known
    ]


@given(READINGS)
def test_counters_are_restored_exactly(readings: list[tuple[float, list[Quota]]]) -> None:
    entry = Entry(consumption=kept(*(quotas for _, quotas in readings)))
    assume(
        all(
            is_storable(amount)
            for each in entry.consumption
            for amount in (each.used, each.remaining, each.limit, each.consumed, each.replenished)
            if amount is not None
        )
    )
    read = decode(b"p", b"a", None, None, encode(entry).encode())
    assert read is not None
    assert repr(read[1].entry) == repr(entry)


class Event(NamedTuple):
    """What happened between two polls of an account that has 1000 a period."""

    kind: str
    amount: Decimal


EVENTS = st.lists(st.builds(Event, st.sampled_from(["spend", "top up", "renew"]), st.decimals(0, 400, places=6)), max_size=30)


@given(EVENTS, st.sampled_from(["all", "used", "remaining"]))
@settings(deadline=None)
def test_what_really_happened_is_what_was_seen(events: list[Event], shown: str) -> None:
    """Where each event has a poll of its own, every way of telling gives the true sums, and they are conserved."""
    used, granted, ends, spent, added = Decimal(0), Decimal(1000), START + DAY, Decimal(0), Decimal(0)
    known: tuple[Consumption, ...] = ()
    for number, event in enumerate([Event("spend", Decimal(0)), *events]):
        at = START + number * STEP
        if event.kind == "spend":
            used, spent = used + event.amount, spent + event.amount
        elif event.kind == "top up":
            granted, added = granted + event.amount, added + event.amount
        else:
            added, used, ends = added + used, Decimal(0), ends + 30 * DAY
        quota = Quota("r", "u", used=used, remaining=granted - used, limit=granted, resets_at=ends)
        if shown == "used":
            quota = replace(quota, remaining=None)
        elif shown == "remaining":
            quota = replace(quota, used=None, limit=None)
        known = update_consumption(known, [quota], at, at)
    [consumption] = known
    assert (consumption.consumed, consumption.replenished) == (spent, added)
    assert consumption.replenished - consumption.consumed == granted - used - 1000


# A restart


def test_counters_continue_after_a_restart(tmp_path: Path) -> None:
    key, path = AccountKey("p", "a"), tmp_path / "state.db"
    file = StateFile.open(path)
    file.save(key, Record(Entry(consumption=kept(told("0.1", resets_at=SOON + DAY), told("0.3", resets_at=SOON + DAY)))))
    file.close()
    file = StateFile.open(path)
    known = file.load()[key].entry.consumption
    file.close()
    [consumption] = update_consumption(known, [told("0.7")], START + HOUR, START + HOUR)
    assert (str(consumption.consumed), consumption.since, consumption.readings) == ("0.6", START, 3)
    assert burn(consumption) == Burn(0.6 / HOUR, HOUR)
