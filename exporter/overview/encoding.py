"""Facts as JSON: what is unknown is left out, a duration says its unit in its name, and every number is one that JSON knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from math import isfinite
from typing import Any, Final, get_args, get_type_hints

from exporter.model import Seconds
from exporter.overview.facts import Overview

_INTEGERS_BELOW: Final = 2**53
"""Integers below this are the same in every reader of JSON."""

_SAME: Final = frozenset({str, int, bool})
"""What JSON has as it is."""


def encode(overview: Overview) -> bytes:
    """The answer of the API: ASCII only, whatever text vendors send."""
    return json.dumps(to_plain(overview), separators=(",", ":"), allow_nan=False).encode("ascii")


def to_plain(facts: Any) -> dict[str, Any]:
    """Facts of any kind as data for JSON."""
    plain: dict[str, Any] = _members(facts)
    return plain


@cache
def field_names(kind: Any) -> Mapping[str, str]:
    """The fields of a kind of facts with their names in JSON: those that hold a duration end in `_seconds`."""
    hints = get_type_hints(kind)
    durations = {name for name, hint in hints.items() if hint is Seconds or Seconds in get_args(hint)}
    return {part.name: f"{part.name}_seconds" if part.name in durations else part.name for part in fields(kind)}


def _plain(value: Any) -> Any:
    """The value as JSON has it; None where it is unknown, or JSON has nothing for it."""
    if value is None or type(value) in _SAME:  # most are, and there are many
        return value
    kind: Any = type(value)
    return _writer(kind)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], Any]:
    if is_dataclass(kind):
        return _members
    kinds: tuple[tuple[type, Callable[[Any], Any]], ...] = (
        (Decimal, _number), (float, _double), (Mapping, _mapping), (tuple, _list), (StrEnum, str),
    )  # fmt: skip
    return next(write for known, write in kinds if issubclass(kind, known))


def _members(value: Any) -> Any:
    kind: Any = type(value)
    return {written: plain for name, written in field_names(kind).items() if (plain := _plain(getattr(value, name))) is not None}


def _mapping(value: Mapping[str, Any]) -> Any:
    return {str(key): plain for key, part in value.items() if (plain := _plain(part)) is not None}


def _list(value: tuple[Any, ...]) -> Any:
    return [_plain(part) for part in value]


def _number(value: Decimal) -> int | float | None:
    if not value.is_finite():
        return None
    if abs(value) < _INTEGERS_BELOW and value == value.to_integral_value():
        return int(value)
    return _double(float(value))


def _double(value: float) -> float | None:
    return value + 0.0 if isfinite(value) else None  # 0 has no sign
