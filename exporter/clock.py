"""The clock of the process, passed to whatever needs time, sleep or chance."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


def _since_boot() -> float:
    """A clock that never jumps and, where the system has it, goes on while the machine sleeps: what slept is old."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, sleep and chance as one argument, so that tests need not wait."""

    wall: Callable[[], float] = time.time
    """Unix time; it may be set, forwards or back."""
    monotonic: Callable[[], float] = _since_boot
    """What the schedule and all ages run on."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random
    _offset: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_offset", self.wall() - self.monotonic())

    def now(self) -> float:
        """Unix time as the wall clock had it at the start, carried on by the other one: ages are differences of this."""
        return self._offset + self.monotonic()

    def correction(self) -> float:
        """What the wall clock was set by since the start, in whole seconds: added where a time is shown, so that its age stays true."""
        return float(round(self.wall() - self.now()))
