"""The facts about one resource: how much, how fast it goes, when it ends, and whether that is trouble."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Final

from exporter.accounts.consumption import Book, Burn
from exporter.model import Quota, Seconds
from exporter.overview.facts import QuotaFacts, State

LOW_SHARE: Final = Decimal("0.1")
"""A resource with less of its limit than this is low."""

SOON: Final = 3 * 86_400.0
"""A resource that ends sooner than this is low, unless it is reset before."""

STOCKS: Final = frozenset({"slots"})
"""Units of what is held on purpose: a full house is no emergency, and only the operator's own threshold makes it one."""

HORIZON: Final = 10 * 365.25 * 86_400
"""An end that is further away than this is no news, and a date beyond the calendar is none."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a reading was made and when it is looked at, on the wall clock."""

    read_at: float
    now: float


def quota_facts(quota: Quota, burn: Burn | None, floors: Mapping[str, Decimal], moment: Moment, *, was_granted: bool = True) -> QuotaFacts:
    """All about one resource of a fresh reading; `floors` are the operator's, by severity."""
    empty_at = _empty_at(quota, burn, moment.read_at)
    lasts = _lasts_until_reset(quota, burn, empty_at, moment.now)
    return QuotaFacts(
        quota.resource,
        quota.unit,
        _state(quota, floors, None if lasts or empty_at is None else empty_at - moment.now) if was_granted else State.OK,
        quota.remaining,
        quota.used,
        quota.limit,
        quota.overage_limit,
        quota.unlimited,
        quota.resets_at,
        thresholds=dict(floors) or None,
        share=_share(quota),
        burn_per_second=burn.rate if burn else None,
        burn_window=Seconds(burn.seconds) if burn else None,
        empty_at=empty_at,
        lasts_until_reset=lasts,
    )


def was_granted(quota: Quota, book: Book | None, *, is_alone: bool) -> bool:
    """Whether there ever was any of it: a zero beside other resources that never was anything else is what nobody bought."""
    if is_alone or quota.remaining != 0 or quota.limit:
        return True
    return book is not None and (book.consumed > 0 or book.replenished > 0)


def end_of(facts: QuotaFacts) -> float | None:
    """When the resource is used up, if that is before its reset."""
    return None if facts.lasts_until_reset else facts.empty_at


def _state(quota: Quota, floors: Mapping[str, Decimal], left_for: float | None) -> State:
    """`left_for` is how long it will do, if it ends before its reset."""
    is_stock = quota.unit in STOCKS
    if _is_exhausted(quota) and not is_stock:
        return State.EXHAUSTED
    is_below_floor = quota.remaining is not None and any(quota.remaining < floor for floor in floors.values())
    ends_soon = left_for is not None and left_for < SOON
    is_low_share = not floors and not is_stock and _is_low_share(quota)  # the operator knows better than a rule of thumb
    return State.LOW if is_below_floor or ends_soon or is_low_share else State.OK


def _is_exhausted(quota: Quota) -> bool:
    if quota.remaining is None or quota.remaining > 0 or quota.unlimited:
        return False
    return quota.overage_limit is None or quota.remaining.copy_negate() >= quota.overage_limit


def _is_low_share(quota: Quota) -> bool:
    if quota.remaining is None or quota.limit is None or quota.unlimited:
        return False
    return quota.limit > 0 and quota.remaining < LOW_SHARE * quota.limit


def _share(quota: Quota) -> float | None:
    if quota.remaining is None or quota.limit is None or quota.limit <= 0:
        return None
    share = float(quota.remaining / quota.limit) + 0.0  # 0 has no sign
    return share if isfinite(share) else None


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
