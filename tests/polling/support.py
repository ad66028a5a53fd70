"""A scheduler on a fake clock, with a client that records its polls."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from exporter.accounts.store import Store
from exporter.client.client import Client, OptionalResults
from exporter.client.secret_reader import SecretReader
from exporter.clock import Clock
from exporter.config.job import Job
from exporter.daemon.poll_once import new_store
from exporter.model import Reading, Seconds
from exporter.polling.scheduler import Scheduler
from exporter.validation.file_threads import FileThreads, Result
from tests.support import FakeClock, make_job

ONE_VENDOR: Final = "http://127.0.0.1:1"
OTHER_VENDOR: Final = "http://127.0.0.1:2"


class Time(FakeClock):
    """Advances from sleeper to sleeper, so that each wakes at its exact time."""

    async def run(self, seconds: float) -> None:
        end = self.now + seconds
        await self.settle()
        while (due := self._next()) <= end:
            self.now = max(self.now, due)
            await self.advance(0, asleep=0)
            await self.settle()
        self.now = end

    async def settle(self) -> None:
        """Run all tasks that do not wait for time."""
        for _ in range(50):
            await asyncio.sleep(0)

    def _next(self) -> float:
        return min((at for at, _, future in self._sleepers if not future.done()), default=math.inf)


class SameThread(FileThreads):
    """Reads files in the event loop, because the fake clock does not wait for threads."""

    async def run(self, file: Path, call: Callable[[], Result]) -> Result:  # noqa: ARG002 -- as in the base class
        return call()


class RecordingClient(Client):
    """Polls with a given duration, which are recorded."""

    def __init__(self, time: Time, lasts: float = 0.0, answer: Callable[[Job], Reading] = lambda _: Reading()) -> None:
        self.lasts = lasts
        self.answer = answer
        self.polls: list[tuple[str, float, Job]] = []
        self.under_way = self.peak = 0
        self.secrets = SecretReader({}, SameThread())
        self._time = time
        self._sleep = time.clock.sleep

    async def poll(self, job: Job, optional: OptionalResults | None = None) -> Reading:  # noqa: ARG002 -- none of the vendors has any
        self.polls.append((job.key.account, self._time.now, job))
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)
        await self.secrets.read(job.secret)
        try:
            if self.lasts:
                await self._sleep(self.lasts)
            return self.answer(job)
        finally:
            self.under_way -= 1

    def starts(self, account: str = "demo") -> list[float]:
        return [round(start, 5) for name, start, _ in self.polls if name == account]


def job(interval: float = 300.0, account: str = "demo", **changes: Any) -> Job:
    return make_job(ONE_VENDOR, account=account, interval=Seconds(interval), **changes)


@dataclass(frozen=True)
class RunningScheduler:
    """A running scheduler, its store and its clock."""

    scheduler: Scheduler
    store: Store
    clock: Clock

    def reload(self, *jobs: Job) -> None:
        self.store.configure(jobs)
        self.scheduler.apply(jobs)


@asynccontextmanager
async def running(client: Client, jobs: Sequence[Job], clock: Clock, store: Store | None = None) -> AsyncIterator[RunningScheduler]:
    polling = RunningScheduler(
        Scheduler(client, store := store or new_store(jobs, clock), clock, secrets=getattr(client, "secrets", None)), store, clock
    )
    task = asyncio.create_task(polling.scheduler.run(jobs))
    try:
        await asyncio.sleep(0)
        yield polling
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
