"""The facts about one resource: what is left, how fast it is consumed, when it ends, and whether that is a problem."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from exporter.accounts.consumption import Burn, Consumption
from exporter.accounts.thresholds import HELD_UNITS, is_low
from exporter.model import EXACT, Quota, Seconds
from exporter.overview.facts import QuotaFacts, State, is_unknown

SOON: Final = 3 * 86_400.0
"""A resource that ends sooner than this, and before its reset, is low."""

HORIZON: Final = 10 * 365.25 * 86_400
"""An end that is further away than this is not reported."""


def quota_facts(
    quota: Quota, burn: Burn | None, floors: Mapping[str, Decimal], read_at: float, now: float, *, was_granted: bool = True
) -> QuotaFacts:
    """Return the facts about one resource of a fresh reading; `floors` are the operator's thresholds by severity.

    `read_at` is when it was read, and `now` the time that the facts are about, both on the wall clock.
    """
    empty_at = _empty_at(quota, burn, read_at)
    lasts = _lasts_until_reset(quota, burn, empty_at, now)
    return QuotaFacts(
        quota.resource,
        quota.unit,
        _state(quota, floors, None if lasts or empty_at is None else empty_at - now) if was_granted else State.OK,
        quota.remaining,
        quota.used,
        quota.limit,
        quota.overage_limit,
        quota.unlimited,
        quota.resets_at,
        thresholds={severity: floor for severity, floor in floors.items() if not is_unknown(floor)} or None,
        share=_share(quota),
        burn_per_second=burn.rate if burn else None,
        burn_window=Seconds(burn.seconds) if burn else None,
        empty_at=empty_at,
        lasts_until_reset=lasts,
    )


def was_granted(quota: Quota, consumption: Consumption | None, *, is_alone: bool) -> bool:
    """Whether there ever was any of it: what is 0 beside other resources, and always was, is something that was never bought."""
    if is_alone or quota.remaining != 0 or quota.limit:
        return True
    return consumption is not None and (consumption.consumed > 0 or consumption.replenished > 0)


def end_of(facts: QuotaFacts) -> float | None:
    """Return when the resource is used up, if that is before its reset."""
    return None if facts.lasts_until_reset else facts.empty_at


def _state(quota: Quota, floors: Mapping[str, Decimal], lasts_for: float | None) -> State:
    """Return the state of the resource; `lasts_for` is how long it lasts, if it ends before its reset."""
    if _is_exhausted(quota) and quota.unit not in HELD_UNITS:
        return State.EXHAUSTED
    ends_soon = lasts_for is not None and lasts_for < SOON
    return State.LOW if ends_soon or is_low(quota, floors.values()) else State.OK


def _is_exhausted(quota: Quota) -> bool:
    if quota.remaining is None or quota.remaining > 0 or quota.unlimited:
        return False
    return quota.overage_limit is None or quota.remaining.copy_negate() >= quota.overage_limit


def _share(quota: Quota) -> float | None:
    if quota.remaining is None or quota.limit is None or quota.limit <= 0:
        return None
    share = EXACT.divide(quota.remaining, quota.limit)
    return None if is_unknown(share) else float(share) + 0.0  # 0 has no sign


def _empty_at(quota: Quota, burn: Burn | None, read_at: float) -> float | None:
    if burn is None or burn.rate <= 0 or quota.remaining is None or quota.remaining <= 0 or quota.unlimited:
        return None
    lasts_for = float(quota.remaining) / burn.rate
    return read_at + lasts_for if lasts_for <= HORIZON else None


def _lasts_until_reset(quota: Quota, burn: Burn | None, empty_at: float | None, now: float) -> bool | None:
    if burn is None or quota.remaining is None or quota.resets_at is None or quota.resets_at <= now:
        return None
    if quota.unlimited:
        return True
    return quota.remaining > 0 and (empty_at is None or empty_at >= quota.resets_at)
