"""Pure functions for delays, and the clock that they are measured with."""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from exporter.model import AccountKey, Seconds

START_RATE = 10.0
"""Polls a second at start-up, at most, on average: what keeps 2,000 accounts from asking at once."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, sleep and chance as one argument, so that tests need not wait."""

    wall: Callable[[], float] = time.time
    """Unix time; what the page shows."""
    monotonic: Callable[[], float] = time.monotonic
    """What the schedule runs on: it never jumps."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random


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
