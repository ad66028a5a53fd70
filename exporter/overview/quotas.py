"""The facts about one resource: what is left, how fast it is consumed, when it ends, and whether that is a problem."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from exporter.accounts.forecast import SOON, Forecast
from exporter.accounts.thresholds import HELD_UNITS, is_low
from exporter.model import EXACT, Quota, Seconds
from exporter.overview.amounts import is_unknown
from exporter.overview.facts import QuotaFacts, State
from exporter.overview.outlook import Outlook

NEAR: Final = Decimal("0.8")
"""The share of a budget from which on a resource is low."""


def quota_facts(quota: Quota, outlook: Outlook, now: float) -> QuotaFacts:
    """Return the facts about one resource of a fresh reading.

    `now` is the time that the facts are about, on the wall clock, as the times of the forecast are.
    """
    burn, forecast, floors, budget, was_granted = outlook
    empty_at = forecast.ends_at if forecast else None
    return QuotaFacts(
        quota.resource,
        quota.unit,
        _state(quota, floors, budget, None if empty_at is None else empty_at - now) if was_granted else State.OK,
        quota.remaining,
        quota.used,
        quota.limit,
        budget,
        quota.overage_limit,
        quota.unlimited,
        quota.resets_at,
        thresholds={severity: floor for severity, floor in floors.items() if not is_unknown(floor)} or None,
        share=_share(quota),
        burn_per_second=burn.rate if burn else None,
        burn_window=Seconds(burn.seconds) if burn else None,
        empty_at=empty_at,
        lasts_until_reset=_lasts_until_reset(quota, forecast, now),
    )


def _state(quota: Quota, floors: Mapping[str, Decimal], budget: Decimal | None, lasts_for: float | None) -> State:
    """Return the state of the resource; `lasts_for` is how long it lasts, if its end is forecast."""
    if _is_exhausted(quota) and quota.unit not in HELD_UNITS:
        return State.EXHAUSTED
    ends_soon = lasts_for is not None and lasts_for < SOON
    return State.LOW if ends_soon or is_low(quota, floors.values()) or _is_near(quota, budget) else State.OK


def _is_near(quota: Quota, budget: Decimal | None) -> bool:
    return budget is not None and quota.used is not None and quota.used >= EXACT.multiply(NEAR, budget)


def _is_exhausted(quota: Quota) -> bool:
    if quota.remaining is None or quota.remaining > 0 or quota.unlimited:
        return False
    return quota.overage_limit is None or quota.remaining.copy_negate() >= quota.overage_limit


def _share(quota: Quota) -> float | None:
    if quota.remaining is None or quota.limit is None or quota.limit <= 0:
        return None
    share = EXACT.divide(quota.remaining, quota.limit)
    return None if is_unknown(share) else float(share) + 0.0  # 0 has no sign


def _lasts_until_reset(quota: Quota, forecast: Forecast | None, now: float) -> bool | None:
    if quota.resets_at is None or quota.resets_at <= now:
        return None
    if quota.unlimited:
        return True
    return forecast.ends_at is None if forecast else None
