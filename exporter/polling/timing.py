"""Pure functions for delays, and the clock that they are measured with."""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

from exporter.model import AccountKey, Seconds

_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
START_RATE = 10.0
"""Polls a second at start-up, at most, on average: what keeps 2,000 accounts from asking at once."""


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


def splay(key: AccountKey, interval: Seconds, accounts: int) -> Seconds:
    """How long an account waits for its first poll: the same after every start, and spread over all accounts."""
    digest = hashlib.sha256("\0".join(key).encode("utf-8", "surrogatepass")).digest()
    fraction = int.from_bytes(digest[:8]) / 2**64
    return Seconds(fraction * min(interval, (accounts - 1) / START_RATE))


def backed_off(interval: Seconds, failures: int, max_backoff: Seconds, chance: float) -> Seconds:
    """The effective interval after so many failures in a row: never below the configured one, doubled by each failure but the first.

    The jitter is full, but only on what exceeds the interval (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    longest = min(interval * 2.0 ** min(max(failures - 1, 0), 64), max(interval, max_backoff))
    return Seconds(interval + chance * (longest - interval))


def next_due(due: float, interval: Seconds, now: float) -> float:
    """When the next poll starts: on the grid of its interval, with the beats left out that a long poll has missed."""
    missed = max(0, math.ceil((now - due) / interval) - 1)
    return due + (missed + 1) * interval


def is_punctual(started: float, due: float, interval: Seconds) -> bool:
    """Whether a poll started when it was due, so that the beat can go on without drift; else it starts anew with that poll."""
    return 0 <= started - due < min(1.0, interval / 20)


def waiting_time(retry_after: str | None, date: str | None, now: float) -> Seconds | None:
    """How long `Retry-After` asks to wait: seconds, or an HTTP date, which is measured by the vendor's own `Date` if it sent one.

    None where it says nothing, nothing sensible, or nothing of the future (RFC 9110, section 10.2.3).
    """
    text = (retry_after or "").strip()
    if _SECONDS.fullmatch(text):
        wait = float(text)
    else:
        until = _http_date(text)
        wait = until - (_http_date(date or "") or now) if until is not None else 0.0
    return Seconds(wait) if wait > 0 else None


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
