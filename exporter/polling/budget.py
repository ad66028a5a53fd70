"""How often and how often at once one host is asked: shared by all accounts there, first come, first served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from yarl import URL

from exporter.model import Seconds
from exporter.polling.client import Job
from exporter.polling.timing import Clock


@dataclass(slots=True)
class _Host:
    places: asyncio.Semaphore
    free_at: float = 0.0
    """When the next request may start, on the monotonic clock."""


class Budget:
    """Turns for polls. Each account waits for one turn at a time, so a queue in order of arrival is fair between accounts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hosts: dict[tuple[str, int | None, int], _Host] = {}

    @asynccontextmanager
    async def turn(self, job: Job) -> AsyncIterator[None]:
        """Wait until this account may ask; the wait is no part of the poll's timeout."""
        url = URL(job.base_url)
        key = (url.host or "", url.port, job.max_concurrent_requests)
        host = self._hosts.setdefault(key, _Host(asyncio.Semaphore(job.max_concurrent_requests)))
        async with host.places:
            if job.max_requests_per_minute is not None:
                await self._pace(host, Seconds(len(job.requests) * 60 / job.max_requests_per_minute))
            yield

    async def _pace(self, host: _Host, cost: Seconds) -> None:
        now = self._clock.monotonic()
        start = max(now, host.free_at)
        host.free_at = start + cost
        if start > now:
            await self._clock.sleep(start - now)
