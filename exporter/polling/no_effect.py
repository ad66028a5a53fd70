"""Budgets and thresholds without effect: nothing of the vendor's response can be compared with them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import structlog

from exporter.config.job import Job
from exporter.model import EVERY, AccountKey, Quota, Reading, Threshold
from exporter.validation.fields import listed

log = structlog.get_logger()

_NO_LIMIT: Final = "the vendor reports no limit of this resource: use an amount instead of a share"
_NOTHING_REMAINS: Final = "the vendor does not report what remains of this resource, or its limit: use `budgets` for what is used"

_ABSENT: Final = (
    "the vendor's response contains no amount of this resource: compare it with the vendor's dashboard, or remove the threshold"
)

_Units = dict[tuple[str, str], frozenset[str]]
"""The units that the vendor sent, by resource and unit of a budget; empty if it sent no amount."""
_Remedies = dict[tuple[str, str], str]
"""What to do, by resource and severity of a threshold."""


class NoEffect:
    """Logs what has no effect once: not again while the readings are alike."""

    def __init__(self) -> None:
        self._logged: dict[AccountKey, tuple[_Units, _Remedies]] = {}

    def report(self, job: Job, reading: Reading) -> None:
        """Log the budgets and thresholds that nothing of the reading can be compared with."""
        budgets, thresholds = other_units(job, reading), without_amount(job, reading)
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


def without_effect(job: Job, reading: Reading) -> tuple[str, ...]:
    """Return the thresholds and budgets of an account that have no effect, and why."""
    thresholds = dict.fromkeys((resource, remedy) for (resource, _), remedy in without_amount(job, reading).items())
    budgets = other_units(job, reading).items()
    return (
        *(f"thresholds.{resource}: {remedy}" for resource, remedy in thresholds),
        *(f"budgets.{resource}.{unit}: the vendor reports {_shown(units)}" for (resource, unit), units in budgets),
    )


def other_units(job: Job, reading: Reading) -> _Units:
    """Return the units of each resource that has budgets, and none in a unit that the vendor sent."""
    found = {}
    for resource in {resource for resource, _ in job.settings.budgets}:
        budgets = {unit for name, unit in job.settings.budgets if name == resource}
        units = frozenset(quota.unit for quota in reading.quotas if quota.resource == resource)
        if budgets.isdisjoint(units) if units else _is_missing(resource, job, reading):
            found[resource, min(budgets)] = units
    return found


def without_amount(job: Job, reading: Reading) -> _Remedies:
    """Return what to do about each threshold, by resource and severity, for which the reading contains nothing to compare.

    A resource that is unlimited cannot run low, and a field that came with an unusable value is a fault of its own.
    """
    found = {}
    for each in (each for each in job.settings.thresholds if each.resource != EVERY):
        quotas = [quota for quota in reading.quotas if quota.resource == each.resource and quota.is_measured]
        if not quotas and _is_missing(each.resource, job, reading):
            found[each.resource, each.severity] = _ABSENT
        elif quotas and not _is_unusable(each.resource, reading) and not any(_is_compared(each, quota) for quota in quotas):
            remains = any(quota.remaining is not None for quota in quotas)
            found[each.resource, each.severity] = _NO_LIMIT if remains else _NOTHING_REMAINS
    return found


def _is_missing(resource: str, job: Job, reading: Reading) -> bool:
    """Whether the account itself names a resource, so that its absence from a reading matters."""
    return resource in job.settings.named and not _is_unusable(resource, reading)


def _is_unusable(resource: str, reading: Reading) -> bool:
    return any(name.startswith(f"{resource}.") for name in reading.mismatches)


def _is_compared(threshold: Threshold, quota: Quota) -> bool:
    has_amount = threshold.amount is not None and quota.remaining is not None
    return has_amount or quota.unlimited or quota.limit is not None


def _shown(units: Collection[str]) -> str:
    return listed(units) if units else "no amount"
