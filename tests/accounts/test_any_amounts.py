"""A forecast is consistent for any amounts and times, and there is one for each resource of a reading."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import isfinite

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.accounts.consumption import Consumption, update_consumption
from exporter.accounts.entry import Entry
from exporter.accounts.forecast import HORIZON, NO_END, forecast, forecasts
from exporter.accounts.history import DAY
from exporter.model import Quota, Reading
from tests.accounts.uses import HOUR, MONDAY, RELOADING, STEADY, after, lasts, quota

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
