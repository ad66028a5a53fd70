"""How soon an account is polled, by what is known of it: pure but for chance."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from exporter.model import Quota, Reading, Reason, Seconds
from exporter.polling.client import Job
from exporter.polling.timing import Clock, backed_off, splay
from exporter.store import Entry

CREDENTIAL_REASONS = frozenset({Reason.UNAUTHORIZED, Reason.FORBIDDEN, Reason.CREDENTIAL})

LOW_SHARE = Decimal("0.1")
"""A resource with less of its limit than this is looked at as often as is allowed."""

LOOKS_AHEAD = 10
"""How often to look until the next thing happens: a tenth of the way at a time."""


def first_due(job: Job, entry: Entry, accounts: int, clock: Clock) -> float:
    """When an account is polled that has just come into force: spread at the start, but never sooner than its last poll allows.

    A plan that is further away than any rule makes it is cut: the clock may have been set back since it was made.
    """
    now = clock.now()
    planned = now if entry.begun_at is None else entry.begun_at + _effective(job, entry, clock)
    longest = max(job.interval, job.max_backoff if entry.failures else 0.0)
    limit = now if entry.limited_until is None else min(entry.limited_until, now + job.max_retry_after)
    due = max(min(planned, now + longest), limit)
    return due if due > now else now + splay(job.key, job.interval, accounts)


def is_refused(entry: Entry) -> bool:
    """Whether another secret would help: then a back-off holds for as long as the secret stays the same."""
    return entry.error is not None and entry.error.reason in CREDENTIAL_REASONS


def _effective(job: Job, entry: Entry, clock: Clock) -> Seconds:
    if entry.failures and not is_refused(entry):  # nobody knows here whether the secret is still the same
        return backed_off(job.interval, entry.failures, job.max_backoff, clock.random())
    return job.interval if job.min_interval is None else Seconds(min(max(entry.interval, job.min_interval), job.interval))


def adaptive_interval(job: Job, reading: Reading, before: Entry, now: float, correction: float = 0.0) -> Seconds:
    """The account's interval; or, where it has a `min_interval`, less of it the nearer a resource is to its end or its reset.

    `before` is what was known when the poll started, `correction` what the wall clock was set by: resets are in its time.
    """
    if job.min_interval is None:
        return job.interval
    horizons = [horizon for quota in reading.quotas for horizon in _horizons(quota, before, now, correction)]
    wanted = min(horizons, default=float("inf")) / LOOKS_AHEAD
    return Seconds(min(max(wanted, job.min_interval), job.interval))


def _horizons(quota: Quota, before: Entry, now: float, correction: float) -> Iterator[float]:
    """Seconds until something happens to this resource."""
    if quota.resets_at is not None and quota.resets_at > now + correction:
        yield quota.resets_at - now - correction
    if quota.remaining is None or quota.unlimited:
        return
    if quota.limit is not None and quota.limit > 0 and 0 < quota.remaining < LOW_SHARE * quota.limit:
        yield 0.0
    drained = float(_drained(quota, before))
    if drained > 0 and quota.remaining > 0 and before.last_success_at is not None:
        yield float(quota.remaining) / drained * (now - before.last_success_at)


def _drained(quota: Quota, before: Entry) -> Decimal:
    """What was consumed since the reading before, if that told."""
    for earlier in before.reading.quotas if before.reading else ():
        if (
            (earlier.resource, earlier.unit) == (quota.resource, quota.unit)
            and earlier.remaining is not None
            and quota.remaining is not None
        ):
            return earlier.remaining - quota.remaining
    return Decimal(0)
