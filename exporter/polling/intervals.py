"""Pure functions for the times of polls."""

from __future__ import annotations

import hashlib
import math

from exporter.model import AccountKey, Seconds

START_RATE = 10.0
"""Polls a second at start-up, at most, on average: what keeps 2,000 accounts from asking at once."""


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
