"""One resource on the status page: its amount, its bar, and its forecast."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from exporter.overview.facts import QuotaFacts, State
from exporter.overview.urgency import share_left, share_of_budget
from exporter.web.status import formatting
from exporter.web.status.formatting import Phrase, ago, ahead, phrase_at


class Bar(NamedTuple):
    """What is left, to scale; positions are percentages of the width."""

    now: int
    """What is left in percent, from 0 to 100, for screen readers."""
    start: str
    width: str
    zero: str
    """The position of zero; empty if the bar begins there."""
    marks: tuple[str, ...]
    """The positions of the thresholds."""


class QuotaView(NamedTuple):
    """One resource as text and as a bar."""

    name: str
    state: State
    short: str
    """What is left, for the row."""
    number: str
    text: str
    """Follows the number, in the details."""
    share: str
    bar: Bar | None
    is_over: bool
    runway: Phrase | None
    notes: tuple[Phrase, ...]


def view_quota(quota: QuotaFacts, now: float) -> QuotaView:
    """Format one resource."""
    number, rest = _left(quota)
    share = share_left(quota)
    return QuotaView(
        name=formatting.plain(quota.resource),
        state=quota.state,
        short=_short(quota),
        number=number,
        text=rest,
        share="" if share is None else formatting.percent(share),
        bar=_bar(quota),
        is_over=quota.remaining is not None and quota.remaining < 0 and not quota.unlimited,
        runway=_runway(quota, now),
        notes=tuple(_notes(quota, now)),
    )


def _is_within_budget(quota: QuotaFacts) -> bool:
    """Whether the operator's budget ends before the limit does."""
    share = share_of_budget(quota)
    return share is not None and share == share_left(quota)


def _short(quota: QuotaFacts) -> str:
    unit, remaining = quota.unit, quota.remaining
    if _is_within_budget(quota) and quota.used is not None and quota.budget is not None:
        return f"{formatting.amount(quota.used, unit)} of {formatting.counted(quota.budget, unit)} used"
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
    more = formatting.minus(quota.overage_limit, over)
    return f"; {formatting.amount(more, quota.unit)} more allowed" if more > 0 else "; no more allowed"


def _scale(quota: QuotaFacts) -> tuple[Decimal | None, Decimal | None]:
    """Return what is left and what the whole is: of the limit, or of the budget where that ends first."""
    if _is_within_budget(quota) and quota.used is not None and quota.budget is not None:
        return max(Decimal(0), formatting.minus(quota.budget, quota.used)), quota.budget
    return quota.remaining, quota.limit


def _bar(quota: QuotaFacts) -> Bar | None:
    left, whole = _scale(quota)
    if left is None or whole is None or whole <= 0 or (quota.unlimited and whole == quota.limit):
        return None
    lowest = min(left, quota.overage_limit.copy_negate() if quota.overage_limit else Decimal(0)) if left < 0 else Decimal(0)
    span = formatting.minus(whole, lowest)

    def place(value: Decimal) -> float:
        return min(100.0, max(0.0, formatting.ratio(formatting.minus(value, lowest), span) * 100))

    zero, end = place(Decimal(0)), place(left)
    thresholds = sorted(set((quota.thresholds or {}).values())) if whole == quota.limit else ()
    return Bar(
        now=min(100, max(0, int(formatting.ratio(left, whole) * 100))),
        start=_position(min(zero, end)),
        width=_position(max(abs(end - zero), 0.6) if left else 0),
        zero=_position(zero) if lowest else "",
        marks=tuple(_position(place(value)) for value in thresholds if 0 < value < whole),
    )


def _position(share: float) -> str:
    return f"{share:.1f}".removesuffix(".0")


def _runway(quota: QuotaFacts, now: float) -> Phrase | None:
    """Return how long it lasts, for the row."""
    if quota.empty_at is not None and not quota.lasts_until_reset:
        text = formatting.estimate(quota.empty_at - now) if quota.empty_at > now else "may be empty"
        return phrase_at(quota.empty_at, text, loud=quota.state is not State.OK)
    if quota.resets_at is None or quota.resets_at <= now:
        return None
    reset = formatting.estimate(quota.resets_at - now)
    return phrase_at(quota.resets_at, f"until reset, {reset}" if quota.lasts_until_reset else f"resets in {reset}")


def _notes(quota: QuotaFacts, now: float) -> Iterator[Phrase]:
    if quota.budget is not None:
        yield Phrase(_budget(quota, quota.budget))
    if quota.resets_at is not None:
        text = f"resets {ahead(quota.resets_at, now)}" if quota.resets_at > now else f"reset expected {ago(quota.resets_at, now)}"
        yield phrase_at(quota.resets_at, text)
    if quota.burn_per_second is not None and quota.burn_window is not None:
        pace = formatting.rate(quota.burn_per_second, quota.unit) if quota.burn_per_second > 0 else "nothing used"
        yield Phrase(f"{pace} over the last {formatting.window(quota.burn_window)}")
    yield from _end(quota, now)
    if quota.thresholds:
        thresholds = sorted(quota.thresholds.items(), key=lambda each: each[1], reverse=True)
        yield Phrase(
            ", ".join(f"{formatting.plain(severity)} below {formatting.amount(value, quota.unit)}" for severity, value in thresholds)
        )


def _budget(quota: QuotaFacts, budget: Decimal) -> str:
    of = f"budget of {formatting.counted(budget, quota.unit)}"
    if quota.used is None:
        return of
    if quota.used > budget:
        return f"{of}, exceeded by {formatting.amount(formatting.minus(quota.used, budget), quota.unit)}"
    return f"{formatting.percent(formatting.ratio(quota.used, budget))} of your {of} used"


def _end(quota: QuotaFacts, now: float) -> Iterator[Phrase]:
    if quota.lasts_until_reset:
        yield Phrase("lasts until the reset")
    elif quota.empty_at is not None:
        early = ", before the reset" if quota.lasts_until_reset is False else ""
        text = f"empty in about {formatting.estimate(quota.empty_at - now)}" if quota.empty_at > now else "may already be empty"
        yield phrase_at(quota.empty_at, f"{text}{early}", loud=quota.state is not State.OK)
