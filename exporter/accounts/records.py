"""Entries as rows: JSON with exact amounts, read back by the types that the entries declare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import Any, get_args, get_origin, get_type_hints

from exporter.accounts.store import Entry
from exporter.errors import PollError
from exporter.model import AccountKey, Reason

_hints = cache(get_type_hints)
_ELSEWHERE = frozenset({"key", "next_poll_at", "thresholds"})


def encode(entry: Entry) -> str:
    """All of the entry but what has a column of its own, its key and `next_poll_at`, and the thresholds, which only a configuration sets."""
    return json.dumps({name: value for name, value in _plain(entry).items() if name not in _ELSEWHERE}, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, PollError):
        return {"reason": value.reason, "message": str(value)}
    return {part.name: getattr(value, part.name) for part in fields(value)} if is_dataclass(value) else dict(value)


def decode(provider: bytes, account: bytes, next_poll_at: float | None, text: bytes) -> Entry | None:
    """Read one row back; None if it cannot be read."""
    try:
        entry: Entry = _typed(Entry, json.loads(text) | {"key": (provider.decode(), account.decode()), "next_poll_at": next_poll_at})
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, AttributeError):
        return None
    return entry


def _typed(hint: Any, value: Any) -> Any:  # noqa: PLR0911 -- one kind of value, one return
    """Return the value as what the hint says, or raise: what another version wrote is not guessed at."""
    hint, parts = getattr(hint, "__supertype__", hint), get_args(hint)
    if type(None) in parts:
        return None if value is None else _typed(parts[0], value)
    if get_origin(hint) is Mapping and type(value) is dict:
        return {_typed(parts[0], key): _typed(parts[1], part) for key, part in value.items()}
    if get_origin(hint) is tuple and type(value) is list:
        return tuple(_typed(parts[0], part) for part in value)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = _hints(hint)
        return hint(**{name: _typed(hints[name], part) for name, part in value.items()})
    if hint is AccountKey:
        return AccountKey(*value)
    if hint is PollError:
        return PollError(_typed(Reason, value["reason"]), _typed(str, value["message"]))
    if hint is float and type(value) in {int, float} and isfinite(value):
        return float(value)
    if hint in {Decimal, Reason} and type(value) is str:
        return _finite(Decimal(value)) if hint is Decimal else Reason(value)
    if hint is float or type(value) is not hint:
        raise TypeError(f"expected {hint}")
    return value


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise ValueError(number)
    return number
