"""The clock of the process, passed to all code that needs time, sleep or random numbers."""

from __future__ import annotations

import asyncio
import heapq
import math
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Final

TURN: Final = 0.05
"""How long a long sleep may last beyond its end, in seconds, so that sleepers wake together."""
LONGEST_TIMER: Final = 30.0
"""How long the event loop is asked to wait, in seconds. Its clock stands still while the machine is suspended, so a sleep ends late by this."""
CORRECTED_FROM: Final = 0.75
"""By how many seconds the wall clock must be off before it counts as set again."""
SHORT: Final = 2.0
"""A sleep that is shorter ends at its exact time."""


def _since_boot() -> float:
    """Read a clock that never jumps and, where the system has one, counts the time that the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Turns:
    """Sleeps that end together: a thousand accounts would wake the process a hundred times a second, which costs more than their polls."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._sleepers: defaultdict[int, list[asyncio.Future[None]]] = defaultdict(list)
        self._turns: list[int] = []
        """A heap of the turns that have sleepers."""
        self._timer: asyncio.TimerHandle | None = None

    async def sleep(self, seconds: float) -> None:
        """Sleep until the next turn after this time. All calls must be made in one event loop."""
        if seconds < SHORT:
            await asyncio.sleep(seconds)
            return
        turn = math.ceil((self._monotonic() + seconds) / TURN)
        if turn not in self._sleepers:
            heapq.heappush(self._turns, turn)
            if self._turns[0] == turn:
                self._set_timer()
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers[turn].append(sleeper)
        await sleeper

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        left = self._turns[0] * TURN - self._monotonic()
        self._timer = asyncio.get_running_loop().call_later(min(left, LONGEST_TIMER), self._wake)

    def _wake(self) -> None:
        now = self._monotonic()
        while self._turns and self._turns[0] * TURN <= now:
            for sleeper in self._sleepers.pop(heapq.heappop(self._turns)):
                if not sleeper.done():
                    sleeper.set_result(None)
        self._timer = None
        if self._turns:
            self._set_timer()


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
        self.sleep_together = sleep or Turns(monotonic).sleep
        """As `sleep`, but may last up to 50 ms longer. The time that the machine is suspended counts."""
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
