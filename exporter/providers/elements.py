"""Sums of lists: complete, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from exporter.model import EXACT
from exporter.providers.numbers import NoLimit, number_of, reset_of
from exporter.providers.quota_fields import NumberField, PeriodField, QuotaFields
from exporter.providers.values import Mismatch, finite

MAX_UNITS: Final = 32
"""Units come from vendors: one that sends another unit with every element must not make a series of each."""


class Sums(NamedTuple):
    """The sums of the elements in one unit."""

    unit: str
    parts: dict[str, Any]
    unusable: tuple[str, ...] = ()
    """The parts that at least one element lacks, or has with an unusable value."""


def elements_of(fields: QuotaFields, body: Any) -> list[Any] | None:
    """Return the elements of the list; None if it is absent.

    Raises:
        Mismatch: it is not a list, or not complete.
    """
    return fields.each.elements_of(body) if fields.each else None


def sums_of(fields: QuotaFields, elements: Iterable[tuple[str | None, Any]], now: float | None) -> list[Sums]:
    """Add up the elements, which come with their units; an empty list is 0 of the unit that is known.

    Raises:
        Mismatch: there are too many units.
    """
    groups: dict[str, list[Any]] = {}
    for unit, element in elements:
        groups.setdefault(unit or "", []).append(element)
    if len(groups) > MAX_UNITS:
        raise Mismatch
    if not groups and (known := fields.unit.name or fields.unit.empty):
        groups = {known: []}
    return [_sums(fields, unit, group, now) for unit, group in groups.items()]


def _sums(fields: QuotaFields, unit: str, elements: Sequence[Any], now: float | None) -> Sums:
    parts: dict[str, Any] = {}
    unusable = []
    for part, field in fields.amounts.items():
        try:
            parts[part] = _sum(field, elements)
        except NoLimit:
            parts["unlimited"] = True
        except Mismatch:
            unusable.append(part)
    try:
        if parts and (resets_at := _reset(fields, elements, now)) is not None:
            parts["resets_at"] = resets_at
    except Mismatch:
        unusable.append("resets_at")
    return Sums(unit, parts, tuple(unusable))


def _sum(field: NumberField, elements: Iterable[Any]) -> Decimal:
    """Return the sum.

    Raises:
        Mismatch: an element lacks its amount, or has an unusable one.
        NoLimit: all others have an amount, and there is no limit for one.
    """
    total, is_unlimited = Decimal(0), False
    for element in elements:
        try:
            number = number_of(field, element)
        except NoLimit:
            is_unlimited = True
            continue
        if number is None:
            raise Mismatch
        total = EXACT.add(total, number)
    if is_unlimited:
        raise NoLimit
    return finite(total)


def _reset(fields: QuotaFields, elements: Iterable[Any], now: float | None) -> float | None:
    """Return when all elements are reset; None if not all of them have the same time, since it would not be that of the sum."""
    if fields.resets_at is None:
        return None
    if isinstance(fields.resets_at, PeriodField):
        return reset_of(fields.resets_at, None, now)
    times = {reset_of(fields.resets_at, element, now) for element in elements}
    return times.pop() if len(times) == 1 else None
