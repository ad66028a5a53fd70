"""Budgets and thresholds without effect: nothing of the vendor's response can be compared with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

import structlog

from exporter.accounts.entry import OptionalRequest
from exporter.config.job import Job
from exporter.model import EVERY, AccountKey, Quota, Reading, Threshold
from exporter.validation.fields import listed

log = structlog.get_logger()

_NO_LIMIT: Final = "the vendor reports no limit of this resource: use an amount instead of a share"
_NOTHING_REMAINS: Final = "the vendor does not report what remains of this resource, or its limit: use `budgets` for what is used"
_ABSENT: Final = (
    "the vendor's response contains no amount of this resource: compare it with the vendor's dashboard, or remove the threshold"
)

_NONE: Final[Mapping[str, OptionalRequest]] = MappingProxyType({})

_Units = dict[tuple[str, str], frozenset[str]]
"""The units that the vendor sent, by resource and unit of a budget; empty if it sent no amount."""
_Remedies = dict[tuple[str, str], str]
"""What to do, by resource and severity of a threshold."""


class NoEffect:
    """Logs what has no effect once: not again while the readings are alike."""

    def __init__(self) -> None:
        self._logged: dict[AccountKey, tuple[_Units, _Remedies]] = {}

    def report(self, job: Job, reading: Reading, optional: Mapping[str, OptionalRequest] = _NONE) -> None:
        """Log the budgets and thresholds that nothing of the reading can be compared with."""
        budgets, thresholds = other_units(job, reading, optional), without_amount(job, reading, optional)
        logged_budgets, logged_thresholds = self._logged.pop(job.key, ({}, {}))
        names = {"provider": job.key.provider, "account": job.key.account}
        for (resource, unit), units in budgets.items():
            if logged_budgets.get((resource, unit)) != units:
                log.warning("budget has no effect", **names, resource=resource, unit=unit, vendor=_shown(units))
        for (resource, severity), remedy in thresholds.items():
            if logged_thresholds.get((resource, severity)) != remedy:
                log.warning("threshold has no effect", **names, resource=resource, severity=severity, remedy=remedy)
        if budgets or thresholds:
            self._logged[job.key] = budgets, thresholds

    def forget(self, key: AccountKey) -> None:
        """Take note that an account is removed or changed: what has no effect then is logged."""
        self._logged.pop(key, None)


def without_effect(job: Job, reading: Reading, optional: Mapping[str, OptionalRequest] = _NONE) -> tuple[str, ...]:
    """Return the thresholds and budgets of an account that have no effect, and why. `optional` are its optional requests."""
    thresholds = dict.fromkeys((resource, remedy) for (resource, _), remedy in without_amount(job, reading, optional).items())
    budgets = other_units(job, reading, optional).items()
    return (
        *(f"thresholds.{resource}: {remedy}" for resource, remedy in thresholds),
        *(f"budgets.{resource}.{unit}: the vendor reports {_shown(units)}" for (resource, unit), units in budgets),
    )


def other_units(job: Job, reading: Reading, optional: Mapping[str, OptionalRequest] = _NONE) -> _Units:
    """Return the units of each resource that has budgets, and none in a unit that the vendor sent."""
    found, faulty = {}, _faulty(job, reading, optional)
    for resource in {resource for resource, _ in job.settings.budgets}:
        budgets = {unit for name, unit in job.settings.budgets if name == resource}
        units = frozenset(quota.unit for quota in reading.quotas if quota.resource == resource)
        if budgets.isdisjoint(units) if units else resource in job.settings.named - faulty:
            found[resource, min(budgets)] = units
    return found


def without_amount(job: Job, reading: Reading, optional: Mapping[str, OptionalRequest] = _NONE) -> _Remedies:
    """Return what to do about each threshold, by resource and severity, for which the reading contains nothing to compare.

    A resource that is unlimited cannot run low, and what another fault explains is reported as that fault.
    """
    found, faulty = {}, _faulty(job, reading, optional)
    for each in (each for each in job.settings.thresholds if each.resource != EVERY):
        quotas = [quota for quota in reading.quotas if quota.resource == each.resource and quota.is_measured]
        if not quotas and each.resource in job.settings.named - faulty:
            found[each.resource, each.severity] = _ABSENT
        elif quotas and each.resource not in faulty and not any(_is_compared(each, quota) for quota in quotas):
            remains = any(quota.remaining is not None for quota in quotas)
            found[each.resource, each.severity] = _NO_LIMIT if remains else _NOTHING_REMAINS
    return found


def _faulty(job: Job, reading: Reading, optional: Mapping[str, OptionalRequest]) -> set[str]:
    """Return the resources of which a fault is reported elsewhere: an unusable value, or an optional request that fails."""
    unusable = {name.partition(".")[0] for name in reading.mismatches}
    failing = (each for each in job.requests if each.optional and (known := optional.get(each.name)) and known.error)
    return unusable | {quota.resource for each in failing for quota in each.quotas}


def _is_compared(threshold: Threshold, quota: Quota) -> bool:
    has_amount = threshold.amount is not None and quota.remaining is not None
    return has_amount or quota.unlimited or quota.limit is not None


def _shown(units: Collection[str]) -> str:
    return listed(units) if units else "no amount"
