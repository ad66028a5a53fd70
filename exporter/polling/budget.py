"""How often and how often at once one host is asked: shared by all accounts there, first come, first served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from yarl import URL

from exporter.client.client import Job
from exporter.clock import Clock
from exporter.model import Seconds


@dataclass(slots=True)
class _Host:
    line: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one that waits for the pace."""
    free_at: float = 0.0
    """When the next request may start, on the monotonic clock."""
    places: dict[int, asyncio.Semaphore] = field(default_factory=dict)
    """By how many there are."""


class Budget:
    """Turns for polls. Each account waits for one turn at a time, so a queue in order of arrival is fair between accounts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hosts: dict[tuple[str, int | None], _Host] = {}

    @asynccontextmanager
    async def turn(self, job: Job) -> AsyncIterator[None]:
        """Wait until this account may ask; the wait is no part of the poll's timeout."""
        url = URL(job.settings.base_url)
        host = self._hosts.setdefault((url.host or "", url.port), _Host())
        limits = job.settings.limits
        most = limits.max_concurrent_requests
        async with host.places.setdefault(most, asyncio.Semaphore(most)):
            if limits.max_requests_per_minute is not None:
                await self._pace(host, Seconds(len(job.requests) * 60 / limits.max_requests_per_minute))
            yield

    async def _pace(self, host: _Host, cost: Seconds) -> None:
        async with host.line:
            wait = host.free_at - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)
            host.free_at = max(host.free_at, self._clock.monotonic()) + cost
