"""How soon an account is polled, by what is known of it: pure but for chance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from exporter.accounts.consumption import EXACT
from exporter.accounts.floors import floors_of
from exporter.accounts.store import Entry
from exporter.client.client import Job
from exporter.clock import Clock
from exporter.model import Quota, Reading, Reason, Seconds, Threshold
from exporter.polling.intervals import backed_off, splay

CREDENTIAL_REASONS = frozenset({Reason.UNAUTHORIZED, Reason.FORBIDDEN, Reason.CREDENTIAL})

LOW_SHARE = Decimal("0.1")
"""A resource with less of its limit than this is looked at as often as is allowed, unless the operator has thresholds for it."""

LOOKS_AHEAD = 10
"""How often to look until the next thing happens: a tenth of the way at a time."""


def first_due(job: Job, entry: Entry, accounts: int, clock: Clock) -> float:
    """When an account is polled that has just come into force: spread at the start, but never sooner than its last poll allows.

    A plan that is further away than any rule makes it is cut: the clock may have been set back since it was made.
    """
    now = clock.now()
    planned = now if entry.begun_at is None else entry.begun_at + _effective(job, entry, clock)
    longest = max(job.settings.interval, job.settings.max_backoff if entry.failures else 0.0)
    limit = now if entry.limited_until is None else min(entry.limited_until, now + job.settings.max_retry_after)
    due = max(min(planned, now + longest), limit)
    return due if due > now else now + splay(job.key, job.settings.interval, accounts)


def is_refused(entry: Entry) -> bool:
    """Whether another secret would help: then a back-off holds for as long as the secret stays the same."""
    return entry.error is not None and entry.error.reason in CREDENTIAL_REASONS


def _effective(job: Job, entry: Entry, clock: Clock) -> Seconds:
    if entry.failures and not is_refused(entry):  # nobody knows here whether the secret is still the same
        return backed_off(job.settings.interval, entry.failures, job.settings.max_backoff, clock.random())
    return (
        job.settings.interval
        if job.settings.min_interval is None
        else Seconds(min(max(entry.interval, job.settings.min_interval), job.settings.interval))
    )


def adaptive_interval(job: Job, reading: Reading, before: Entry, now: float, correction: float = 0.0) -> Seconds:
    """The account's interval; or, where it has a `min_interval`, less of it the nearer a resource is to a threshold, its end or its reset.

    `before` is what was known when the poll started, `correction` what the wall clock was set by: resets are in its time.
    """
    if job.settings.min_interval is None:
        return job.settings.interval
    horizons = [
        horizon
        for quota in reading.quotas
        for horizon in (*_until_reset(quota, now + correction), *_until_low(quota, job.settings.thresholds, before, now))
    ]
    wanted = min(horizons, default=float("inf")) / LOOKS_AHEAD
    return Seconds(min(max(wanted, job.settings.min_interval), job.settings.interval))


def _until_reset(quota: Quota, wall: float) -> Iterator[float]:
    if quota.resets_at is not None and quota.resets_at > wall:
        yield quota.resets_at - wall


def _until_low(quota: Quota, thresholds: Iterable[Threshold], before: Entry, now: float) -> Iterator[float]:
    """Seconds until the resource falls below a threshold or ends: none where it is low already, and no answer where it has ended."""
    if quota.remaining is None or quota.remaining <= 0:
        return
    floors = list(floors_of(quota, thresholds).values())
    if any(quota.remaining < floor for floor in floors) or (not floors and _is_low_share(quota)):
        yield 0.0
    drained = float(_drained(quota, before))
    if drained > 0 and before.last_success_at is not None:
        for floor in floors if quota.unlimited else (*floors, Decimal(0)):
            if floor <= quota.remaining:
                yield float(EXACT.subtract(quota.remaining, floor)) / drained * (now - before.last_success_at)


def _is_low_share(quota: Quota) -> bool:
    if quota.remaining is None or quota.limit is None or quota.unlimited:
        return False
    return quota.limit > 0 and quota.remaining < LOW_SHARE * quota.limit


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
