"""The samples of one account in one family. Pure functions; they yield nothing if the value is unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from math import isfinite

from exporter.accounts.snapshot import Account
from exporter.accounts.thresholds import floors_of
from exporter.model import Reason

Sample = tuple[tuple[str, ...], float]
"""The values of the further labels, and the value."""

Samples = Callable[[Account], Iterator[Sample]]

INFO_LABELS = ("plan", "billing_type", "billing_period", "workspace")


def number(value: Decimal | float) -> float:
    """Return the nearest double; 0 has no sign."""
    return float(value) + 0.0


def nothing(_account: Account) -> Iterator[Sample]:
    """Yield nothing."""
    yield from ()


def quota(part: str) -> Samples:
    """Return the samples of one part of each resource, such as `remaining`."""

    def samples(account: Account) -> Iterator[Sample]:
        for each in account.reading.quotas if account.reading else ():
            value = getattr(each, part)
            if value is not None and isfinite(value := number(value)):
                yield (each.resource, each.unit), value

    return samples


def quota_unlimited(account: Account) -> Iterator[Sample]:
    """Yield 1 for each resource without limit."""
    return (((each.resource, each.unit), 1.0) for each in (account.reading.quotas if account.reading else ()) if each.unlimited)


def observed(part: str) -> Samples:
    """Return the samples of the counters `consumed` or `replenished`; they stay when the values are stale."""

    def samples(account: Account) -> Iterator[Sample]:
        for each in account.entry.consumption:
            total = number(getattr(each, part))
            if isfinite(total):
                yield (each.resource, each.unit), total

    return samples


def threshold(account: Account) -> Iterator[Sample]:
    """Yield the operator's thresholds as amounts, where it is known what remains."""
    for quota in account.reading.quotas if account.reading else ():
        for severity, floor in floors_of(quota, account.settings.thresholds).items():
            value = number(floor)
            if isfinite(value):
                yield (quota.resource, quota.unit, severity), value


def budget(account: Account) -> Iterator[Sample]:
    """Yield the operator's budgets for the resources that the vendor reports in the same unit."""
    for quota in account.reading.quotas if account.reading else ():
        amount = account.settings.budgets.get((quota.resource, quota.unit))
        if amount is not None:
            yield (quota.resource, quota.unit), number(amount)


def resources(account: Account) -> Iterator[Sample]:
    """Yield the number of resources with an amount."""
    if account.reading:
        yield (), float(sum(each.is_measured for each in account.reading.quotas))


def info(account: Account) -> Iterator[Sample]:
    """Yield one series of labels."""
    if account.reading:
        yield tuple(account.reading.info.get(label, "") for label in INFO_LABELS), 1.0


def status(account: Account) -> Iterator[Sample]:
    """Yield the state set: the known states and the current one."""
    if account.reading and (status := account.reading.status):
        for state in dict.fromkeys((*status.known, status.current)):
            yield (state,), float(state == status.current)


def features(account: Account) -> Iterator[Sample]:
    """Yield the features, 1 or 0."""
    if account.reading:
        yield from (((name,), float(enabled)) for name, enabled in account.reading.features.items())


def auto_reload(part: str) -> Samples:
    """Return the samples of the `threshold` or the `amount` of automatic top-ups."""

    def samples(account: Account) -> Iterator[Sample]:
        reload = account.reading.auto_reload if account.reading else None
        value = getattr(reload, part, None)
        if reload and value is not None and isfinite(value := number(value)):
            yield (reload.unit,), value

    return samples


def reported_time(part: str) -> Samples:
    """Return the sample of a point in time that the vendor reports."""

    def samples(account: Account) -> Iterator[Sample]:
        value = getattr(account.reading, part, None)
        if value is not None:
            yield (), value

    return samples


def poll(part: str) -> Samples:
    """Return the sample of a number of the polls themselves; it stays when the values are stale."""

    def samples(account: Account) -> Iterator[Sample]:
        value = getattr(account.entry, part)
        if value is not None:
            yield (), number(value)

    return samples


def interval(account: Account) -> Iterator[Sample]:
    """Yield the effective interval."""
    yield (), account.interval


def errors(account: Account) -> Iterator[Sample]:
    """Yield the failed polls by reason, from 0."""
    return _by_reason(account.entry.errors)


def optional_request_errors(account: Account) -> Iterator[Sample]:
    """Yield the failed optional requests by reason, from 0, where the account has optional requests."""
    if account.entry.optional:
        yield from _by_reason(account.entry.optional_errors)


def mismatches(account: Account) -> Iterator[Sample]:
    """Yield the mismatches of each field that had one."""
    return (((name,), float(count)) for name, count in account.entry.mismatches.items())


def limited_until(account: Account) -> Iterator[Sample]:
    """Yield the time until which the vendor asked to wait, if it is in the future."""
    if account.limited_until is not None:
        yield (), account.limited_until


def _by_reason(counts: Mapping[Reason, int]) -> Iterator[Sample]:
    """Every reason is present from the start, so that its first occurrence is an increase."""
    return (((str(reason),), float(counts.get(reason, 0))) for reason in Reason)
