"""Formats times, durations and amounts for people. Rounding never turns something into zero, nor a part into the whole.

No function raises, whatever values a vendor sends: one account must not break the page of all.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Final, NamedTuple

from exporter.model import EXACT

_CENTS: Final = frozenset({"usd", "eur", "gbp", "chf", "cny", "inr", "aud", "cad", "nzd", "sek", "nok", "dkk", "pln", "brl", "sgd", "hkd"})
_CURRENCIES: Final = _CENTS | {"jpy", "krw"}
_DIRECTION_MARKS: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}")
"""Characters that change the direction of text; an unclosed one acts beyond the element that should isolate it."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_YEAR, _DAY, _HOUR, _MINUTE = 31_556_952, 86_400, 3_600, 60
_STEPS: Final = ((_DAY, "day", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1, "s"))
_LONGEST: Final = 1e12 * _YEAR
_MINUS: Final = "\N{MINUS SIGN}"


class Moment(NamedTuple):
    """A point in time, for machines and for people."""

    iso: str
    utc: str


class Phrase(NamedTuple):
    """A short text, with the point in time that it is about."""

    text: str
    moment: Moment | None = None
    loud: bool = False
    """Whether it is highlighted."""


def moment(at: float) -> Moment | None:
    """Format a point in time; None outside the calendar."""
    date = _date(at)
    if date is None:
        return None
    iso = date.isoformat()
    return Moment(f"{iso[:19]}Z", f"{date.day} {_MONTHS[date.month - 1]} {date.year} {iso[11:19]} UTC")


def phrase_at(at: float, text: str, *, loud: bool = False) -> Phrase:
    """Return a text about a point in time."""
    return Phrase(text, moment(at), loud)


def ago(at: float, now: float) -> str:
    """Format how long ago something was."""
    return f"{duration(now - at)} ago" if now - at >= 1 else "just now"


def ahead(at: float, now: float) -> str:
    """Format how far in the future something is, with its date."""
    date = day(at, now)
    return f"in {duration(at - now)}" + (f", {date}" if date else "")


def day(at: float, now: float) -> str:
    """Format a date and time to the minute, with the year only if it differs from now's; empty outside the calendar."""
    date, today = _date(at), _date(now)
    if date is None or today is None:
        return ""
    year = "" if date.year == today.year else f" {date.year}"
    return f"{date.day} {_MONTHS[date.month - 1]}{year} {date.hour:02}:{date.minute:02} UTC"


def duration(seconds: float) -> str:
    """Format a duration with one or two units, rounded down: `48 s`, `1 h 20 min`, `12 days`."""
    seconds = _bounded(seconds)
    if seconds >= 2 * _YEAR:
        return f"{seconds // _YEAR:,.0f} years"
    whole = int(seconds)
    for size, name, part, part_name in _STEPS:
        count, rest = divmod(whole, size)
        if count:
            second = rest // part if count < 4 else 0
            return _count(count, name) + (f" {_count(second, part_name)}" if second else "")
    return f"{whole} s"


def estimate(seconds: float) -> str:
    """Format a duration with one unit, rounded down as `duration` does: `3 days`."""
    seconds = _bounded(seconds)
    if seconds >= 2 * _YEAR:
        return duration(seconds)
    for size, name, *_ in _STEPS:
        if seconds >= 1.5 * size:
            return _count(int(seconds // size), name)
    return _count(int(seconds), "s")


def window(seconds: float) -> str:
    """Format a past duration as it follows "the last": `day`, `6 h`."""
    text = duration(seconds)
    return {"1 day": "day", "1 h": "hour", "1 min": "minute"}.get(text, text)


def amount(value: Decimal, unit: str) -> str:
    """Format a number as its unit is usually written. A number that is not zero never looks like zero."""
    if not value.is_finite():
        return "unknown"
    if not value:
        return "0.00" if unit in _CENTS else "0"
    size = value.adjusted()
    if not -7 < size < 15:
        text = f"{value:.3g}"
    elif unit in _CENTS:
        text = f"{value:,.{2 if size >= -2 else 1 - size}f}"
    else:
        text = f"{value:,.{0 if value == value.to_integral_value() else max(2, 2 - size)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", _MINUS)


def unit_name(unit: str, value: Decimal) -> str:
    """Format a unit as it follows this number: `credits`, `1 credit`, `USD`."""
    if unit in _CURRENCIES:
        return unit.upper()
    name = plain(unit)
    return name[:-1] if value == 1 and name.endswith("s") and not name.endswith("ss") else name


def counted(value: Decimal, unit: str) -> str:
    """Format a number with its unit."""
    return f"{amount(value, unit)} {unit_name(unit, value)}"


def ratio(part: Decimal, whole: Decimal) -> float:
    """Divide, within -1e9 and 1e9; 0 if there is no result."""
    quotient = EXACT.divide(part, whole)
    return 0.0 if quotient.is_nan() else float(max(Decimal(-1_000_000_000), min(Decimal(1_000_000_000), quotient)))


def percent(share: float) -> str:
    """Format a share in percent, rounded down. A part is never shown as 100 % or as 0 %."""
    if not isfinite(share * 1_000):
        return "unknown"
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0 < share < 0.01 or 0.99 <= share < 1:
        return f"{int(share * 1_000 + 1e-9) / 10:.1f} %"
    if abs(share) >= 1e6:
        return f"{share * 100:.3g} %".replace("-", _MINUS)
    return f"{int(share * 100 + 1e-9):,} %".replace("-", _MINUS)


def rate(per_second: float, unit: str) -> str:
    """Format how fast something is consumed, in two or three digits: by the hour or, if that is little, by the day."""
    hourly = per_second * _HOUR
    value, period = (hourly, "an hour") if hourly >= 1 else (hourly * 24, "a day")
    if value < 0.01:
        return f"less than 0.01 {unit_name(unit, Decimal(2))} a day"
    rounded = Decimal(f"{value:.{2 if value < 100 else 3}g}")
    # Cents of a rounded number would look like an exact one.
    number = amount(rounded, unit) if rounded < 10 else amount(rounded, "")
    return f"{number} {unit_name(unit, rounded)} {period}"


def plain(name: str) -> str:
    """Format an identifier as words."""
    return isolated(name.replace("_", " "))


def isolated(text: str) -> str:
    """Replace the characters that would change the direction of neighbouring text."""
    return text if text.isascii() else text.translate(_DIRECTION_MARKS)


def accounts(count: int) -> str:
    """Format a number of accounts."""
    return "1 account" if count == 1 else f"{count:,} accounts"


def _date(at: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(at), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _bounded(seconds: float) -> float:
    """Limit to the range from 0 to a trillion years; NaN becomes 0."""
    return min(max(0.0, seconds), _LONGEST) if seconds == seconds else 0.0  # noqa: PLR0124 -- NaN differs from itself


def _count(count: int, name: str) -> str:
    return f"{count} {name}{'s' if name == 'day' and count != 1 else ''}"
