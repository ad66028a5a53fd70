"""Polls leave nothing that only a collection of garbage frees, so collections can be rare."""

from __future__ import annotations

import gc
from collections.abc import Callable

from exporter.client.client import Client
from exporter.config.job import Job
from exporter.daemon.poll_once import new_store
from exporter.polling.scheduler import Scheduler
from tests.support import ACCOUNTS, FakeClock

POLLS = 50


async def test_a_poll_leaves_no_cycle_of_objects(client: Client, job: Callable[..., Job], clock: FakeClock) -> None:
    jobs = [job(account.provider) for account in ACCOUNTS]
    scheduler = Scheduler(client, new_store(jobs, clock.clock), clock.clock)
    for each in jobs:  # the first polls open connections
        await scheduler.poll_once(each)
    gc.collect()
    gc.disable()
    try:
        for _ in range(POLLS):
            for each in jobs:
                await scheduler.poll_once(each)
        garbage = gc.collect()
    finally:
        gc.enable()
    assert garbage < POLLS
