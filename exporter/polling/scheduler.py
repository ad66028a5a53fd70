"""Polls every account on its own interval, each in a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NoReturn

import structlog

from exporter.errors import PollError
from exporter.log import frames
from exporter.model import Reading, Reason, Seconds
from exporter.polling.client import Client, Job
from exporter.polling.timing import Clock, backed_off, next_due, splay
from exporter.store import Store

log = structlog.get_logger()


class Scheduler:
    """Runs the polls and records what came of them."""

    def __init__(self, client: Client, store: Store, clock: Clock) -> None:
        self._client = client
        self._store = store
        self._clock = clock

    async def run(self, jobs: Sequence[Job]) -> None:
        """Poll all accounts until cancelled. A loop that ends for any other reason ends this too, with an error."""
        async with asyncio.TaskGroup() as tasks:
            for job in jobs:
                tasks.create_task(self._poll_forever(job, len(jobs)), name=f"poll {job.key.provider}/{job.key.account}")

    async def _poll_forever(self, job: Job, accounts: int) -> NoReturn:
        due = self._clock.monotonic() + splay(job.key, job.interval, accounts)
        failures = 0
        try:
            while True:
                await self._clock.sleep(max(0.0, due - self._clock.monotonic()))
                failures, interval = await self.poll_once(job, failures)
                due = next_due(due, interval, self._clock.monotonic())
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Nobody asked for this: a task group would take it for a normal end and poll this account no more.
            raise RuntimeError(f"the loop of {job.key} was cancelled from within") from None

    async def poll_once(self, job: Job, failures: int = 0) -> tuple[int, Seconds]:
        """Poll one account after so many failures in a row; returns their new number and the interval until the next poll."""
        clock, started = self._clock, self._clock.monotonic()
        outcome = await self._outcome(job)
        duration, at = Seconds(clock.monotonic() - started), clock.wall()
        if isinstance(outcome, PollError):
            interval = backed_off(job.interval, failures + 1, job.max_backoff, clock.random())
            self._store.record_failure(job.key, outcome, at=at, duration=duration, interval=interval)
            _report_failure(job, outcome, failures)
            return failures + 1, interval
        self._store.record_success(job.key, outcome, at=at, duration=duration, interval=job.interval)
        _report_success(job, outcome, failures)
        return 0, job.interval

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
        "poll failed", provider=job.key.provider, account=job.key.account, reason=str(error.reason), error=str(error), failures=failures + 1
    )


def _report_success(job: Job, reading: Reading, failures: int) -> None:
    write = log.info if failures else log.debug
    facts = {"failures": failures} if failures else {"resources": sum(quota.is_measured for quota in reading.quotas)}
    write("poll recovered" if failures else "poll finished", provider=job.key.provider, account=job.key.account, **facts)
