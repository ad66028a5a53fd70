"""The operator's thresholds as amounts of one resource, and the low share that counts where there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import ROUND_CEILING, Decimal
from typing import Final

from exporter.model import EVERY, EXACT, Quota, Threshold

LOW_SHARE: Final = Decimal("0.1")
"""A resource with a smaller share of its limit left is low, unless the operator has set thresholds for it."""

HELD_UNITS: Final = frozenset({"slots"})
"""Units of what is held rather than used up: none left is normal, and only a threshold that names the resource makes it a problem."""

WHOLE_UNITS: Final = frozenset({"bytes", "calls", "characters", "edits", "images", "requests", "searches", "slots"})
"""Units of what is counted one by one. A share of such a limit is rounded up: of 3 edits, less than 0.6 left is less than 1 left."""


def floors_of(quota: Quota, thresholds: Iterable[Threshold]) -> dict[str, Decimal]:
    """Return the amount below which the resource is low, by severity; empty where it is unknown what remains.

    The resource's own threshold replaces the one for `*`, even where it has no amount: a share of an unknown limit.
    A threshold for `*` does not apply to a resource without limit, or to what is held rather than used up.
    """
    if quota.remaining is None:
        return {}
    thresholds = tuple(thresholds)
    own = {each.severity: each for each in thresholds if each.resource == quota.resource}
    applicable = {quota.resource} if quota.unlimited or quota.unit in HELD_UNITS else {quota.resource, EVERY}
    wanted = {each.severity: own.get(each.severity, each) for each in thresholds if each.resource in applicable}
    floors = {severity: _amount(each, quota) for severity, each in wanted.items()}
    return {severity: floor for severity, floor in floors.items() if floor is not None}


def is_low(quota: Quota, floors: Collection[Decimal]) -> bool:
    """Whether less is left than one of the operator's thresholds; without thresholds, whether less than a tenth of the limit is left."""
    if quota.remaining is None:
        return False
    if floors:
        return any(quota.remaining < floor for floor in floors)
    if quota.limit is None or quota.unlimited or quota.unit in HELD_UNITS:
        return False
    return quota.limit > 0 and quota.remaining < EXACT.multiply(LOW_SHARE, quota.limit)


def _amount(threshold: Threshold, quota: Quota) -> Decimal | None:
    if threshold.share is None:
        return threshold.amount
    if quota.limit is None:
        return None
    amount = EXACT.multiply(quota.limit, threshold.share)
    return amount.to_integral_value(ROUND_CEILING) if quota.unit in WHOLE_UNITS else amount
