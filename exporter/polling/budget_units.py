"""Budgets in a unit that the vendor does not use: they are compared with nothing."""

from __future__ import annotations

import structlog

from exporter.config.job import Job
from exporter.model import Reading
from exporter.validation.fields import listed

log = structlog.get_logger()


def report_budget_units(job: Job, reading: Reading, before: Reading | None) -> None:
    """Log the budgets whose resource came in other units only, once: not again while the previous reading was alike."""
    known = other_units(job, before) if before else {}
    for (resource, unit), units in other_units(job, reading).items():
        if known.get((resource, unit)) != units:
            log.warning(
                "budget has no effect", provider=job.key.provider, account=job.key.account, resource=resource, unit=unit,
                vendor=listed(units),
            )  # fmt: skip


def other_units(job: Job, reading: Reading) -> dict[tuple[str, str], frozenset[str]]:
    """Return the units of each resource that has budgets, and none in a unit that the vendor sent."""
    found = {}
    for resource in {resource for resource, _ in job.settings.budgets}:
        budgets = {unit for name, unit in job.settings.budgets if name == resource}
        units = frozenset(quota.unit for quota in reading.quotas if quota.resource == resource)
        if units and budgets.isdisjoint(units):
            found[resource, min(budgets)] = units
    return found
