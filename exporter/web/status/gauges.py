"""One resource as the status page shows it: the number, its bar, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from exporter.overview.facts import QuotaFacts, State
from exporter.web.status import words
from exporter.web.status.phrases import Phrase, ahead, since, timed


class Bar(NamedTuple):
    """What is left, drawn to scale; places are percentages of the width."""

    now: int
    """What is left of the limit in percent, within 0 and 100, for those who cannot see the bar."""
    start: str
    width: str
    zero: str
    """Where nothing is left; empty while that is the bar's own beginning."""
    marks: tuple[str, ...]
    """Where the operator's thresholds are."""


class QuotaRow(NamedTuple):
    """One resource in words and as a bar."""

    name: str
    state: State
    number: str
    words: str
    bar: Bar | None
    is_over: bool
    notes: tuple[Phrase, ...]


def quota_row(quota: QuotaFacts, now: float) -> QuotaRow:
    """Put one resource into words."""
    number, rest = _left(quota)
    over = quota.remaining is not None and quota.remaining < 0 and not quota.unlimited
    return QuotaRow(words.plain(quota.resource), quota.state, number, rest, _bar(quota), over, tuple(_notes(quota, now)))


def _left(quota: QuotaFacts) -> tuple[str, str]:
    unit, remaining = quota.unit, quota.remaining
    if quota.unlimited:
        used = f"; {words.counted(quota.used, unit)} used" if quota.used is not None else ""
        return "Unlimited", used
    if remaining is None:
        return _without_remaining(quota)
    if remaining < 0:
        return words.amount(-remaining, unit), _over(quota, -remaining)
    if quota.limit is None:
        return words.amount(remaining, unit), f" {words.unit_name(unit, remaining)} left"
    if not quota.limit and not remaining:
        return "0", f" {words.unit_name(unit, quota.limit)} granted"
    share = f" ({words.percent(quota.share)})" if quota.share is not None else ""
    return words.amount(remaining, unit), f" of {words.counted(quota.limit, unit)} left{share}{_beyond(quota, Decimal(0))}"


def _without_remaining(quota: QuotaFacts) -> tuple[str, str]:
    unit = quota.unit
    if quota.used is not None:
        whole = words.counted(quota.limit, unit) if quota.limit is not None else ""
        return words.amount(quota.used, unit), f" of {whole} used" if whole else f" {words.unit_name(unit, quota.used)} used"
    if quota.limit is not None:
        return words.amount(quota.limit, unit), f" {words.unit_name(unit, quota.limit)} granted; what is left is not told"
    return "", "The vendor told no amount"


def _over(quota: QuotaFacts, over: Decimal) -> str:
    name = words.unit_name(quota.unit, over)
    if quota.limit is None:
        return f" {name} below zero"
    return f" {name} over the limit of {words.amount(quota.limit, quota.unit)}{_beyond(quota, over)}"


def _beyond(quota: QuotaFacts, over: Decimal) -> str:
    if not quota.overage_limit:
        return ""
    more = quota.overage_limit - over
    return f"; {words.amount(more, quota.unit)} more allowed" if more > 0 else "; no more allowed"


def _bar(quota: QuotaFacts) -> Bar | None:
    remaining, limit = quota.remaining, quota.limit
    if quota.unlimited or remaining is None or limit is None or limit <= 0:
        return None
    lowest = min(remaining, -(quota.overage_limit or Decimal(0))) if remaining < 0 else Decimal(0)
    span = limit - lowest

    def place(value: Decimal) -> float:
        return min(100.0, max(0.0, float((value - lowest) / span * 100)))

    zero, end = place(Decimal(0)), place(remaining)
    thresholds = sorted(set((quota.thresholds or {}).values()))
    return Bar(
        now=min(100, max(0, int(remaining / limit * 100))),
        start=_short(min(zero, end)),
        width=_short(max(abs(end - zero), 0.6) if remaining else 0),
        zero=_short(zero) if lowest else "",
        marks=tuple(_short(place(value)) for value in thresholds if 0 < value < limit),
    )


def _short(share: float) -> str:
    return f"{share:.1f}".removesuffix(".0")


def _notes(quota: QuotaFacts, now: float) -> Iterator[Phrase]:
    if quota.resets_at is not None:
        text = f"resets {ahead(quota.resets_at, now)}" if quota.resets_at > now else f"was to reset {since(quota.resets_at, now)}"
        yield timed(quota.resets_at, text)
    if quota.burn_per_second is not None and quota.burn_window is not None:
        pace = words.rate(quota.burn_per_second, quota.unit) if quota.burn_per_second > 0 else "nothing used"
        yield Phrase(f"{pace} over the last {words.window(quota.burn_window)}")
    yield from _end(quota, now)
    if quota.thresholds:
        floors = sorted(quota.thresholds.items(), key=lambda floor: -floor[1])
        yield Phrase(", ".join(f"{words.plain(severity)} below {words.amount(value, quota.unit)}" for severity, value in floors))


def _end(quota: QuotaFacts, now: float) -> Iterator[Phrase]:
    if quota.lasts_until_reset:
        yield Phrase("lasts until the reset")
    elif quota.empty_at is not None:
        early = ", before the reset" if quota.lasts_until_reset is False else ""
        coming = f"empty in about {words.about(quota.empty_at - now)}" if quota.empty_at > now else "may be empty by now"
        yield timed(quota.empty_at, f"{coming}{early}", loud=quota.state is not State.OK)
