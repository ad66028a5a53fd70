"""After a restart or a suspension no account is polled too early, and not all at once."""

from __future__ import annotations

from typing import Any, Final

import pytest

from exporter.accounts.entry import Entry, Record, Schedule
from exporter.accounts.store import Store
from exporter.config.job import Job
from exporter.model import AccountKey, Seconds
from exporter.polling.intervals import START_RATE
from tests.polling.support import RecordingClient, Time, job, running
from tests.support import NOW

KEY: Final = AccountKey("liveavatar", "demo")


def resumed(job: Job, time: Time, begun_at: float | None = None, **known: Any) -> Store:
    """The store of a daemon after a restart."""
    return Store([job], [float("inf")], time.clock, {job.key: Record(Entry(**known), Schedule(begun_at))})


async def first_poll(time: Time, vendor: RecordingClient, job: Job, within: float, **known: Any) -> float | None:
    async with running(vendor, [job], time.clock, resumed(job, time, **known)):
        await time.run(within)
    return next(iter(vendor.starts()), None)


@pytest.mark.parametrize(
    ("interval", "last", "known", "expected"),
    [
        (300, -10, {}, 290),
        (300, -299, {}, 1),
        (300, -400, {}, 0),
        (300, -300, {}, 0),
        (600, -30, {}, 570),
        (300, -10, {"limited_until": NOW + 890, "failures": 1}, 890),
        (300, -10, {"failures": 9}, 290),
    ],
)
async def test_a_restart_polls_no_sooner_than_the_last_poll_allows(
    time: Time, vendor: RecordingClient, interval: float, last: float, known: dict[str, Any], expected: float
) -> None:
    start = await first_poll(time, vendor, job(interval), 1000, begun_at=NOW + last, **known)
    assert start == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "known", "expected"),
    [
        ({}, {}, 300),
        ({}, {"failures": 3}, 900),
        ({}, {"limited_until": NOW + 1e8}, 300),
        ({"max_retry_after": Seconds(1200.0)}, {"limited_until": NOW + 1e8}, 300),
    ],
)
async def test_a_stored_time_in_the_far_future_is_ignored(
    time: Time, vendor: RecordingClient, changes: dict[str, Any], known: dict[str, Any], expected: float
) -> None:
    """The clock was wrong when this was stored."""
    start = await first_poll(time, vendor, job(300, **changes), 90_000, begun_at=NOW + 1e8, **known)
    assert start == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("changes", "expected"), [({}, 86_400), ({"max_retry_after": Seconds(1200.0)}, 1200)])
async def test_a_wait_is_no_longer_than_the_configuration_allows(
    time: Time, vendor: RecordingClient, changes: dict[str, Any], expected: float
) -> None:
    start = await first_poll(time, vendor, job(300, **changes), 90_000, begun_at=NOW - 30, limited_until=NOW + 1e8)
    assert start == pytest.approx(expected, abs=1e-4)


async def test_restarts_in_a_row_cause_no_poll(time: Time, vendor: RecordingClient) -> None:
    kept: dict[str, Any] = {}
    for _ in range(20):
        store = resumed(job(300), time, **kept)
        async with running(vendor, [job(300)], time.clock, store):
            await time.run(2)
        kept = {"begun_at": store.schedule(KEY).begun_at, "failures": store[KEY].failures, "limited_until": store[KEY].limited_until}
    assert vendor.starts() == [0]


async def test_polls_are_spread_after_the_machine_was_suspended(time: Time, vendor: RecordingClient) -> None:
    many = [job(300, f"account-{number}") for number in range(500)]
    async with running(vendor, many, time.clock):
        await time.run(300)
        before = len(vendor.polls)
        time.now += 30 * 86_400
        resumed = time.now
        await time.run(600)
    starts = sorted(at - resumed for _, at, _ in vendor.polls[before:])
    assert len(starts) in range(1_000, 1_600)
    busiest = max(sum(start <= at < start + 1 for at in starts) for start in range(600))
    assert busiest < 3 * START_RATE
