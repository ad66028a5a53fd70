"""The interval is shorter near an event: an end, a reset, a threshold."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.accounts.entry import Entry
from exporter.clock import Clock
from exporter.model import Quota, Reading, Seconds, Threshold
from exporter.polling.adaptive import adaptive_interval
from tests.polling.support import ONE_VENDOR, RecordingClient, Time, running
from tests.support import NOW, make_job


def quota(remaining: str | int | Decimal | None, *, limit: int | None = None, unit: str = "credits", **changes: Any) -> Quota:
    amounts: dict[str, Any] = {
        name: None if value is None else Decimal(value) for name, value in (("remaining", remaining), ("limit", limit))
    }
    return replace(Quota("credits", unit, **amounts), **changes)


def interval_after(now: Quota | None, before: Quota | None = None, *, ago: float = 300.0, **changes: Any) -> float:
    """The interval after a poll that read `now`, if the previous one had read `before`."""
    job = make_job(ONE_VENDOR, **{"min_interval": Seconds(30.0), **changes})
    known = Entry()
    if before is not None:
        known = replace(known, reading=Reading(quotas=(before,)), last_success_at=NOW - ago)
    return adaptive_interval(job.settings, Reading(quotas=(now,) if now else ()), known, NOW, NOW)


CASES: dict[str, tuple[Quota | None, Quota | None, float]] = {
    "nothing is known": (None, None, 300),
    "the first reading": (quota(100), None, 300),
    "nothing was used": (quota(100), quota(100), 300),
    "slow use": (quota(100), quota(101), 300),
    "empty in an hour and a half": (quota(1800), quota(1900), 300),
    "empty in 2000 s": (quota(2000), quota(2300), 200),
    "empty in 1000 s": (quota(1000), quota(1300), 100),
    "empty in a minute": (quota(60), quota(360), 30),
    "a top-up": (quota(500), quota(10), 300),
    "the last was used": (quota(0), quota(300), 300),
    "overdrawn": (quota(-50), quota(300), 300),
    "a low share": (quota(99, limit=1000), None, 30),
    "a low share of what is held": (quota(2, limit=30, unit="slots"), None, 300),
    "just not a low share": (quota(100, limit=1000), None, 300),
    "nothing left of a limit": (quota(0, limit=1000), None, 300),
    "overdrawn beyond a limit": (quota(-1, limit=1000), None, 300),
    "a limit of zero": (quota(1, limit=0), None, 300),
    "a reset in 1000 s": (quota(5, resets_at=NOW + 1000), None, 100),
    "a reset in a minute": (quota(5, resets_at=NOW + 60), None, 30),
    "a reset in a month": (quota(5, resets_at=NOW + 2_592_000), None, 300),
    "a reset in the past": (quota(5, resets_at=NOW - 60), None, 300),
    "a reset of what is empty": (quota(0, resets_at=NOW + 1000), None, 100),
    "a reset alone": (quota(None, resets_at=NOW + 1000), None, 100),
    "a reset comes before the end": (quota(2000, resets_at=NOW + 1000), quota(2300), 100),
    "the end comes before a reset": (quota(1000, resets_at=NOW + 2000), quota(1300), 100),
    "unlimited": (quota(1, limit=1000, unlimited=True), quota(301), 300),
    "another unit": (quota(60, unit="usd"), quota(360), 300),
    "the amount is new": (quota(60), quota(None, limit=5), 300),
    "the amount is gone": (quota(None, limit=5), quota(60), 300),
}


@pytest.mark.parametrize(("now", "before", "interval"), CASES.values(), ids=CASES)
def test_the_interval_is_shorter_near_an_event(now: Quota | None, before: Quota | None, interval: float) -> None:
    assert interval_after(now, before) == pytest.approx(interval)


@pytest.mark.parametrize(("now", "before"), [case[:2] for case in CASES.values()], ids=CASES)
def test_an_account_without_a_minimum_interval_keeps_its_interval(now: Quota | None, before: Quota | None) -> None:
    assert interval_after(now, before, min_interval=None) == 300


def floor(amount: str | int, resource: str = "credits", severity: str = "warning") -> Threshold:
    return Threshold(resource, severity, amount=Decimal(amount))


def floor_share(share: str, resource: str = "credits") -> Threshold:
    return Threshold(resource, "warning", share=Decimal(share))


FLOORED: dict[str, tuple[Quota | None, Quota | None, tuple[Threshold, ...], float]] = {
    "below the threshold": (quota(49), None, (floor(50),), 30),
    "at the threshold": (quota(50), None, (floor(50),), 300),
    "above the threshold": (quota(51), None, (floor(50),), 300),
    "below the higher of two": (quota(49), None, (floor(50), floor(10, severity="critical")), 30),
    "below the critical one alone": (quota(9), None, (floor(10, severity="critical"),), 30),
    "below a share": (quota(199, limit=1000), None, (floor_share("0.2"),), 30),
    "below a share of all resources": (quota(199, limit=1000), None, (floor_share("0.2", "*"),), 30),
    "below a share of a limit that is not known": (quota(199), None, (floor_share("0.2"),), 300),
    "the own one counts before the one of all": (quota(199, limit=1000), None, (floor_share("0.2", "*"), floor(150)), 300),
    "another resource's": (quota(49), None, (floor(50, "other"),), 300),
    "a low share that the operator does not mind": (quota(99, limit=1000), None, (floor(50),), 300),
    "a low share with another resource's threshold": (quota(99, limit=1000), None, (floor(50, "other"),), 30),
    "at the threshold in 1000 s": (quota(1500), quota(1800), (floor(500),), 100),
    "at the threshold in a minute": (quota(560), quota(860), (floor(500),), 30),
    "at the nearer of two in 1000 s": (quota(1500), quota(1800), (floor(500), floor(100, severity="critical")), 100),
    "at the one that is left in 1000 s": (quota(1100, unlimited=True), quota(1400), (floor(100),), 100),
    "at zero, which is the end": (quota(1000), quota(1300), (floor(0),), 100),
    "no use above the threshold": (quota(1500), quota(1500), (floor(500),), 300),
    "nothing left": (quota(0), quota(300), (floor(50),), 300),
    "overdrawn": (quota(-5), quota(300), (floor(50),), 300),
    "below the threshold without an end": (quota(49, unlimited=True), None, (floor(50),), 30),
    "the remaining amount is unknown": (quota(None, limit=5), None, (floor(50),), 300),
}


@pytest.mark.parametrize(("now", "before", "thresholds", "interval"), FLOORED.values(), ids=FLOORED)
def test_the_interval_is_shorter_near_the_operators_threshold(
    now: Quota | None, before: Quota | None, thresholds: tuple[Threshold, ...], interval: float
) -> None:
    assert interval_after(now, before, thresholds=thresholds) == pytest.approx(interval)


def test_the_soonest_event_of_all_resources_is_used() -> None:
    job = make_job(ONE_VENDOR, min_interval=Seconds(30.0))
    reading = Reading(quotas=(quota(5), replace(quota(5), resource="other", resets_at=NOW + 700)))
    assert adaptive_interval(job.settings, reading, Entry(), NOW, NOW) == 70


def test_a_gap_between_the_readings_counts_with_its_length() -> None:
    assert interval_after(quota(1000), quota(1600), ago=600.0) == pytest.approx(100)


def test_a_minimum_interval_above_the_interval_changes_nothing() -> None:
    assert interval_after(quota(1, limit=1000), min_interval=Seconds(900.0)) == 300


def test_very_small_amounts_are_valid() -> None:
    assert 30 <= interval_after(quota("1e-400"), quota("2e-400")) <= 300


AMOUNTS = st.none() | st.decimals(-(10**12), 10**12, places=4)


QUOTAS = st.builds(
    quota, AMOUNTS, limit=st.none() | st.integers(-1, 10**9), unit=st.sampled_from(["credits", "usd"]), unlimited=st.booleans(),
    resets_at=st.none() | st.floats(1, 1e11),
)  # fmt: skip


FLOORS = st.lists(st.builds(floor, st.integers(0, 10**15), st.sampled_from(["credits", "*"])), max_size=2).map(tuple)


@given(QUOTAS, st.none() | QUOTAS, FLOORS, st.floats(0.001, 1e7), st.lists(st.floats(1, 1e5), min_size=2, max_size=2))
def test_the_interval_stays_between_its_bounds(
    now: Quota, before: Quota | None, thresholds: tuple[Threshold, ...], ago: float, bounds: list[float]
) -> None:
    smallest, interval = Seconds(min(bounds)), Seconds(max(bounds))
    assert smallest <= interval_after(now, before, ago=ago, interval=interval, min_interval=smallest, thresholds=thresholds) <= interval


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(0, 10**9), st.floats(1, 1e6))
def test_an_event_that_is_closer_never_lengthens_the_interval(less: int, more: int, used: int, ago: float) -> None:
    less, more = sorted((less, more))
    assert interval_after(quota(less), quota(less + used), ago=ago) <= interval_after(quota(more), quota(more + used), ago=ago) + 1e-6
    assert (
        interval_after(quota(more), quota(more + used + less), ago=ago) <= interval_after(quota(more), quota(more + used), ago=ago) + 1e-6
    )
    assert interval_after(quota(less, limit=10**9)) <= interval_after(quota(more, limit=10**9))
    assert interval_after(quota(1, resets_at=NOW + less)) <= interval_after(quota(1, resets_at=NOW + more))


async def test_the_time_to_a_reset_uses_the_corrected_clock() -> None:
    time, shift = Time(), -21_600.0
    clock = Clock(wall=lambda: time.wall() + shift, monotonic=lambda: time.now, sleep=time.clock.sleep, random=lambda: 0.0)
    shift = 0.0
    vendor = RecordingClient(time, answer=lambda _: Reading(quotas=(quota(5, resets_at=NOW + 1000),)))
    async with running(vendor, [make_job(ONE_VENDOR, min_interval=Seconds(30.0))], clock):
        await time.run(150)
    assert vendor.starts() == [0, 100]
