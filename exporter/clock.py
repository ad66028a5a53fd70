"""The clock of the process, passed to all code that needs time, sleep or random numbers."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable


def _since_boot() -> float:
    """Read a clock that never jumps and, where the system has one, counts the time that the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Clock:
    """Time, sleep and random numbers as one argument, so tests do not have to wait."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = _since_boot,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        """`wall` is Unix time, which may be set at any time; the schedule and all ages use `monotonic`."""
        self.wall = wall
        self.monotonic = monotonic
        self.sleep = sleep
        self.random = random
        self._offset = wall() - monotonic()

    def now(self) -> float:
        """Return Unix time as the wall clock had it at the start, advanced by the monotonic clock: differences are true ages."""
        return self._offset + self.monotonic()

    def correction(self) -> float:
        """Return by how many whole seconds the wall clock was set since the start. Times that are shown or stored are moved by it."""
        return float(round(self.wall() - self.now()))
