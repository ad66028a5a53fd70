"""The adaptive interval: an account is polled more often the closer a resource is to a threshold, its end or its reset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from math import inf, isfinite
from typing import Final

from exporter.accounts.entry import Entry
from exporter.accounts.thresholds import floors_of, is_low
from exporter.config.settings import Settings
from exporter.model import EXACT, Quota, Reading, Seconds, Threshold

POLLS_AHEAD: Final = 10
"""How often an account is polled until the next event, if its rate does not change."""


def adaptive_interval(settings: Settings, reading: Reading, before: Entry, now: float, wall: float) -> Seconds:
    """Return the interval to the next poll: between `min_interval` and `interval`, a tenth of the time to the next event.

    `before` is what was known when the poll started. `wall` is `now` on the wall clock: resets are in its time.
    """
    if settings.min_interval is None:
        return settings.interval
    events = [
        seconds
        for quota in reading.quotas
        for seconds in (*_until_reset(quota, wall), *_until_low(quota, settings.thresholds, before, now))
    ]
    wanted = min(events, default=inf) / POLLS_AHEAD
    return Seconds(min(max(wanted, settings.min_interval), settings.interval))


def _until_reset(quota: Quota, wall: float) -> Iterator[float]:
    if quota.resets_at is not None and quota.resets_at > wall:
        yield quota.resets_at - wall


def _until_low(quota: Quota, thresholds: Iterable[Threshold], before: Entry, now: float) -> Iterator[float]:
    """Yield the seconds until the resource falls below each threshold or ends: 0 where it is low, nothing where it has ended."""
    if quota.remaining is None or quota.remaining <= 0:
        return
    floors = list(floors_of(quota, thresholds).values())
    if is_low(quota, floors):
        yield 0.0
    consumed, elapsed = _consumed(quota, quota.remaining, before), now - (now if before.last_success_at is None else before.last_success_at)
    if consumed > 0 and elapsed > 0:
        for floor in floors if quota.unlimited else (*floors, Decimal(0)):
            left = float(EXACT.divide(EXACT.subtract(quota.remaining, floor), consumed)) * elapsed
            if left >= 0 and isfinite(left):
                yield left


def _consumed(quota: Quota, remaining: Decimal, before: Entry) -> Decimal:
    """Return what was consumed since the previous reading; 0 where that is unknown."""
    for earlier in before.reading.quotas if before.reading else ():
        if (earlier.resource, earlier.unit) == (quota.resource, quota.unit) and earlier.remaining is not None:
            return EXACT.subtract(earlier.remaining, remaining)
    return Decimal(0)
