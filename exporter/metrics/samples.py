"""The samples of one account in one family. Pure functions; they yield nothing if the value is unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from math import isfinite
from operator import attrgetter, eq
from typing import Any, Final, NamedTuple

from exporter.accounts.consumption import Consumption
from exporter.accounts.forecast import Forecast, forecasts
from exporter.accounts.snapshot import AccountSnapshot
from exporter.accounts.thresholds import floors_of
from exporter.model import AutoReload, Quota, Reading, Reason, Status, Threshold
from exporter.polling.no_effect import other_units, without_amount

Sample = tuple[tuple[str, ...], float]
"""The values of the further labels, and the value."""

INFO_LABELS = ("plan", "billing_type", "billing_period", "workspace")

Source = Callable[[AccountSnapshot], Any]
"""Returns a part of an account."""


class Samples(NamedTuple):
    """The samples of a family. They depend on the source alone: while it stays the same, so do they."""

    source: Source
    make: Callable[[Any], Iterable[Sample]]
    is_same: Callable[[Any, Any], bool] = eq
    """Whether two sources have the same samples: comparing takes less time than writing lines that did not change."""

    def of(self, account: AccountSnapshot) -> Iterable[Sample]:
        """Return the samples of an account."""
        return self.make(self.source(account))


def number(value: Decimal | float) -> float:
    """Return the nearest double; 0 has no sign."""
    return float(value) + 0.0


def _quotas(account: AccountSnapshot) -> tuple[Quota, ...]:
    return account.reading.quotas if account.reading else ()


def _quotas_and_thresholds(account: AccountSnapshot) -> tuple[tuple[Quota, ...], tuple[Threshold, ...]]:
    return _quotas(account), account.settings.thresholds


def _reading(part: str) -> Source:
    """Return the source of a part of the reading; None where there is no reading."""
    return lambda account: getattr(account.reading, part, None)


def _have_same(*parts: str) -> Callable[[Sequence[object], Sequence[object]], bool]:
    """Return what compares these parts of two sequences of values."""
    of = attrgetter(*parts)
    return lambda one, other: len(one) == len(other) and all(map(eq, map(of, one), map(of, other)))


_TERMS: Final = ("limit", "overage_limit", "unlimited", "resets_at")
"""The parts of a quota that most polls leave as they are."""


def _have_same_order(one: Mapping[str, object] | None, other: Mapping[str, object] | None) -> bool:
    """Whether two mappings are equal and in the same order, which is that of their lines."""
    return one == other and list(one or ()) == list(other or ())


_have_same_terms = _have_same("resource", "unit", *_TERMS)
_have_same_replenished = _have_same("resource", "unit", "replenished")
_entry_consumption = attrgetter("entry.consumption")
_auto_reload = _reading("auto_reload")


def _single(value: Decimal | float | None) -> Iterator[Sample]:
    """Yield the only sample, unless the value is unknown."""
    if value is not None:
        yield (), number(value)


def quota(part: str) -> Samples:
    """Return the samples of one part of each resource, such as `remaining`."""
    value_of = attrgetter(part)

    def make(quotas: Iterable[Quota]) -> Iterator[Sample]:
        for each in quotas:
            value = value_of(each)
            if value is not None and isfinite(value := number(value)):
                yield (each.resource, each.unit), value

    return Samples(_quotas, make, _have_same_terms if part in _TERMS else eq)


def _unlimited(quotas: Iterable[Quota]) -> Iterator[Sample]:
    """Yield 1 for each resource without limit."""
    return (((each.resource, each.unit), 1.0) for each in quotas if each.unlimited)


def observed(part: str) -> Samples:
    """Return the samples of the counters `consumed` or `replenished`; they stay when the values are stale."""
    total_of = attrgetter(part)

    def make(consumption: Iterable[Consumption]) -> Iterator[Sample]:
        for each in consumption:
            total = number(total_of(each))
            if isfinite(total):
                yield (each.resource, each.unit), total

    return Samples(_entry_consumption, make, _have_same_replenished if part == "replenished" else eq)


def _thresholds(source: tuple[tuple[Quota, ...], tuple[Threshold, ...]]) -> Iterator[Sample]:
    """Yield the operator's thresholds as amounts, where it is known what remains."""
    quotas, thresholds = source
    for quota in quotas if thresholds else ():
        for severity, floor in floors_of(quota, thresholds).items():
            value = number(floor)
            if isfinite(value):
                yield (quota.resource, quota.unit, severity), value


def _forecasts(account: AccountSnapshot) -> tuple[tuple[Quota, Forecast], ...]:
    return tuple(forecasts(account.entry, account.reading, account.settings.budgets))


def exhaustion(part: str) -> Samples:
    """Return the samples of a part of the forecast of each resource, such as `ends_at`."""
    end_of = attrgetter(part)

    def make(known: Iterable[tuple[Quota, Forecast]]) -> Iterator[Sample]:
        for quota, forecast in known:
            if (end := end_of(forecast)) is not None:
                yield (quota.resource, quota.unit), end

    return Samples(_forecasts, make)


def _quotas_and_budgets(account: AccountSnapshot) -> tuple[tuple[Quota, ...], Mapping[tuple[str, str], Decimal]]:
    return _quotas(account), account.settings.budgets


def _budgets(source: tuple[tuple[Quota, ...], Mapping[tuple[str, str], Decimal]]) -> Iterator[Sample]:
    """Yield the operator's budgets for the resources that the vendor reports in the same unit."""
    quotas, budgets = source
    for quota in quotas if budgets else ():
        if (amount := budgets.get((quota.resource, quota.unit))) is not None:
            yield (quota.resource, quota.unit), number(amount)


def _without_effect(account: AccountSnapshot) -> tuple[str, ...]:
    """Return the resources with thresholds or budgets that no amount can be compared with."""
    reading, job, optional = account.reading, account.job, account.entry.optional
    if reading is None or not (job.settings.thresholds or job.settings.budgets):
        return ()
    return tuple(sorted({resource for resource, _ in (*without_amount(job, reading, optional), *other_units(job, reading, optional))}))


def _ones(resources: Iterable[str]) -> Iterator[Sample]:
    return (((resource,), 1.0) for resource in resources)


def _resources(reading: Reading | None) -> Iterator[Sample]:
    """Yield the number of resources with an amount."""
    if reading:
        yield (), float(sum(each.is_measured for each in reading.quotas))


def _info(info: Mapping[str, str] | None) -> Iterator[Sample]:
    """Yield one series of labels."""
    if info is not None:
        yield tuple([info.get(label, "") for label in INFO_LABELS]), 1.0


def _status(status: Status | None) -> Iterator[Sample]:
    """Yield the state set: the known states and the current one."""
    if status:
        for state in dict.fromkeys((*status.known, status.current)):
            yield (state,), float(state == status.current)


def _features(features: Mapping[str, bool] | None) -> Iterator[Sample]:
    """Yield the features, 1 or 0."""
    return (((name,), float(enabled)) for name, enabled in (features or {}).items())


def auto_reload(part: str) -> Samples:
    """Return the samples of the `threshold` or the `amount` of auto reload."""

    def make(reload: AutoReload | None) -> Iterator[Sample]:
        value = getattr(reload, part, None)
        if reload and value is not None and isfinite(value := number(value)):
            yield (reload.unit,), value

    return Samples(_auto_reload, make)


def reported_time(part: str) -> Samples:
    """Return the sample of a point in time that the vendor reports."""
    return Samples(_reading(part), _single)


def poll(part: str) -> Samples:
    """Return the sample of a number of the polls themselves; it stays when the values are stale."""
    return Samples(attrgetter(f"entry.{part}"), _single)


def _by_reason(counts: Mapping[Reason, int] | None) -> Iterator[Sample]:
    """Yield the failures by reason. Every reason is present from the start, so that its first occurrence is an increase."""
    if counts is not None:
        yield from (((reason.value,), float(counts.get(reason, 0))) for reason in Reason)


def _optional_errors(account: AccountSnapshot) -> Mapping[Reason, int] | None:
    """Return None where the account has no optional requests."""
    return account.entry.optional_errors if account.entry.optional else None


def _mismatches(counts: Mapping[str, int]) -> Iterator[Sample]:
    """Yield the mismatches of each field that had one."""
    return (((name,), float(count)) for name, count in counts.items())


NOTHING: Final = Samples(lambda _: None, lambda _: ())
QUOTA_UNLIMITED: Final = Samples(_quotas, _unlimited, _have_same_terms)
BUDGET: Final = Samples(_quotas_and_budgets, _budgets)
THRESHOLD: Final = Samples(_quotas_and_thresholds, _thresholds)
WITHOUT_EFFECT: Final = Samples(_without_effect, _ones)
RESOURCES: Final = Samples(attrgetter("reading"), _resources)
INFO: Final = Samples(_reading("info"), _info)
STATUS: Final = Samples(_reading("status"), _status)
FEATURES: Final = Samples(_reading("features"), _features, _have_same_order)
INTERVAL: Final = Samples(attrgetter("interval"), _single)
ERRORS: Final = Samples(attrgetter("entry.errors"), _by_reason)
OPTIONAL_REQUEST_ERRORS: Final = Samples(_optional_errors, _by_reason)
MISMATCHES: Final = Samples(attrgetter("entry.mismatches"), _mismatches)
LIMITED_UNTIL: Final = Samples(attrgetter("limited_until"), _single)
