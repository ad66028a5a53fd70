"""Which resource of an account matters most: the one that is nearest to its end."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from exporter.accounts.thresholds import HELD_UNITS
from exporter.model import EXACT
from exporter.overview.amounts import is_unknown
from exporter.overview.facts import AccountFacts, QuotaFacts, State

RANK = {state: rank for rank, state in enumerate(State)}


def decisive(quotas: Iterable[QuotaFacts]) -> QuotaFacts | None:
    """Return the resource that matters most: exhausted, then below critical, then low, then by its end, then by the share that is left."""
    return min(quotas, key=_urgency, default=None)


def share_left(quota: QuotaFacts) -> float | None:
    """Return the share that is left of the limit or of the operator's budget, whichever is smaller; None if there is neither."""
    of_limit = None if quota.unlimited else quota.share
    return min((each for each in (of_limit, share_of_budget(quota)) if each is not None), default=None)


def ends_first(account: AccountFacts) -> float | None:
    """Return when the first resource of the account ends; None if no end is known."""
    return min((quota.empty_at for quota in account.quotas if quota.empty_at is not None), default=None)


def share_of_budget(quota: QuotaFacts) -> float | None:
    """Return the share of the operator's budget that is left; None if there is no budget, or if it is unknown what is used."""
    if quota.budget is None or quota.used is None or quota.budget <= 0:
        return None
    share = EXACT.divide(EXACT.subtract(quota.budget, quota.used), quota.budget)
    return None if is_unknown(share) else float(share)


def severity_of(quota: QuotaFacts) -> str | None:
    """Return the severity of the lowest threshold below which the resource is; None if it is below none."""
    if quota.remaining is None:
        return None
    below = [(floor, severity) for severity, floor in (quota.thresholds or {}).items() if quota.remaining < floor]
    return min(below)[1] if below else None


def is_critical(quota: QuotaFacts) -> bool:
    """Whether the resource is below its critical threshold."""
    return severity_of(quota) == "critical"


def _urgency(quota: QuotaFacts) -> tuple[int, bool, float, bool, float]:
    end, share = quota.empty_at, share_left(quota)
    is_held = quota.unit in HELD_UNITS  # held rather than used up: none left is normal
    return RANK[quota.state], not is_critical(quota), inf if end is None else end, is_held, inf if share is None else share
