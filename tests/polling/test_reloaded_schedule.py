"""A reload polls no account sooner than its interval, and disturbs no account that it does not change."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds
from tests.polling.support import RecordingClient, Time, job, running

KEY: Final = AccountKey("liveavatar", "demo")


def failing(_: Job) -> Reading:
    raise PollError(Reason.SERVER_ERROR, "HTTP 500")


async def test_a_reload_does_not_disturb_unchanged_accounts(time: Time, vendor: RecordingClient) -> None:
    names = [f"account {number}" for number in range(5)]
    async with running(vendor, [job(60, name) for name in names], time.clock) as polling:
        await time.run(30)
        tasks = {key: task for key, (_, task) in polling.scheduler._tasks.items()}
        polling.reload(*(job(60, name) for name in reversed(names)), job(60, "new"))
        assert {key: task for key, (_, task) in polling.scheduler._tasks.items() if key.account != "new"} == tasks
        await time.run(150)
    for name in names:
        first, *others = vendor.starts(name)
        assert others == pytest.approx([first + 60, first + 120], abs=1e-4)


@pytest.mark.parametrize(
    ("former", "later", "at", "expected"),
    [(300, 60, 10, 60), (300, 60, 200, 200), (60, 300, 10, 300), (60, 300, 59, 300), (300, 300, 10, 300), (300, 1, 0.5, 1)],
)
async def test_a_new_interval_starts_at_the_last_poll(
    time: Time, vendor: RecordingClient, former: float, later: float, at: float, expected: float
) -> None:
    async with running(vendor, [job(former)], time.clock) as polling:
        await time.run(at)
        polling.reload(job(later))
        await time.run(expected - at + later + 0.5)
    assert vendor.starts() == pytest.approx([0, expected, expected + later], abs=1e-4)


async def test_a_removed_account_is_not_polled_and_not_shown_and_a_new_one_is_polled(time: Time, vendor: RecordingClient) -> None:
    async with running(vendor, [job(60)], time.clock) as polling:
        await time.run(30)
        polling.reload(job(60, "new"))
        await time.run(100)
        assert [each.key.account for each in polling.store.snapshot().accounts] == ["new"]
    assert vendor.starts() == [0]
    assert vendor.starts("new") == [30, 90]


async def test_an_account_that_is_added_to_many_is_polled_at_once(time: Time, vendor: RecordingClient) -> None:
    many = [job(60, f"account-{number}") for number in range(500)]
    async with running(vendor, many, time.clock) as polling:
        await time.run(70)
        polling.reload(*many, job(60, "new"))
        await time.run(1)
    assert vendor.starts("new") == [70]


@pytest.mark.parametrize("interval", [10.0, 60.0, 300.0])
async def test_a_poll_that_a_reload_cancels_is_not_repeated(time: Time, interval: float) -> None:
    vendor = RecordingClient(time, lasts=5.0)
    async with running(vendor, [job(60)], time.clock) as polling:
        await time.run(2)
        polling.reload(job(interval, labels={"team": "video"}))
        await time.run(interval)
        assert polling.store[KEY].polls == 0
    assert vendor.starts() == pytest.approx([0, interval], abs=1e-4)
    assert vendor.under_way == 0


async def test_an_account_that_is_removed_during_a_poll_is_not_stored(time: Time) -> None:
    vendor = RecordingClient(time, lasts=5.0)
    async with running(vendor, [job(60), job(60, "other")], time.clock) as polling:
        await time.run(2)
        polling.reload(job(60, "other"))
        await time.run(30)
        assert [(each.key.account, each.entry.polls) for each in polling.store.snapshot().accounts] == [("other", 1)]


@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize("answer", [failing, lambda _: Reading()], ids=["failing", "good"])
async def test_two_hundred_reloads_in_a_row_cause_no_poll(
    time: Time,
    vendor: RecordingClient,
    changed: bool,  # noqa: FBT001 -- a case
    answer: Callable[[Job], Reading],
) -> None:
    vendor.answer = answer
    async with running(vendor, [job(60)], time.clock) as polling:
        await time.run(1)
        for number in range(200):
            polling.reload(job(60, labels={"reload": str(number * changed)}))
            await time.run(0.25)
        assert vendor.starts() == [0]
        await time.run(10)
        assert vendor.starts() == [0, 60]


async def test_a_changed_label_does_not_change_the_schedule(time: Time, vendor: RecordingClient) -> None:
    names = [f"account {number}" for number in range(100)]
    async with running(vendor, [job(20, name) for name in names], time.clock) as polling:
        await time.run(25)
        polling.reload(*(job(20, name, labels={"team": "video"}) for name in names))
        await time.run(14)
    for name in names:
        first, second, *_ = vendor.starts(name)
        assert second == pytest.approx(first + 20, abs=1e-4)


async def test_a_longer_interval_also_applies_if_polls_fail(time: Time, vendor: RecordingClient) -> None:
    vendor.answer = failing
    async with running(vendor, [job(60)], time.clock) as polling:
        await time.run(10)
        polling.reload(job(600))
        await time.run(595)
    assert vendor.starts() == [0, 600]


async def test_a_shorter_interval_is_at_least_the_minimum_interval(time: Time, vendor: RecordingClient) -> None:
    vendor.answer = lambda _: Reading(quotas=(Quota("credits", "credits", remaining=Decimal(1), limit=Decimal(1000)),))
    async with running(vendor, [job(300, min_interval=Seconds(30.0))], time.clock) as polling:
        await time.run(5)
        polling.reload(job(60, min_interval=Seconds(30.0)))
        await time.run(24)
    assert vendor.starts() == [0]


async def test_a_short_limit_for_retry_after_does_not_cut_the_interval(time: Time, vendor: RecordingClient) -> None:
    def busy(_: Job) -> Reading:
        raise PollError(Reason.RATE_LIMITED, "HTTP 429", Seconds(7.0))

    vendor.answer = busy
    async with running(vendor, [job(3600, max_retry_after=Seconds(600.0))], time.clock) as polling:
        await time.run(60)
        polling.reload(job(3600, max_retry_after=Seconds(600.0), labels={"team": "video"}))
        await time.run(3500)
    assert vendor.starts() == [0]


STEPS = st.lists(
    st.tuples(st.dictionaries(st.sampled_from("abc"), st.sampled_from([2.0, 7.0, 30.0, 90.0]), min_size=1), st.integers(0, 40)),
    min_size=1,
    max_size=12,
)


async def follow(steps: list[tuple[dict[str, float], int]], vendor: RecordingClient, time: Time) -> None:
    """Check all gaps between polls. An account that was removed and added again is a new one."""
    ended: dict[str, list[int]] = {}
    async with running(vendor, [], time.clock) as polling:
        for intervals, seconds in steps:
            for gone in {key.account for key in polling.scheduler._tasks} - set(intervals):
                ended.setdefault(gone, []).append(len(vendor.polls))
            polling.reload(*(job(interval, name) for name, interval in sorted(intervals.items())))
            await time.run(seconds)
    for name in "abc":
        polls = [(number, start, job) for number, (account, start, job) in enumerate(vendor.polls) if account == name]
        for (number, before, _), (later, after, planned) in itertools.pairwise(polls):
            if not any(number < end <= later for end in ended.get(name, [])):
                assert after - before >= planned.settings.interval - 1e-6, (name, before, after)


@settings(max_examples=60)
@given(STEPS, st.sampled_from([0.0, 1.5, 9.0]))
async def test_no_sequence_of_reloads_polls_an_account_sooner_than_its_interval(
    steps: list[tuple[dict[str, float], int]], lasts: float
) -> None:
    time = Time()
    await follow(steps, RecordingClient(time, lasts), time)


@settings(max_examples=60, derandomize=True, database=None)
@given(STEPS, st.sampled_from([0.0, 1.5, 9.0]))
async def test_no_sequence_of_reloads_polls_a_failing_account_sooner_than_its_interval(
    steps: list[tuple[dict[str, float], int]], lasts: float
) -> None:
    time = Time(chance=0.3)
    await follow(steps, RecordingClient(time, lasts, failing), time)
