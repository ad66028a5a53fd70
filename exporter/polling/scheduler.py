"""Polls every account on its own interval, each in a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

import structlog

from exporter.errors import PollError
from exporter.log import frames
from exporter.model import AccountKey, Reading, Reason, Seconds
from exporter.polling.budget import Budget
from exporter.polling.client import Client, Job
from exporter.polling.pace import adaptive_interval
from exporter.polling.timing import Clock, backed_off, next_due, splay
from exporter.store import Entry, Store

log = structlog.get_logger()

Keep = Callable[[Entry], Awaitable[None]]

_CREDENTIAL_REASONS = frozenset({Reason.UNAUTHORIZED, Reason.FORBIDDEN, Reason.CREDENTIAL})


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
        for key, (former, task) in list(self._tasks.items()):
            job = wanted.get(key)
            if job != former:
                task.cancel()
                del self._tasks[key]
                self._replan(former, job)
        for job in jobs:
            if job.key not in self._tasks:
                name = f"poll {job.key.provider}/{job.key.account}"
                self._tasks[job.key] = (job, self._group.create_task(self._poll_forever(job, len(jobs)), name=name))

    def _replan(self, former: Job, job: Job | None) -> None:
        """Another interval counts from the last poll on, unless a back-off or the vendor's own wish holds."""
        if job is None:
            return
        entry = self._store[job.key]
        if entry.next_poll_at is not None and not entry.failures:
            self._store.plan(job.key, entry.next_poll_at - former.interval + job.interval)

    async def _poll_forever(self, job: Job, accounts: int) -> NoReturn:
        due = self._first_due(job, accounts)
        try:
            while True:
                await self._wait(job, due)
                async with self._budget.turn(job):
                    interval = await self.poll_once(job)
                due = next_due(due, interval, self._clock.now())
                self._store.plan(job.key, due)
                await self._keep(self._store[job.key])
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Nobody asked for this: a task group would take it for a normal end and poll this account no more.
            raise RuntimeError(f"the loop of {job.key} was cancelled from within") from None

    def _first_due(self, job: Job, accounts: int) -> float:
        """Spread at the start; but never sooner than was planned before a restart or a reload."""
        now, entry = self._clock.now(), self._store[job.key]
        due = now + splay(job.key, job.interval, accounts)
        longest = job.max_retry_after if entry.limited_until is not None else max(job.interval, job.max_backoff)
        return min(max(due, entry.next_poll_at or due), now + longest)

    async def _wait(self, job: Job, due: float) -> None:
        """Sleep until the poll is due, or until a changed secret gives a refused account a new chance, an interval after its last poll."""
        secret = job.secret.fingerprint()
        while (left := due - self._clock.now()) > 0:
            entry = self._store[job.key]
            is_refused = entry.error is not None and entry.error.reason in _CREDENTIAL_REASONS
            await self._clock.sleep(min(left, job.interval) if is_refused else left)
            if is_refused and job.secret.fingerprint() != secret:
                return

    async def poll_once(self, job: Job) -> Seconds:
        """Poll one account and record what came of it; returns the interval until the next poll."""
        clock, entry = self._clock, self._store[job.key]
        self._store.plan(job.key, clock.now() + job.interval)
        await self._keep(self._store[job.key])  # so that a crash while polling is no reason to ask again at once
        started = clock.monotonic()
        outcome = await self._outcome(job)
        duration, at = Seconds(clock.monotonic() - started), clock.now()
        if isinstance(outcome, PollError):
            interval = self._after_failure(job, outcome, entry.failures + 1)
            self._store.record_failure(job.key, outcome, at=at, duration=duration, interval=interval)
            _report_failure(job, outcome, entry.failures)
            return interval
        interval = adaptive_interval(job, outcome, entry, at)
        self._store.record_success(job.key, outcome, at=at, duration=duration, interval=interval)
        _report_success(job, outcome, entry.failures)
        return interval

    def _after_failure(self, job: Job, error: PollError, failures: int) -> Seconds:
        interval = backed_off(job.interval, failures, job.max_backoff, self._clock.random())
        if error.retry_after is None:
            return interval
        return Seconds(max(interval, min(error.retry_after, job.max_retry_after)))

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
