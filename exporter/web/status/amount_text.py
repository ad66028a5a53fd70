"""What is left of one resource, in words: of the vendor's limit, and of the operator's budget."""

from __future__ import annotations

from decimal import Decimal

from exporter.model import EXACT
from exporter.overview.facts import QuotaFacts
from exporter.overview.urgency import share_left, share_of_budget
from exporter.web.status import formatting


def described(quota: QuotaFacts) -> tuple[str, str]:
    """Return the number and the text after it: of the budget if it ends before the limit does, else of the limit."""
    return _of_budget(quota) if is_within_budget(quota) else _left(quota)


def short(quota: QuotaFacts) -> str:
    """Return what is left, for the row."""
    unit, remaining = quota.unit, quota.remaining
    if is_within_budget(quota) and (left := left_of_budget(quota)) is not None:
        return f"{formatting.counted(left.copy_abs(), unit)} {'over budget' if left < 0 else 'of budget left'}"
    if quota.unlimited:
        return "no limit"
    if remaining is None:
        number, text = _without_remaining(quota)
        return f"{number}{text}".partition(";")[0]
    if remaining < 0:
        over = remaining.copy_negate()
        return f"{formatting.counted(over, unit)} {'below zero' if quota.limit is None else 'over'}"
    if not quota.limit:
        return formatting.counted(remaining, unit)
    return f"{formatting.amount(remaining, unit)} of {formatting.counted(quota.limit, unit)}"


def other_bound(quota: QuotaFacts) -> str:
    """Return what is left of the vendor's limit if the budget ends first, else of the budget."""
    if not is_within_budget(quota):
        return "".join(_of_budget(quota))
    return f"{'' if quota.limit is None else 'limit of the vendor: '}{''.join(_left(quota))}"


def is_within_budget(quota: QuotaFacts) -> bool:
    """Whether the operator's budget ends before the limit does."""
    share = share_of_budget(quota)
    return share is not None and share == share_left(quota)


def left_of_budget(quota: QuotaFacts) -> Decimal | None:
    """Return what is left of the operator's budget; None if that is unknown, or if there is no budget."""
    return None if quota.used is None or quota.budget is None else EXACT.subtract(quota.budget, quota.used)


def _of_budget(quota: QuotaFacts) -> tuple[str, str]:
    """Return what is left of the operator's budget, which must exist."""
    unit, budget, left = quota.unit, quota.budget or Decimal(0), left_of_budget(quota)
    if left is None:
        return "", f"budget of {formatting.counted(budget, unit)}"
    if left < 0:
        over = left.copy_negate()
        return formatting.amount(over, unit), f" {formatting.unit_name(unit, over)} over the budget of {formatting.amount(budget, unit)}"
    share = formatting.percent(formatting.ratio(left, budget))
    return formatting.amount(left, unit), f" of {formatting.counted(budget, unit)} of budget left ({share})"


def _left(quota: QuotaFacts) -> tuple[str, str]:
    unit, remaining = quota.unit, quota.remaining
    if quota.unlimited:
        used = f"; {formatting.counted(quota.used, unit)} used" if quota.used is not None else ""
        return "Unlimited", used
    if remaining is None:
        return _without_remaining(quota)
    if remaining < 0:
        return formatting.amount(remaining.copy_negate(), unit), _over(quota, remaining.copy_negate())
    if quota.limit is None:
        return formatting.amount(remaining, unit), f" {formatting.unit_name(unit, remaining)} left"
    if not quota.limit and not remaining:
        return "0", f" {formatting.unit_name(unit, quota.limit)} granted"
    share = f" ({formatting.percent(quota.share)})" if quota.share is not None else ""
    return formatting.amount(remaining, unit), f" of {formatting.counted(quota.limit, unit)} left{share}{_beyond(quota, Decimal(0))}"


def _without_remaining(quota: QuotaFacts) -> tuple[str, str]:
    unit = quota.unit
    if quota.used is not None:
        whole = formatting.counted(quota.limit, unit) if quota.limit is not None else ""
        return formatting.amount(quota.used, unit), f" of {whole} used" if whole else f" {formatting.unit_name(unit, quota.used)} used"
    if quota.limit is not None:
        return formatting.amount(quota.limit, unit), f" {formatting.unit_name(unit, quota.limit)} granted; the vendor reports no usage"
    return "", "The vendor reports no amount"


def _over(quota: QuotaFacts, over: Decimal) -> str:
    name = formatting.unit_name(quota.unit, over)
    if quota.limit is None:
        return f" {name} below zero"
    return f" {name} over the limit of {formatting.amount(quota.limit, quota.unit)}{_beyond(quota, over)}"


def _beyond(quota: QuotaFacts, over: Decimal) -> str:
    if not quota.overage_limit:
        return ""
    more = EXACT.subtract(quota.overage_limit, over)
    return f"; {formatting.amount(more, quota.unit)} more allowed" if more > 0 else "; no more allowed"
