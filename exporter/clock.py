"""The clock of the process, passed to all code that needs time, sleep or random numbers."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Final

TURN: Final = 0.05
"""How long a long sleep may last beyond its end, in seconds, so that sleepers wake together."""
CORRECTED_FROM: Final = 0.75
"""By how many seconds the wall clock must be off before it counts as set again."""
SHORT: Final = 2.0
"""A sleep that is shorter ends at its exact time."""


def _since_boot() -> float:
    """Read a clock that never jumps and, where the system has one, counts the time that the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Turns:
    """Sleeps that end together: a thousand accounts would wake the process a hundred times a second, which costs more than their polls."""

    def __init__(self) -> None:
        self._sleepers: defaultdict[int, list[asyncio.Future[None]]] = defaultdict(list)

    async def sleep(self, seconds: float) -> None:
        """Sleep until the next turn after this time. All calls must be made in one event loop."""
        if seconds < SHORT:
            await asyncio.sleep(seconds)
            return
        loop = asyncio.get_running_loop()
        turn = math.ceil((loop.time() + seconds) / TURN)
        if turn not in self._sleepers:
            loop.call_at(turn * TURN, self._wake, turn)
        sleeper: asyncio.Future[None] = loop.create_future()
        self._sleepers[turn].append(sleeper)
        await sleeper

    def _wake(self, turn: int) -> None:
        for sleeper in self._sleepers.pop(turn):
            if not sleeper.done():
                sleeper.set_result(None)


class Clock:
    """Time, sleep and random numbers as one argument, so tests do not have to wait."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = _since_boot,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        random: Callable[[], float] = random.random,
    ) -> None:
        """`wall` is Unix time, which may be set at any time; the schedule and all ages use `monotonic`. Without `sleep`, time is real."""
        self.wall = wall
        self.monotonic = monotonic
        self.sleep = sleep or asyncio.sleep
        self.sleep_together = sleep or Turns().sleep
        """As `sleep`, but may last up to 50 ms longer."""
        self.random = random
        self._offset = wall() - monotonic()
        self._correction = 0.0

    def now(self) -> float:
        """Return Unix time as the wall clock had it at the start, advanced by the monotonic clock: differences are true ages."""
        return self._offset + self.monotonic()

    def correction(self) -> float:
        """Return by how many whole seconds the wall clock was set since the start. Times that are shown or stored are moved by it.

        It is at most `CORRECTED_FROM` off, and stays while it is: an offset of about half a second must not change it back and forth.
        """
        offset = self.wall() - self.now()
        if abs(offset - self._correction) > CORRECTED_FROM:
            self._correction = float(round(offset))
        return self._correction
