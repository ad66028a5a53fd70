"""One resource on the status page: its amount, its bar, and its forecast."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from exporter.accounts.forecast import MIN_HISTORY, SOON
from exporter.accounts.thresholds import HELD_UNITS, LOW_SHARE
from exporter.model import EXACT
from exporter.overview.facts import QuotaFacts, State
from exporter.overview.quotas import NEAR
from exporter.overview.urgency import is_critical, severity_of, share_left, share_of_budget
from exporter.web.status import formatting
from exporter.web.status.amount_text import described, is_within_budget, left_of_budget, other_bound, short
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
    cause: str
    """Why it is low."""
    is_critical: bool
    """Whether it is below its critical threshold."""
    runway: Phrase | None
    notes: tuple[Phrase, ...]


def view_quota(quota: QuotaFacts, now: float) -> QuotaView:
    """Format one resource."""
    number, rest = described(quota)
    return QuotaView(
        name=formatting.plain(quota.resource),
        state=quota.state,
        short=short(quota),
        number=number,
        text=rest,
        share=_share(share_left(quota)),
        bar=_bar(quota),
        is_over=quota.remaining is not None and quota.remaining < 0 and not quota.unlimited,
        cause=_cause(quota, now),
        is_critical=is_critical(quota),
        runway=_runway(quota, now),
        notes=tuple(_notes(quota, now)),
    )


def _share(share: float | None) -> str:
    if share is None:
        return ""
    return f"{formatting.percent(share)} left" if share >= 0 else f"{formatting.percent(-share)} over"


def _cause(quota: QuotaFacts, now: float) -> str:
    """Return why the resource is low, the most urgent cause first."""
    if quota.state is not State.LOW:
        return ""
    of_budget = share_of_budget(quota)
    causes = {
        "below critical": is_critical(quota),
        "over budget": of_budget is not None and of_budget <= 0,
        "ends soon": quota.empty_at is not None and quota.empty_at - now < SOON,
        f"below {formatting.plain(severity_of(quota) or '')}": severity_of(quota) is not None,
        "near budget": of_budget is not None and of_budget <= 1 - NEAR,
        "over the limit": quota.share is not None and quota.share < 0,
        f"below {formatting.percent(float(LOW_SHARE))}": quota.share is not None and quota.share < float(LOW_SHARE),
    }
    return next((cause for cause, applies in causes.items() if applies), "")


def _scale(quota: QuotaFacts) -> tuple[Decimal | None, Decimal | None]:
    """Return what is left and what the whole is: of the limit, or of the budget where that ends first."""
    if is_within_budget(quota) and (left := left_of_budget(quota)) is not None:
        return max(Decimal(0), left), quota.budget
    return quota.remaining, quota.limit


def _bar(quota: QuotaFacts) -> Bar | None:
    left, whole = _scale(quota)
    if left is None or whole is None or whole <= 0 or (quota.unlimited and whole == quota.limit):
        return None
    lowest = min(left, quota.overage_limit.copy_negate() if quota.overage_limit else Decimal(0)) if left < 0 else Decimal(0)
    span = EXACT.subtract(whole, lowest)

    def place(value: Decimal) -> float:
        return min(100.0, max(0.0, formatting.ratio(EXACT.subtract(value, lowest), span) * 100))

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
        return Phrase("not yet known") if _is_unknown_yet(quota) else None
    reset = formatting.estimate(quota.resets_at - now)
    return phrase_at(quota.resets_at, f"until reset, {reset}" if quota.lasts_until_reset else f"resets in {reset}")


def _is_unknown_yet(quota: QuotaFacts) -> bool:
    """Whether a forecast needs a longer history."""
    left, _ = _scale(quota)
    is_forecast = quota.empty_at is not None or quota.lasts_until_reset is not None
    if is_forecast or left is None or left <= 0 or quota.unit in HELD_UNITS:
        return False
    return quota.burn_window is None or quota.burn_window < MIN_HISTORY


def _notes(quota: QuotaFacts, now: float) -> Iterator[Phrase]:
    if cause := _cause(quota, now):
        yield Phrase(cause, loud=True)
    if quota.budget is not None:
        yield Phrase(other_bound(quota))
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


def _end(quota: QuotaFacts, now: float) -> Iterator[Phrase]:
    if quota.lasts_until_reset:
        yield Phrase("lasts until the reset")
    elif quota.empty_at is not None:
        early = ", before the reset" if quota.lasts_until_reset is False else ""
        text = f"empty in about {formatting.estimate(quota.empty_at - now)}" if quota.empty_at > now else "may already be empty"
        yield phrase_at(quota.empty_at, f"{text}{early}", loud=quota.state is not State.OK)
    elif _is_unknown_yet(quota):
        yield Phrase(f"no forecast yet: it needs a history of {formatting.duration(MIN_HISTORY)}")
