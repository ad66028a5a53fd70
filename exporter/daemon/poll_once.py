"""Polls accounts without serving them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from exporter.accounts.entry import Record
from exporter.accounts.snapshot import StateWrites
from exporter.accounts.store import NOTHING, Store
from exporter.client.client import Client, OnReading
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import open_session
from exporter.clock import Clock
from exporter.config.job import Job
from exporter.daemon.version import user_agent
from exporter.metrics.collector import BUCKETS
from exporter.model import AccountKey
from exporter.polling.poll_limiter import PollLimiter
from exporter.polling.scheduler import Scheduler

CONCURRENT_POLLS = 20


def new_store(
    jobs: Iterable[Job],
    clock: Clock,
    kept: Mapping[AccountKey, Record] = NOTHING,
    writes: Callable[[], StateWrites | None] = lambda: None,
) -> Store:
    """Build a store of these accounts, with what was kept of them; `writes` returns whether the state file can be written."""
    return Store(jobs, BUCKETS, clock, kept, writes)


async def poll_once(
    jobs: Sequence[Job], environ: Mapping[str, str], clock: Clock | None = None, on_reading: OnReading | None = None
) -> Store:
    """Poll every account once, some at a time and within the request budgets, and return the store.

    `on_reading` receives the bodies of good responses.
    """
    clock = clock or Clock()
    store = new_store(jobs, clock)
    async with open_session(user_agent()) as session:
        secrets = SecretReader(environ)
        client = Client(session, environ, clock, secrets, on_reading=on_reading)
        scheduler = Scheduler(client, store, clock, secrets=secrets)
        slots, limiter = asyncio.Semaphore(CONCURRENT_POLLS), PollLimiter(clock)

        async def poll(job: Job) -> None:
            async with limiter.turn(job), slots:
                await scheduler.poll_once(job)

        async with asyncio.TaskGroup() as tasks:
            for job in jobs:
                tasks.create_task(poll(job))
        await client.close()
    return store
