from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.simulator.usage import Balance, Usage
from tests.simulator.support import NOW, TIMELESS

AMOUNTS = st.floats(0, 1e6)
RATES = st.floats(0.001, 1e4)
ELAPSED = st.floats(0, 1e7)
SPANS = st.floats(1, 1e7)


def test_a_balance_falls_to_its_floor_and_is_topped_up_there() -> None:
    wallet = Balance(start=42.5, rate=0.5, floor=10, top_up=50)
    assert [wallet.left(at) for at in (0, 64, 65, 66, 164, 165)] == [42.5, 10.5, 60, 59.5, 10.5, 60]


def test_a_balance_stays_at_the_floor_until_its_top_up() -> None:
    credits_ = Balance(start=40, rate=0.5, top_up=60, dry=45)
    assert [credits_.left(at) for at in (79, 80, 124, 125, 126, 244, 245, 289, 290)] == [0.5, 0, 0, 60, 59.5, 0.5, 0, 0, 60]


@pytest.mark.parametrize(
    "balance", [Balance(start=10, rate=1), Balance(start=10, rate=1, top_up=0, dry=5), Balance(start=20, rate=2, top_up=5e-324)]
)
def test_a_balance_without_top_up_stays_at_its_floor(balance: Balance) -> None:
    assert [balance.left(at) for at in (9, 10, 11, 1e9)] == [balance.rate, 0, 0, 0]


def test_a_balance_without_consumption_does_not_change() -> None:
    assert Balance(start=10, rate=0, top_up=5).left(1e9) == 10
    assert Balance(start=0, rate=0, top_up=5).left(1e9) == 0


@TIMELESS
@given(AMOUNTS, RATES, AMOUNTS, AMOUNTS, AMOUNTS, ELAPSED)
def test_a_balance_stays_between_its_floor_and_a_full_top_up(
    spare: float, rate: float, floor: float, top_up: float, dry: float, elapsed: float
) -> None:
    balance = Balance(floor + spare, rate, floor, top_up, dry)
    assert floor <= balance.left(elapsed) <= max(balance.start, floor + top_up)


@TIMELESS
@given(AMOUNTS, RATES, AMOUNTS, st.floats(1, 1e6), ELAPSED, st.floats(0, 1e4))
def test_a_balance_rises_only_by_complete_top_ups(
    spare: float, rate: float, floor: float, top_up: float, elapsed: float, later: float
) -> None:
    balance = Balance(floor + spare, rate, floor, top_up)
    change = balance.left(elapsed + later) - balance.left(elapsed) + rate * later
    scale = max(1.0, balance.start, rate * (elapsed + later))
    off = change % top_up
    assert min(off, top_up - off) == pytest.approx(0, abs=1e-9 * scale)
    assert change >= -1e-9 * scale


def test_usage_starts_again_from_zero_when_its_period_ends() -> None:
    usage = Usage(start=71_000, rate=150, first_reset=90, period=300)
    assert [usage.used(at) for at in (0, 89, 90, 91, 389, 390, 690)] == [71_000, 84_350, 0, 150, 44_850, 0, 0]


def test_the_reset_time_moves_on_when_the_period_ends() -> None:
    usage = Usage(start=0, rate=1, first_reset=90, period=300)
    assert [usage.resets_at(at, NOW + at) - NOW for at in (0, 50.5, 89.5, 90, 91, 389, 390)] == [91, 91, 91, 391, 391, 391, 691]


@TIMELESS
@given(AMOUNTS, RATES, SPANS, SPANS, ELAPSED, st.floats(0, 2e9))
def test_the_reset_time_is_always_in_the_future_and_never_a_period_away(
    start: float, rate: float, first: float, period: float, elapsed: float, now: float
) -> None:
    assert now < Usage(start, rate, first, period).resets_at(elapsed, now) <= now + max(first, period) + 1


@TIMELESS
@given(AMOUNTS, RATES, SPANS, SPANS, ELAPSED, ELAPSED)
def test_usage_grows_within_a_period_and_stays_below_the_maximum_of_a_period(
    start: float, rate: float, first: float, period: float, one: float, other: float
) -> None:
    usage = Usage(start, rate, first, period)
    earlier, later = sorted((one, other))
    if later < first:
        assert usage.used(earlier) <= usage.used(later)
    assert 0 <= usage.used(later) <= max(start + rate * first, rate * period)
