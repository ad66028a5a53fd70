"""Numbers and times in JSON: read, replaced and written in the form that the vendor uses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from exporter.providers.values import TimeFormat
from exporter.validation.problems import Place

_FINEST: Final = -4
"""Decimal places of a JSON number with a fraction: more than in an example, so that small changes are visible."""
_FINEST_TEXT: Final = -12
"""Decimal places of a number as text, at most: some vendors send 34, which Decimal's context cannot hold."""
_DATE: Final = len("2026-12-01")


def replaced(body: Any, place: Place, value: object) -> Any:
    """Return a body with another value at one place. The rest is not copied."""
    if not place:
        return value
    changed = body.copy()
    changed[place[0]] = replaced(body[place[0]], place[1:], value)
    return changed


def precision_of(found: Any) -> Decimal:
    """Return the smallest change of a number: 1 for a whole one, and 0.01 for the text "5.00"."""
    exponent = Decimal(str(found)).as_tuple().exponent
    return Decimal(1).scaleb(max(_FINEST_TEXT, min(int(exponent), _FINEST if isinstance(found, float) else 0)))


def written_number(found: Any, number: Decimal) -> Any:
    """Write a number in the form of the example: text stays text, and a whole number stays whole."""
    if isinstance(found, str):
        return f"{number.quantize(precision_of(found)):f}"
    return float(number) if isinstance(found, float) else int(number)


def written_time(found: Any, time: float, format_: TimeFormat) -> Any:
    """Write a time in the form of the example: the first whole second, or day, that is not before it."""
    seconds = -int(-time // 1)
    if format_ != "iso8601":
        number = seconds * (1000 if format_ == "unix_ms" else 1)
        return str(number) if isinstance(found, str) else number
    moment = datetime.fromtimestamp(seconds, UTC)
    if len(found) == _DATE:
        return f"{moment + timedelta(days=1):%Y-%m-%d}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}{'' if datetime.fromisoformat(found).tzinfo is None else 'Z'}"
