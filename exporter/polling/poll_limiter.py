"""Keeps the polls of a provider at one host within its request budget, which all of its accounts there share in order of arrival."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from exporter.clock import Clock
from exporter.config.job import Job
from exporter.config.request_budgets import Host, host_of
from exporter.model import Seconds


@dataclass(slots=True)
class _Host:
    rate: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the poll that waits for the request rate."""
    free_at: float = 0.0
    """When the next request may start, on the monotonic clock."""
    concurrent: dict[int, asyncio.Semaphore] = field(default_factory=dict)
    """By `max_concurrent_requests`."""


class PollLimiter:
    """Limits the polls of each provider at each host. Each account waits for one turn at a time, so a queue in order of arrival is fair."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hosts: dict[tuple[str, Host], _Host] = {}

    def turn(self, job: Job) -> AbstractAsyncContextManager[None]:
        """Wait until this account may be polled; the wait is not part of the poll's timeout."""
        budget, place = job.settings.request_budget, (job.key.provider, host_of(job.settings.base_url))
        host = self._hosts.get(place) or self._hosts.setdefault(place, _Host())
        most = budget.max_concurrent_requests
        slots = host.concurrent.get(most) or host.concurrent.setdefault(most, asyncio.Semaphore(most))
        if budget.max_requests_per_minute is None:
            return slots
        return self._paced_turn(host, slots, Seconds(len(job.requests) * 60 / budget.max_requests_per_minute))

    @asynccontextmanager
    async def _paced_turn(self, host: _Host, slots: asyncio.Semaphore, cost: Seconds) -> AsyncIterator[None]:
        async with slots:
            await self._wait_for_rate(host, cost)
            yield

    async def _wait_for_rate(self, host: _Host, cost: Seconds) -> None:
        async with host.rate:
            wait = host.free_at - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)
            host.free_at = max(host.free_at, self._clock.monotonic()) + cost
