from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.accounts.entry import Entry, Record, Schedule
from exporter.accounts.store import Store
from exporter.clock import Clock
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds, Threshold
from exporter.polling.adaptive import adaptive_interval
from exporter.polling.intervals import START_RATE
from exporter.providers.library import BUILT_IN, load_definition
from tests.polling.support import ONE_VENDOR, RecordingClient, Time, running
from tests.support import NOW, make_job

KEY: Final = AccountKey("liveavatar", "demo")


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


def test_a_threshold_does_not_shorten_the_interval_without_a_minimum_interval() -> None:
    assert interval_after(quota(49), thresholds=(floor(50),), min_interval=None) == 300


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


def job(interval: float = 300.0, account: str = "demo", **changes: Any) -> Job:
    return make_job(ONE_VENDOR, account=account, interval=Seconds(interval), **changes)


def failing(_: Job) -> Reading:
    raise PollError(Reason.SERVER_ERROR, "HTTP 500")


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def vendor(time: Time) -> RecordingClient:
    return RecordingClient(time)


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


def test_two_reads_of_a_definition_are_equal() -> None:
    former, again = (load_definition(BUILT_IN / "liveavatar.yaml") for _ in range(2))
    assert former == again


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
    vendor.answer = lambda _: Reading(quotas=(quota(1, limit=1000),))
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


def resumed(job: Job, time: Time, begun_at: float | None = None, **known: Any) -> Store:
    """The store of a daemon after a restart."""
    return Store([job], [float("inf")], time.clock, {job.key: Record(Entry(**known), Schedule(begun_at))})


async def first_poll(time: Time, vendor: RecordingClient, job: Job, within: float, **known: Any) -> float | None:
    async with running(vendor, [job], time.clock, resumed(job, time, **known)):
        await time.run(within)
    return next(iter(vendor.starts()), None)


@pytest.mark.parametrize(
    ("last", "known", "expected"),
    [
        (-10, {}, 290),
        (-299, {}, 1),
        (-400, {}, 0),
        (-300, {}, 0),
        (-10, {"limited_until": NOW + 890, "failures": 1}, 890),
        (-10, {"failures": 9}, 290),
    ],
)
async def test_a_restart_polls_no_sooner_than_the_last_poll_allows(
    time: Time, vendor: RecordingClient, last: float, known: dict[str, Any], expected: float
) -> None:
    start = await first_poll(time, vendor, job(300), 1000, begun_at=NOW + last, **known)
    assert start == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "known", "expected"),
    [
        ({}, {}, 300),
        ({}, {"failures": 3}, 300),
        ({}, {"limited_until": NOW + 1e8}, 300),
        ({"max_retry_after": Seconds(1200.0)}, {"limited_until": NOW + 1e8}, 300),
    ],
)
async def test_a_stored_time_in_the_far_future_is_ignored(
    time: Time, vendor: RecordingClient, changes: dict[str, Any], known: dict[str, Any], expected: float
) -> None:
    """The clock was wrong when this was stored."""
    [cut] = [900] if known.get("failures") else [expected]
    start = await first_poll(time, vendor, job(300, **changes), 90_000, begun_at=NOW + 1e8, **known)
    assert start == pytest.approx(cut, abs=1e-4)


@pytest.mark.parametrize(("changes", "expected"), [({}, 86_400), ({"max_retry_after": Seconds(1200.0)}, 1200)])
async def test_a_wait_is_no_longer_than_the_configuration_allows(
    time: Time, vendor: RecordingClient, changes: dict[str, Any], expected: float
) -> None:
    start = await first_poll(time, vendor, job(300, **changes), 90_000, begun_at=NOW - 30, limited_until=NOW + 1e8)
    assert start == pytest.approx(expected, abs=1e-4)


async def test_a_restart_with_a_longer_interval_polls_no_sooner_than_that(time: Time, vendor: RecordingClient) -> None:
    start = await first_poll(time, vendor, job(600), 1000, begun_at=NOW - 30)
    assert start == pytest.approx(570, abs=1e-4)


async def test_restarts_in_a_row_cause_no_poll(time: Time, vendor: RecordingClient) -> None:
    kept: dict[str, Any] = {}
    for _ in range(20):
        store = resumed(job(300), time, **kept)
        async with running(vendor, [job(300)], time.clock, store):
            await time.run(2)
        kept = {"begun_at": store.schedule(KEY).begun_at, "failures": store[KEY].failures, "limited_until": store[KEY].limited_until}
    assert vendor.starts() == [0]
