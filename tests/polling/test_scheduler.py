from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from exporter.accounts.entry import Entry
from exporter.accounts.store import Store
from exporter.client.client import Client, OptionalResults
from exporter.config.job import Job
from exporter.daemon.poll_once import new_store
from exporter.errors import PollError
from exporter.model import Reading, Reason, Seconds
from exporter.polling.scheduler import Scheduler
from exporter.simulator.faults import Fault
from exporter.simulator.simulator import Simulator
from tests.support import NOW, FakeClock, MakeJob, secret_of


class Scripted(Client):
    """A client whose polls have the given outcomes, in order; then they succeed."""

    def __init__(self, *script: Callable[[], Reading] | PollError | BaseException) -> None:
        self._outcomes = list(script)
        self.polls = 0

    async def poll(self, job: Job, optional: OptionalResults | None = None) -> Reading:  # noqa: ARG002 -- every job alike
        self.polls += 1
        outcome = self._outcomes.pop(0) if self._outcomes else Reading
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome()


@asynccontextmanager
async def running(client: Client, jobs: Sequence[Job], clock: FakeClock) -> AsyncIterator[Store]:
    store = new_store(jobs, clock.clock)
    task = asyncio.create_task(Scheduler(client, store, clock.clock).run(jobs))
    try:
        await clock.settled(len(jobs))
        yield store
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def only(store: Store) -> Entry:
    [entry] = store.snapshot().entries
    return entry


async def test_an_account_is_polled_at_once_and_then_on_its_interval(
    client: Client, simulator: Simulator, job: MakeJob, clock: FakeClock
) -> None:
    async with running(client, [job(interval=Seconds(60.0))], clock) as store:
        await clock.advance(0, asleep=1)
        for minute in range(1, 4):
            await clock.advance(59, asleep=1)
            assert len(simulator.requests) == minute
            await clock.advance(1, asleep=1)
            assert len(simulator.requests) == minute + 1
        entry = only(store)
    assert (entry.polls, entry.up, entry.last_success_at, entry.interval) == (4, True, NOW + 180, 60)


async def test_each_account_keeps_its_own_interval(client: Client, job: MakeJob, clock: FakeClock) -> None:
    jobs = [job(account="quick", interval=Seconds(10.0)), job(account="slow", interval=Seconds(60.0))]
    async with running(client, jobs, clock) as store:
        for _ in range(600):
            await clock.advance(0.1, asleep=2)
        polls = {each.key.account: each.entry.polls for each in store.snapshot().accounts}
    assert polls == {"quick": 6, "slow": 1}


async def test_the_schedule_does_not_drift_with_the_length_of_polls(job: MakeJob, clock: FakeClock) -> None:
    def slow() -> Reading:
        clock.now += 3
        return Reading()

    async with running(Scripted(*[slow] * 10), [job(interval=Seconds(10.0))], clock):
        await clock.advance(0, asleep=1)
        for _ in range(9):
            await clock.advance(7, asleep=1)
    assert clock.slept == [7] * 10


async def test_a_poll_that_is_longer_than_the_interval_never_overlaps_the_next(job: MakeJob, clock: FakeClock) -> None:
    def endless() -> Reading:
        clock.now += 25
        return Reading()

    scripted = Scripted(endless)
    async with running(scripted, [job(interval=Seconds(10.0))], clock) as store:
        await clock.advance(0, asleep=1)
        assert scripted.polls == 1
        assert clock.slept[-1] == 5  # the scheduled times 10 and 20 have passed; the next is 30
        assert only(store).duration == 25


async def test_a_hanging_account_delays_no_other(client: Client, simulator: Simulator, job: MakeJob, clock: FakeClock) -> None:
    simulator.set_fault(secret_of("heygen"), Fault.HANG)
    jobs = [job("heygen", interval=Seconds(10.0)), job("liveavatar", interval=Seconds(10.0))]
    async with running(client, jobs, clock) as store:
        await clock.advance(0.1, asleep=1)  # the account with the defect does not sleep again
        for _ in range(5):
            await clock.advance(10, asleep=1)
        polls = {each.key.provider: each.entry.polls for each in store.snapshot().accounts}
    assert polls == {"heygen": 0, "liveavatar": 6}


async def test_failures_lengthen_the_interval_and_a_success_restores_it(job: MakeJob) -> None:
    clock = FakeClock(chance=1.0)
    failures = [PollError(Reason.SERVER_ERROR, "HTTP 500")] * 4
    async with running(Scripted(*failures), [job(interval=Seconds(60.0), max_backoff=Seconds(200.0))], clock) as store:
        intervals = []
        for step in (0, 60, 120, 200, 200):
            await clock.advance(step, asleep=1)
            intervals.append(only(store).interval)
        assert only(store).polls == 5
    assert intervals == [60, 120, 200, 200, 60]


async def test_the_last_good_reading_outlives_failures(client: Client, simulator: Simulator, job: MakeJob, clock: FakeClock) -> None:
    async with running(client, [job()], clock) as store:
        await clock.advance(0, asleep=1)
        reading = only(store).reading
        simulator.set_fault(secret_of("liveavatar"), Fault.SERVER_ERROR)
        await clock.advance(300, asleep=1)
        entry = only(store)
    assert reading is not None
    assert entry.reading is reading
    assert (entry.up, entry.last_success_at, entry.last_poll_at) == (False, NOW, NOW + 300)
    assert entry.errors == {Reason.SERVER_ERROR: 1}


async def test_each_new_reason_and_the_recovery_are_logged(job: MakeJob, clock: FakeClock, log: io.StringIO) -> None:
    failure = PollError(Reason.TIMEOUT, "no whole answer within 5s")
    other = PollError(Reason.CONNECTION, "no connection")
    async with running(Scripted(failure, failure, other), [job(interval=Seconds(10.0))], clock):
        for step in (0, 10, 10, 10, 10, 10):
            await clock.advance(step, asleep=1)
    failed, changed, recovered = (line for line in log.getvalue().splitlines() if "level=debug" not in line)
    assert 'level=warning event="poll failed" provider=liveavatar account=demo reason=timeout' in failed
    assert 'level=warning event="poll failed" provider=liveavatar account=demo reason=connection' in changed
    assert "host=127.0.0.1 remedy=" in changed
    assert changed.endswith("failures=3 failing_for=20s")
    assert recovered.endswith('level=info event="poll recovered" provider=liveavatar account=demo failures=3 failed_for=30s')


async def test_a_defect_fails_one_poll_and_the_log_has_its_location_without_its_text(
    job: MakeJob, clock: FakeClock, log: io.StringIO
) -> None:
    async with running(Scripted(ZeroDivisionError("canary")), [job(interval=Seconds(10.0))], clock) as store:
        await clock.advance(0, asleep=1)
        assert only(store).errors == {Reason.INTERNAL: 1}
        await clock.advance(10, asleep=1)
        assert only(store).up
    assert 'event="poll crashed"' in log.getvalue()
    assert "ZeroDivisionError" in log.getvalue()
    assert "test_scheduler.py" in log.getvalue()
    assert "canary" not in log.getvalue()


async def test_a_loop_that_is_cancelled_from_within_ends_everything(job: MakeJob, clock: FakeClock) -> None:
    """A task group treats a stray cancellation as a normal end: the account would silently not be polled again."""
    jobs = [job(), job("heygen")]
    scheduler = Scheduler(Scripted(asyncio.CancelledError()), new_store(jobs, clock.clock), clock.clock)
    task = asyncio.create_task(scheduler.run(jobs))
    await clock.settled(2)
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.gather(clock.advance(1, asleep=0), task)
    assert "was cancelled from within" in str(caught.value.exceptions[0])


async def test_loops_that_a_stop_has_cancelled_are_not_dead(job: MakeJob, clock: FakeClock) -> None:
    scheduler = Scheduler(Scripted(), new_store([job()], clock.clock), clock.clock)
    task = asyncio.create_task(scheduler.run([job()]))
    await clock.settled(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert scheduler.dead() == []
