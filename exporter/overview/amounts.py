"""The numbers of the facts: how they are written as JSON, and which of them are unknown."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Annotated

from pydantic import Field, PlainSerializer, WithJsonSchema


def is_unknown(value: Decimal | float | None) -> bool:
    """Whether JSON has no number for the value."""
    return value is None or (isinstance(value, Decimal) and not value.is_finite()) or not isfinite(float(value))


def _number(value: Decimal | float) -> int | float:
    """Return an integer where every reader of JSON reads it exactly, else the nearest double; 0 has no sign."""
    if isinstance(value, Decimal) and value.adjusted() < 16 and value.copy_abs() < 2**53 and value == value.to_integral_value():
        return int(value)
    return float(value) + 0.0


Number = Annotated[Decimal, PlainSerializer(_number), WithJsonSchema({"type": "number"})]
OptionalNumber = Annotated[Number | None, Field(exclude_if=is_unknown)]
OptionalDouble = Annotated[
    Annotated[float, PlainSerializer(_number), WithJsonSchema({"type": "number"})] | None, Field(exclude_if=is_unknown)
]
