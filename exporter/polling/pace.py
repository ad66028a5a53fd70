"""How soon to look again at an account that allows closer looks: pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from exporter.model import Quota, Reading, Seconds
from exporter.polling.client import Job
from exporter.store import Entry

LOW_SHARE = Decimal("0.1")
"""A resource with less of its limit than this is looked at as often as is allowed."""

LOOKS_AHEAD = 10
"""How often to look until the next thing happens: a tenth of the way at a time."""


def adaptive_interval(job: Job, reading: Reading, before: Entry, now: float) -> Seconds:
    """The account's interval; or, where it has a `min_interval`, less of it the nearer a resource is to its end or its reset.

    `before` is what was known when the poll started.
    """
    if job.min_interval is None:
        return job.interval
    horizons = [horizon for quota in reading.quotas for horizon in _horizons(quota, before, now)]
    wanted = min(horizons, default=float("inf")) / LOOKS_AHEAD
    return Seconds(min(max(wanted, job.min_interval), job.interval))


def _horizons(quota: Quota, before: Entry, now: float) -> Iterator[float]:
    """Seconds until something happens to this resource."""
    if quota.resets_at is not None and quota.resets_at > now:
        yield quota.resets_at - now
    if quota.remaining is None or quota.unlimited:
        return
    if quota.limit is not None and quota.limit > 0 and 0 < quota.remaining < LOW_SHARE * quota.limit:
        yield 0.0
    drained = _drained(quota, before)
    if drained > 0 and quota.remaining > 0 and before.last_success_at is not None:
        yield float(quota.remaining) / float(drained) * (now - before.last_success_at)


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
