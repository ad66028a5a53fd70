"""Converts values from responses: exact and bounded numbers, times, and short text without control characters."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from sys import intern
from typing import Any, Final, Literal

from exporter.model import EXACT
from exporter.providers.echo import Echo
from exporter.validation.fields import is_hidden

TimeFormat = Literal["unix", "unix_ms", "iso8601"]

MAX_TEXT: Final = 128
MAX_VALUES: Final = 100_000
"""In one body: a number of two characters takes a hundred bytes of memory."""
MAX_DEPTH: Final = 100
_MAX_DIGITS: Final = EXACT.prec
_MAX_KEPT: Final = 1_000
_MAX_KEPT_DIGITS: Final = 32
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_EMAIL: Final = re.compile(r"[^@\s]@[^@\s]+\.[^@\s]+")  # one character before the @ is enough: more would make a long text take hours
_YEAR_2000: Final = 946_684_800
"""An earlier time is none: a number of seconds from now, or seconds where the definition expects milliseconds."""
_YEAR_10000: Final = 253_402_300_800


class Mismatch(Exception):  # noqa: N818 -- a finding about one field, not a failure of the poll
    """A field came with a value that cannot be used."""


def decode_json(content: bytes) -> Any:
    """Decode JSON in UTF-8, with every number as an exact Decimal.

    Each Decimal is near a finite double and has at most 800 digits; any other number becomes NaN, which no field accepts.

    Raises:
        ValueError: it is not UTF-8, not JSON, nested too deeply, or has too many values.
    """
    containers = content.count(b"[") + content.count(b"{")
    if containers + content.count(b",") >= MAX_VALUES:  # each value but the first follows one of these
        raise ValueError("too many values")
    try:
        value = _DECODER.decode(content.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if containers > MAX_DEPTH and _is_deep(value):
        raise ValueError("nested too deeply")
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        blocks = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        level = [inner for block in blocks for inner in block]
    return bool(level)


class _Numbers(dict[str, Decimal]):
    """Numbers by their JSON text, as many as are worth keeping: most of them come again with the next response."""

    def __missing__(self, text: str) -> Decimal:
        try:
            number = finite(Decimal(text)) if len(text) <= _MAX_DIGITS else Decimal("NaN")
        except (InvalidOperation, Mismatch):
            number = Decimal("NaN")
        if len(text) <= _MAX_KEPT_DIGITS:
            if len(self) >= _MAX_KEPT:
                self.clear()
            self[text] = number
        return number


def _new_decoder() -> json.JSONDecoder:
    number = _Numbers().__getitem__
    return json.JSONDecoder(parse_int=number, parse_float=number, parse_constant=number)


_DECODER: Final = _new_decoder()


def to_decimal(value: Any) -> Decimal | None:
    """Accept a JSON number or a decimal string; None for null.

    Raises:
        Mismatch: it is something else, or not finite as a double.
    """
    if value is None:
        return None
    if type(value) is Decimal:
        return finite(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = Decimal(repr(value))  # not from the vendor but from JMESPath, which counts and rounds in Python's own numbers
    if isinstance(value, str) and len(value) <= MAX_TEXT and _DECIMAL.fullmatch(value):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise Mismatch
    return finite(value)


def finite(number: Decimal) -> Decimal:
    """Return the number; 0 where the nearest double is 0.

    Raises:
        Mismatch: no finite double is near it.
    """
    if number.is_nan() or not isfinite(double := float(number)):
        raise Mismatch
    return number if double else Decimal(0)


def to_time(value: Any, format_: TimeFormat) -> float | None:
    """Accept a point in time in the declared format, as Unix seconds; an ISO 8601 time without a zone is UTC.

    Raises:
        Mismatch: it is not such a time, or not between 2000 and 9999.
    """
    if value is None:
        return None
    seconds = _iso8601(value) if format_ == "iso8601" else float(to_decimal(value) or 0) / (1000 if format_ == "unix_ms" else 1)
    if not _YEAR_2000 <= seconds < _YEAR_10000:
        raise Mismatch
    return seconds


def _iso8601(value: Any) -> float:
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        raise Mismatch from None


def to_bool(value: Any) -> bool | None:
    """Accept true and false only; None for null."""
    if value is None or isinstance(value, bool):
        return value
    raise Mismatch


def to_text(value: Any, echo: Echo | None = None) -> str | None:
    """Accept text or a number as a label value: no control or invisible characters, 128 characters at most; None for nothing.

    Raises:
        Mismatch: it is a boolean, a list or an object, or it contains the secret that `echo` looks for.
    """
    if value is None:
        return None
    if not isinstance(value, str | Decimal):
        raise Mismatch
    text = str(value)
    if echo and echo.is_in(text):  # before the cut, which could leave a part of the secret
        raise Mismatch
    if not text.isprintable():
        text = "".join(char for char in text if not is_hidden(char))
    return intern(text[:MAX_TEXT]) or None  # most accounts of a vendor have the same texts


def has_email(text: str) -> bool:
    """Whether a text contains an e-mail address."""
    return "@" in text and _EMAIL.search(text) is not None


def to_code(value: Any, echo: Echo | None = None) -> str | None:
    """Accept an error code like text. A number has one form: 1000, 1000.0 and 1e3 are the same code."""
    if isinstance(value, Decimal) and value.is_finite():
        value = f"{EXACT.normalize(value):f}"
    return to_text(value, echo)
