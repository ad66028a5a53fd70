"""Amounts and times of a body, converted as their fields describe."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from exporter.model import EXACT
from exporter.providers.quota_fields import NumberField, PeriodField, TimeField
from exporter.providers.times import period_end
from exporter.providers.values import finite, to_decimal, to_time


class NoLimit(Exception):  # noqa: N818 -- the vendor's response, not an error
    """The vendor reports that there is no limit."""


def number_of(field: NumberField, body: Any) -> Decimal | None:
    """Return the amount; None where it is absent.

    Raises:
        Mismatch: it is unusable.
        NoLimit: there is no limit.
    """
    value = field.select.field_of(body)
    if field.unlimited is not None and field.unlimited.applies(value, body):
        raise NoLimit
    number = to_decimal(value)
    if number is None:
        return None
    if field.minus is not None:
        other = to_decimal(field.minus.field_of(body))
        if other is None:
            return None
        number = EXACT.subtract(number, other)
    return finite(EXACT.multiply(number, field.scale) if field.scale != 1 else number)


def time_of(field: TimeField, body: Any) -> float | None:
    """Return the time; None where it is absent or unknown.

    Raises:
        Mismatch: it is unusable.
    """
    value = field.select.field_of(body)
    if field.unknown is not None and to_decimal(value) == field.unknown:
        return None
    return to_time(value, field.format)


def reset_of(field: TimeField | PeriodField, body: Any, now: float | None) -> float | None:
    """Return the end of the period: from the body, or that of the period which the request asked for at `now`.

    Raises:
        Mismatch: it is unusable.
    """
    if isinstance(field, TimeField):
        return time_of(field, body)
    return None if now is None else period_end(field.period, now)
