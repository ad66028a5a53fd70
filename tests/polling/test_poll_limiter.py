from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest

from exporter.client.client import Client
from exporter.config.job import Job
from exporter.daemon.poll_once import new_store
from exporter.model import Seconds
from exporter.polling.poll_limiter import PollLimiter
from exporter.polling.scheduler import Scheduler
from exporter.simulator.faults import Fault
from exporter.simulator.simulator import Simulator
from tests.polling.support import ONE_VENDOR, OTHER_VENDOR, RecordingClient, Time, running
from tests.support import PATIENCE, FakeClock, MakeJob, make_job, pass_time, secret_of, until


class BudgetUsers:
    """Accounts that share one budget; each keeps its slot for this long."""

    def __init__(self, time: Time, lasts: float = 0.0) -> None:
        self.starts: list[tuple[str, float]] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._time = time
        self._clock = time.clock
        self._lasts = lasts
        self._limiter = PollLimiter(self._clock)

    def take(self, *jobs: Job) -> None:
        self.tasks += [asyncio.create_task(self._take(job)) for job in jobs]

    async def _take(self, job: Job) -> None:
        async with self._limiter.turn(job):
            self.starts.append((job.key.account, self._time.now))
            await self._clock.sleep(self._lasts)


def jobs_of(count: int, url: str = ONE_VENDOR, provider: str = "liveavatar", **changes: object) -> list[Job]:
    return [make_job(url, provider, account=f"account {number:02}", **changes) for number in range(count)]


@pytest.mark.parametrize("cap", [1, 2, 10])
async def test_no_more_polls_run_at_one_host_than_allowed(time: Time, cap: int) -> None:
    vendor = RecordingClient(time, lasts=30.0)
    async with running(vendor, jobs_of(12, max_concurrent_requests=cap), time.clock):
        await time.run(400)
    assert vendor.peak == cap
    assert {account for account, _, _ in vendor.polls} == {job.key.account for job in jobs_of(12)}


async def test_polls_run_in_the_order_of_their_waiting_time(time: Time) -> None:
    vendor = RecordingClient(time, lasts=1.0)
    async with running(vendor, jobs_of(20, max_concurrent_requests=1, interval=Seconds(10.0)), time.clock):
        await time.run(205)
    first_round = [account for account, _, _ in vendor.polls[:20]]
    assert len(set(first_round)) == 20
    counts = [len(vendor.starts(account)) for account in first_round]
    assert max(counts) - min(counts) <= 1
    assert min(counts) >= 9


async def test_requests_are_spaced_evenly_over_the_minute(time: Time) -> None:
    users = BudgetUsers(time)
    users.take(*jobs_of(8, max_requests_per_minute=30))
    await time.run(60)
    assert users.starts == [(f"account {number:02}", 2.0 * number) for number in range(8)]


async def test_a_poll_of_two_requests_takes_two_of_them(time: Time) -> None:
    users = BudgetUsers(time)
    users.take(*jobs_of(3, provider="heygen", max_requests_per_minute=30))
    await time.run(60)
    assert [start for _, start in users.starts] == [0, 4, 8]


async def test_unused_requests_are_not_saved_up(time: Time) -> None:
    users = BudgetUsers(time)
    first, second, third = jobs_of(3, max_requests_per_minute=6)
    users.take(first)
    await time.run(100)
    users.take(second, third)
    await time.run(100)
    assert [start for _, start in users.starts] == [0, 100, 110]


async def test_each_host_has_its_own_budget_and_the_paths_of_a_host_share_it(time: Time) -> None:
    users = BudgetUsers(time)
    for number, url in enumerate([ONE_VENDOR, OTHER_VENDOR, f"{ONE_VENDOR}/gateway", f"{OTHER_VENDOR}/gateway"]):
        users.take(make_job(url, account=f"{number}", max_requests_per_minute=6))
    await time.run(60)
    assert sorted(users.starts) == [("0", 0), ("1", 0), ("2", 10), ("3", 10)]


async def test_each_provider_of_a_host_has_its_own_budget(time: Time) -> None:
    users = BudgetUsers(time)
    for number, provider in enumerate(["liveavatar", "elevenlabs", "liveavatar", "elevenlabs"]):
        users.take(make_job(ONE_VENDOR, provider, account=f"{number}", max_requests_per_minute=6))
    await time.run(60)
    assert sorted(users.starts) == [("0", 0), ("1", 0), ("2", 10), ("3", 10)]


async def test_a_poll_that_leaves_the_queue_frees_no_slot(time: Time) -> None:
    users = BudgetUsers(time, lasts=10.0)
    users.take(*jobs_of(4, max_concurrent_requests=1))
    await time.run(1)
    users.tasks[1].cancel()  # waits for a slot
    await time.run(8)
    assert users.starts == [("account 00", 0)]
    await time.run(60)
    assert users.starts == [("account 00", 0), ("account 02", 10), ("account 03", 20)]


async def test_a_poll_that_is_cancelled_while_running_or_paced_frees_its_slot(time: Time) -> None:
    users = BudgetUsers(time, lasts=5.0)
    jobs = jobs_of(3, max_concurrent_requests=1, max_requests_per_minute=6)
    users.take(jobs[0])
    await time.run(1)
    users.tasks[0].cancel()
    users.take(jobs[1])
    await time.run(1)
    users.tasks[1].cancel()
    users.take(jobs[2])
    await time.run(60)
    assert [account for account, _ in users.starts] == ["account 00", "account 02"]


async def test_reloads_do_not_use_up_the_minute(time: Time) -> None:
    vendor = RecordingClient(time)
    first, second = jobs_of(2, max_requests_per_minute=6)
    async with running(vendor, [first], time.clock) as polling:
        await time.run(1)
        for number in range(50):
            polling.reload(first, replace(second, settings=replace(second.settings, labels={"reload": str(number)})))
            await time.run(0.2)  # longer than the splay of two accounts
        await time.run(30)
        assert len(vendor.starts("account 01")) == 1


async def test_a_reload_that_changes_the_cap_keeps_the_pace(time: Time) -> None:
    users = BudgetUsers(time)
    first, _ = jobs_of(2, max_requests_per_minute=6)
    _, second = jobs_of(2, max_requests_per_minute=6, max_concurrent_requests=5)
    users.take(first)
    await time.run(1)
    users.take(second)
    await time.run(60)
    assert [start for _, start in users.starts] == [0, 10]


async def test_a_poll_that_waited_is_followed_by_a_full_interval(time: Time) -> None:
    vendor = RecordingClient(time, lasts=40.0)
    async with running(vendor, jobs_of(2, max_concurrent_requests=1, interval=Seconds(60.0)), time.clock):
        await time.run(10)
        vendor.lasts = 0.0
        await time.run(290)
    for account in ("account 00", "account 01"):
        assert min(after - before for before, after in itertools.pairwise(vendor.starts(account))) >= 60 - 1e-4


async def test_waiting_for_a_slot_is_not_part_of_the_duration(time: Time) -> None:
    vendor = RecordingClient(time, lasts=7.0)
    async with running(vendor, jobs_of(5, max_concurrent_requests=1), time.clock) as polling:
        await time.run(60)
        durations = [entry.duration for entry in polling.store.snapshot().entries]
    assert durations == [pytest.approx(7.0)] * 5
    assert len(vendor.polls) == 5


async def test_waiting_for_a_slot_does_not_use_the_timeout(client: Client, simulator: Simulator, job: MakeJob) -> None:
    simulator.set_fault(secret_of("heygen"), Fault.HANG)
    slow, quick = (job(provider, max_concurrent_requests=1) for provider in ("heygen", "liveavatar"))
    clock = FakeClock().clock
    store = new_store([slow, quick], clock)
    limiter, scheduler = PollLimiter(clock), Scheduler(client, store, clock)

    async def poll(job: Job) -> None:
        async with limiter.turn(job):
            await scheduler.poll_once(job)

    polls = asyncio.gather(poll(slow), poll(quick))
    await until(lambda: simulator.requests, "a request of the slow account")
    pass_time(PATIENCE)
    await polls
    assert [entry.up for entry in store.snapshot().entries] == [False, True]


async def test_an_address_whose_name_cannot_be_decoded_stops_no_other_account(time: Time) -> None:
    vendor = RecordingClient(time, lasts=1.0)
    async with running(vendor, [*jobs_of(1, "https://xn--"), *jobs_of(1, provider="heygen")], time.clock):
        await time.run(400)
    assert len(vendor.polls) > 2
