"""From one account's entry to the samples of one family: pure, total, and nothing where nothing is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from math import isfinite

from exporter.accounts.floors import floors_of
from exporter.accounts.store import Entry
from exporter.model import Reason

Sample = tuple[tuple[str, ...], float]
"""The values of the further labels, and the value."""

INFO_LABELS = ("plan", "billing_type", "billing_period", "workspace")


def number(value: Decimal | float) -> float:
    """The nearest double, and 0 without a sign."""
    return float(value) + 0.0


def nothing(_entry: Entry, _now: float) -> Iterator[Sample]:
    """No samples."""
    yield from ()


def quota(part: str) -> Callable[[Entry, float], Iterator[Sample]]:
    """One part of each resource, such as `remaining`."""

    def samples(entry: Entry, now: float) -> Iterator[Sample]:
        reading = entry.fresh_reading(now)
        for each in reading.quotas if reading else ():
            value = getattr(each, part)
            if value is not None:
                yield (each.resource, each.unit), number(value)

    return samples


def quota_unlimited(entry: Entry, now: float) -> Iterator[Sample]:
    """1 for each resource without a limit."""
    reading = entry.fresh_reading(now)
    return (((each.resource, each.unit), 1.0) for each in (reading.quotas if reading else ()) if each.unlimited)


def observed(part: str) -> Callable[[Entry, float], Iterator[Sample]]:
    """What was seen to be `consumed` or `replenished`: it stays when the figures are stale."""

    def samples(entry: Entry, _now: float) -> Iterator[Sample]:
        for book in entry.books:
            total = number(getattr(book, part))
            if isfinite(total):
                yield (book.resource, book.unit), total

    return samples


def threshold(entry: Entry, now: float) -> Iterator[Sample]:
    """The operator's floors for what remains, where the vendor tells what remains."""
    reading = entry.fresh_reading(now)
    for quota in reading.quotas if reading else ():
        for severity, floor in floors_of(quota, entry.thresholds).items():
            value = number(floor)
            if isfinite(value):
                yield (quota.resource, quota.unit, severity), value


def resources(entry: Entry, now: float) -> Iterator[Sample]:
    """How many resources came with an amount."""
    if reading := entry.fresh_reading(now):
        yield (), float(sum(each.is_measured for each in reading.quotas))


def info(entry: Entry, now: float) -> Iterator[Sample]:
    """One series of labels."""
    if reading := entry.fresh_reading(now):
        yield tuple(reading.info.get(label, "") for label in INFO_LABELS), 1.0


def status(entry: Entry, now: float) -> Iterator[Sample]:
    """The state set: the known states and the current one."""
    reading = entry.fresh_reading(now)
    if reading and reading.status:
        for state in dict.fromkeys((*reading.status.known, reading.status.current)):
            yield (state,), float(state == reading.status.current)


def features(entry: Entry, now: float) -> Iterator[Sample]:
    """The booleans."""
    if reading := entry.fresh_reading(now):
        yield from (((name,), float(enabled)) for name, enabled in reading.features.items())


def auto_reload(part: str) -> Callable[[Entry, float], Iterator[Sample]]:
    """`threshold` or `amount` of automatic top-ups."""

    def samples(entry: Entry, now: float) -> Iterator[Sample]:
        reading = entry.fresh_reading(now)
        value = getattr(reading.auto_reload, part, None) if reading else None
        if reading and reading.auto_reload and value is not None:
            yield (reading.auto_reload.unit,), number(value)

    return samples


def created(entry: Entry, now: float) -> Iterator[Sample]:
    """When the account was opened."""
    reading = entry.fresh_reading(now)
    if reading and reading.created_at is not None:
        yield (), reading.created_at


def fact(name: str) -> Callable[[Entry, float], Iterator[Sample]]:
    """One number of the entry itself: it stays when the figures are stale."""

    def samples(entry: Entry, _now: float) -> Iterator[Sample]:
        value = getattr(entry, name)
        if value is not None:
            yield (), number(value)

    return samples


def up(entry: Entry, _now: float) -> Iterator[Sample]:
    """Whether the last poll succeeded; nothing before the first one."""
    if entry.up is not None:
        yield (), float(entry.up)


def polls(entry: Entry, _now: float) -> Iterator[Sample]:
    """Polls, from 0."""
    yield (), float(entry.polls)


def errors(entry: Entry, _now: float) -> Iterator[Sample]:
    """Failures by reason, each there from the start, so that the first one is a rise."""
    return (((str(reason),), float(entry.errors.get(reason, 0))) for reason in Reason)


def mismatches(entry: Entry, _now: float) -> Iterator[Sample]:
    """Mismatches of each field that had one."""
    return (((name,), float(count)) for name, count in entry.mismatches.items())


def limited_until(entry: Entry, now: float) -> Iterator[Sample]:
    """Until when the vendor told us to wait, while that is in the future."""
    if entry.limited_until is not None and entry.limited_until > now:
        yield (), entry.limited_until


def credential_expiry(entry: Entry, now: float) -> Iterator[Sample]:
    """When the key stops working."""
    reading = entry.fresh_reading(now)
    if reading and reading.credential_expires_at is not None:
        yield (), reading.credential_expires_at
