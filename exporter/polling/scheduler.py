"""Polls every account on its own interval, each in a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

import structlog

from exporter.accounts.store import Entry, Store
from exporter.client.client import Client, Job
from exporter.clock import Clock
from exporter.errors import PollError
from exporter.log import frames
from exporter.model import AccountKey, Reading, Reason, Seconds
from exporter.polling.budget import Budget
from exporter.polling.intervals import backed_off, is_punctual, next_due
from exporter.polling.pace import adaptive_interval, first_due, is_refused

log = structlog.get_logger()

Keep = Callable[[Entry], Awaitable[None]]


async def _keep_nothing(_entry: Entry) -> None:
    """For a daemon without state."""


class Scheduler:
    """Runs the polls and records what came of them."""

    def __init__(self, client: Client, store: Store, clock: Clock, keep: Keep = _keep_nothing) -> None:
        """`keep` is told of an entry before and after each poll, to keep it beyond the process."""
        self._client = client
        self._store = store
        self._clock = clock
        self._keep = keep
        self._budget = Budget(clock)
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[AccountKey, tuple[Job, asyncio.Task[NoReturn]]] = {}

    async def run(self, jobs: Sequence[Job]) -> None:
        """Poll all accounts until cancelled. A loop that ends for any other reason ends this too, with an error."""
        async with asyncio.TaskGroup() as self._group:
            self.apply(jobs)
            await asyncio.Event().wait()

    def apply(self, jobs: Sequence[Job]) -> None:
        """Take over a configuration: an account that did not change goes on undisturbed, and one that did keeps its schedule."""
        if self._group is None:
            raise RuntimeError("apply() belongs inside of run()")
        wanted = {job.key: job for job in jobs}
        for key, (job, task) in list(self._tasks.items()):
            if wanted.get(key) != job:
                task.cancel()
                del self._tasks[key]
        for job in jobs:
            if job.key not in self._tasks:
                name = f"poll {job.key.provider}/{job.key.account}"
                due = first_due(job, self._store[job.key], len(jobs), self._clock)
                self._tasks[job.key] = (job, self._group.create_task(self._poll_forever(job, due), name=name))

    def dead(self) -> list[str]:
        """Name the loops that have ended, though each should run for as long as its account is configured."""
        return [task.get_name() for _, task in self._tasks.values() if task.done()]

    async def _poll_forever(self, job: Job, due: float) -> NoReturn:
        secret = job.secret.fingerprint()
        try:
            while True:
                await self._wait(job, due, secret)
                async with self._budget.turn(job):
                    started, secret = self._clock.now(), job.secret.fingerprint()
                    interval = await self.poll_once(job)
                due = next_due(due if is_punctual(started, due, job.settings.interval) else started, interval, self._clock.now())
                self._store.plan(job.key, due)
                await self._keep(self._store[job.key])
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Nobody asked for this: a task group would take it for a normal end and poll this account no more.
            raise RuntimeError(f"the loop of {job.key} was cancelled from within") from None

    async def _wait(self, job: Job, due: float, secret: tuple[int, ...]) -> None:
        """Sleep until the poll is due, or until another secret than the one that was refused gives a new chance, on the interval's beat."""
        while (left := due - self._clock.now()) > 0:
            refused = is_refused(self._store[job.key])
            await self._clock.sleep(min(left, job.settings.interval) if refused else left)
            if refused and job.secret.fingerprint() != secret:
                return

    async def poll_once(self, job: Job) -> Seconds:
        """Poll one account and record what came of it; returns the interval from the start of this poll to the next one's."""
        clock, entry, begun = self._clock, self._store[job.key], self._clock.now()
        self._store.begin(job.key, begun, begun + job.settings.interval)
        await self._keep(self._store[job.key])  # so that a crash while polling is no reason to ask again at once
        started = clock.monotonic()
        outcome = await self._outcome(job)
        duration, at = Seconds(clock.monotonic() - started), clock.now()
        if isinstance(outcome, PollError):
            interval = backed_off(job.settings.interval, entry.failures + 1, job.settings.max_backoff, clock.random())
            limited_until = None if outcome.retry_after is None else at + min(outcome.retry_after, job.settings.max_retry_after)
            interval = Seconds(max(interval, (limited_until or at) - begun))
            self._store.record_failure(job.key, outcome, at=at, duration=duration, interval=interval, limited_until=limited_until)
            _report_failure(job, outcome, entry.failures)
            return interval
        interval = adaptive_interval(job, outcome, entry, at, clock.correction())
        self._store.record_success(job.key, outcome, at=at, duration=duration, interval=interval, correction=clock.correction())
        _report_success(job, outcome, entry.failures)
        return interval

    async def _outcome(self, job: Job) -> Reading | PollError:
        try:
            return await self._client.poll(job)
        except PollError as error:
            return error
        except Exception as error:  # noqa: BLE001 -- the one place: a defect costs this poll, not the daemon
            log.error(  # noqa: TRY400 -- the error's own text may hold a key
                "poll crashed", provider=job.key.provider, account=job.key.account, error=type(error).__name__, at=frames(error)
            )
            return PollError(Reason.INTERNAL, f"a defect of this exporter ({type(error).__name__}); the log tells where")


def _report_failure(job: Job, error: PollError, failures: int) -> None:
    write = log.debug if failures else log.warning
    write(
        "poll failed",
        provider=job.key.provider,
        account=job.key.account,
        reason=str(error.reason),
        error=str(error),
        failures=failures + 1,
    )


def _report_success(job: Job, reading: Reading, failures: int) -> None:
    write = log.info if failures else log.debug
    facts = {"failures": failures} if failures else {"resources": sum(quota.is_measured for quota in reading.quotas)}
    write("poll recovered" if failures else "poll finished", provider=job.key.provider, account=job.key.account, **facts)
