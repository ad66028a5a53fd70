"""What runs beside a drill: a sampler that scrapes, and a measurement of the event loop's delays."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

import aiohttp

TICK: Final = 0.01


@dataclass(frozen=True, slots=True)
class Scrape:
    """The duration of one scrape in seconds: by the clock, and in CPU time of the event loop."""

    wall: float
    cpu: float


@dataclass(slots=True)
class Sampler:
    """Scrapes continuously, and keeps every line that it saw."""

    required: tuple[str, ...] = ()
    """Lines that every page must have."""
    lines: set[str] = field(default_factory=set)
    last: frozenset[str] = frozenset()
    missing: set[str] = field(default_factory=set)
    is_healthy: bool = False
    """Whether there is no fault now. Scrapes during the fault are compared with those without."""
    healthy: list[Scrape] = field(default_factory=list)
    faulty: list[Scrape] = field(default_factory=list)

    @property
    def pages(self) -> int:
        """How many pages were read."""
        return len(self.healthy) + len(self.faulty)

    async def run(self, url: str) -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                kind = self.healthy if self.is_healthy else self.faulty
                wall, cpu = time.perf_counter(), time.thread_time()
                async with session.get(url) as response:
                    assert response.status == 200
                    text = await response.text()
                kind.append(Scrape(time.perf_counter() - wall, time.thread_time() - cpu))
                self._take(text)
                await asyncio.sleep(0.03)

    def _take(self, text: str) -> None:
        self.last = frozenset(line for line in text.splitlines() if not line.startswith("#"))
        self.lines |= self.last
        self.missing |= set(self.required) - self.last


@dataclass(slots=True)
class Delays:
    """The delays of the event loop. All timers were late by these, whatever the cause."""

    ticks: list[tuple[float, float]] = field(default_factory=list)
    """When each tick ended, and its delay in seconds."""

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            self.ticks.append((loop.time(), loop.time() - due))

    def between(self, first: float, last: float) -> float:
        """The sum of the delays of all ticks during this time."""
        return sum(delay for end, delay in self.ticks if end >= first and end - delay - TICK <= last)
