"""When an account is polled: pure functions."""

from __future__ import annotations

import hashlib
import math

from exporter.accounts.entry import Entry, Schedule
from exporter.clock import Clock
from exporter.config.job import Job
from exporter.model import AccountKey, Reason, Seconds

START_RATE = 10.0
"""Polls a second at start-up, at most, on average: 2,000 accounts must not be polled at once."""

CREDENTIAL_REASONS = frozenset({Reason.UNAUTHORIZED, Reason.FORBIDDEN, Reason.CREDENTIAL})


def splay(key: AccountKey, interval: Seconds, accounts: int) -> Seconds:
    """Return how long an account waits for its first poll: the same after every start, and spread over all accounts."""
    digest = hashlib.sha256("\0".join(key).encode("utf-8", "surrogatepass")).digest()
    fraction = int.from_bytes(digest[:8]) / 2**64
    return Seconds(fraction * min(interval, (accounts - 1) / START_RATE))


def backed_off(interval: Seconds, failures: int, max_backoff: Seconds, chance: float) -> Seconds:
    """Return the effective interval after consecutive failures: doubled by each but the first, never below the configured one.

    Full jitter applies only to what exceeds the interval (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    longest = min(interval * 2.0 ** min(max(failures - 1, 0), 64), max(interval, max_backoff))
    return Seconds(interval + chance * (longest - interval))


def next_due(due: float, interval: Seconds, now: float) -> float:
    """Return when the next poll starts: a multiple of the interval after `due`, without those that a long poll has missed."""
    missed = max(0, math.ceil((now - due) / interval) - 1)
    return due + (missed + 1) * interval


def is_punctual(started: float, due: float, interval: Seconds) -> bool:
    """Whether a poll started when it was due. If not, the next ones are counted from its start."""
    return 0 <= started - due < tolerance(interval)


def tolerance(interval: Seconds) -> Seconds:
    """Return how late a poll may start without moving the next ones."""
    return Seconds(min(1.0, interval / 20))


def awaits_new_secret(entry: Entry) -> bool:
    """Whether the last poll failed for a reason that another secret may remove."""
    return entry.error is not None and entry.error.reason in CREDENTIAL_REASONS


def first_due(job: Job, entry: Entry, schedule: Schedule, accounts: int, clock: Clock) -> float:
    """Return when an account is polled after a start or a reload: spread at the start, but never earlier than its last poll allows.

    No wait is longer than the settings allow: the clock may have been wrong when the times were stored.
    """
    now, settings = clock.now(), job.settings
    planned = now if schedule.begun_at is None else schedule.begun_at + _effective_interval(job, entry, clock)
    longest = max(settings.interval, settings.max_backoff if entry.failures else 0.0)
    limit = now if entry.limited_until is None else min(entry.limited_until, now + settings.max_retry_after)
    due = max(min(planned, now + longest), limit)
    return due if due > now else now + splay(job.key, settings.interval, accounts)


def _effective_interval(job: Job, entry: Entry, clock: Clock) -> Seconds:
    settings = job.settings
    if entry.failures and not awaits_new_secret(entry):  # it is unknown here whether the secret has changed
        return backed_off(settings.interval, entry.failures, settings.max_backoff, clock.random())
    if settings.min_interval is None or entry.interval is None:
        return settings.interval
    return Seconds(min(max(entry.interval, settings.min_interval), settings.interval))
