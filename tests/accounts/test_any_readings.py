"""The counters after any sequence of readings: they never fall, they are the true sums, and they continue after a restart."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.accounts.consumption import Burn, Consumption, burn, update_consumption
from exporter.accounts.entry import Entry, Record
from exporter.accounts.history import DAY
from exporter.accounts.state_file import StateFile
from exporter.model import AccountKey, Quota
from tests.accounts.readings import HOUR, SOON, START, STEP, counters, quota

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
def test_counters_never_fall_and_no_readings_raise(readings: list[tuple[float, list[Quota]]]) -> None:
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
    known = counters(*(quotas for _, quotas in readings))
    at = START + len(readings) * STEP
    quotas = readings[-1][1] if readings else []
    again = update_consumption(known, quotas, at, at)
    assert [(consumption.consumed, consumption.replenished) for consumption in again] == [
        (consumption.consumed, consumption.replenished) for consumption in known
    ]


class Event(NamedTuple):
    """A change between two polls of an account with 1000 per period."""

    kind: str
    amount: Decimal


EVENTS = st.lists(st.builds(Event, st.sampled_from(["spend", "top up", "renew"]), st.decimals(0, 400, places=6)), max_size=30)


@given(EVENTS, st.sampled_from(["all", "used", "remaining"]))
@settings(deadline=None)
def test_the_counters_are_the_true_sums(events: list[Event], shown: str) -> None:
    """If each event has a poll of its own, the counters are exact, whichever values the vendor sends."""
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


def test_counters_continue_after_a_restart(tmp_path: Path) -> None:
    key, path = AccountKey("p", "a"), tmp_path / "state.db"
    file = StateFile.open(path)
    file.save(key, Record(Entry(consumption=counters(quota("0.1", resets_at=SOON + DAY), quota("0.3", resets_at=SOON + DAY)))))
    file.close()
    file = StateFile.open(path)
    known = file.load()[key].entry.consumption
    file.close()
    [consumption] = update_consumption(known, [quota("0.7")], START + HOUR, START + HOUR)
    assert (str(consumption.consumed), consumption.since, consumption.readings) == ("0.6", START, 3)
    assert burn(consumption) == Burn(0.6 / HOUR, HOUR)
