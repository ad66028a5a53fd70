"""From the operator's thresholds to amounts of one resource: exact, pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from exporter.model import EVERY, EXACT, Quota, Threshold


def floors_of(quota: Quota, thresholds: Iterable[Threshold]) -> dict[str, Decimal]:
    """What should remain of the resource, by severity; nothing where the vendor does not tell what remains.

    The resource's own threshold counts before the one of all, also where it comes to nothing: a share of a limit that is not known.
    The one of all says nothing of a resource without limit.
    """
    if quota.remaining is None:
        return {}
    thresholds = tuple(thresholds)
    own = {each.severity: each for each in thresholds if each.resource == quota.resource}
    meant = {quota.resource} if quota.unlimited else {quota.resource, EVERY}
    wanted = {each.severity: own.get(each.severity, each) for each in thresholds if each.resource in meant}
    floors = {severity: _amount(each, quota) for severity, each in wanted.items()}
    return {severity: floor for severity, floor in floors.items() if floor is not None}


def _amount(threshold: Threshold, quota: Quota) -> Decimal | None:
    if threshold.share is None:
        return threshold.amount
    return None if quota.limit is None else EXACT.multiply(quota.limit, threshold.share)
