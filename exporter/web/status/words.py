"""Times, durations and amounts in the words of people: rounded for the eye, but never across zero or to the full."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

_CENTS: Final = frozenset({"usd", "eur", "gbp", "chf", "cny", "inr", "aud", "cad", "nzd", "sek", "nok", "dkk", "pln", "brl", "sgd", "hkd"})
_CURRENCIES: Final = _CENTS | {"jpy", "krw"}
_TURNS: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}")
"""Characters that turn the direction of text; an unclosed one acts beyond the element that should isolate it."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_YEAR, _DAY, _HOUR, _MINUTE = 31_556_952, 86_400, 3_600, 60
_STEPS: Final = ((_DAY, "day", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1, "s"))


class Moment(NamedTuple):
    """A point in time, for machines and for people."""

    iso: str
    utc: str


def moment(at: float) -> Moment | None:
    """Write a point in time; None where the calendar does not reach."""
    try:
        date = datetime.fromtimestamp(int(at), UTC)
    except (OverflowError, ValueError, OSError):
        return None
    iso = date.isoformat()
    return Moment(f"{iso[:19]}Z", f"{date.day} {_MONTHS[date.month - 1]} {date.year} {iso[11:19]} UTC")


def day(at: float, now: float) -> str:
    """Write the day and the minute, with the year only where it is another one than now's; empty where the calendar does not reach."""
    try:
        date, today = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(now, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    year = "" if date.year == today.year else f" {date.year}"
    return f"{date.day} {_MONTHS[date.month - 1]}{year} {date.hour:02}:{date.minute:02} UTC"


def duration(seconds: float) -> str:
    """Write a duration with one or two units, rounded down: `48 s`, `1 h 20 min`, `12 days`."""
    if seconds >= 2 * _YEAR:
        return f"{seconds // _YEAR:,.0f} years"
    whole = max(0, int(seconds))
    for size, name, part, part_name in _STEPS:
        count, rest = divmod(whole, size)
        if count:
            second = rest // part if count < 4 else 0
            return _count(count, name) + (f" {_count(second, part_name)}" if second else "")
    return f"{whole} s"


def about(seconds: float) -> str:
    """Write a duration that is only an estimate, with one unit: `3 days`."""
    if seconds >= 2 * _YEAR:
        return f"{seconds / _YEAR:,.0f} years"
    for size, name, *_ in _STEPS:
        if seconds >= 1.5 * size:
            return _count(round(seconds / size), name)
    return _count(max(0, round(seconds)), "s")


def window(seconds: float) -> str:
    """Write a duration that has just passed, as it follows "the last": `day`, `6 h`."""
    text = duration(seconds)
    return {"1 day": "day", "1 h": "hour", "1 min": "minute"}.get(text, text)


def amount(value: Decimal, unit: str) -> str:
    """Write a number as its unit is usually written; what is not zero never looks like zero."""
    if not value:
        return "0.00" if unit in _CENTS else "0"
    size = value.adjusted()
    if not -7 < size < 15:
        return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
    if unit in _CENTS:
        return f"{value:,.{2 if size >= -2 else 1 - size}f}".replace("-", "\N{MINUS SIGN}")
    text = f"{value:,.{0 if value == value.to_integral_value() else max(2, 2 - size)}f}".replace("-", "\N{MINUS SIGN}")
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit_name(unit: str, value: Decimal) -> str:
    """Write a unit as it follows this number: `credits`, `1 credit`, `USD`."""
    if unit in _CURRENCIES:
        return unit.upper()
    name = plain(unit)
    return name[:-1] if value == 1 and name.endswith("s") and not name.endswith("ss") else name


def counted(value: Decimal, unit: str) -> str:
    """Write a number with its unit."""
    return f"{amount(value, unit)} {unit_name(unit, value)}"


def percent(share: float) -> str:
    """Write a share, rounded down: what is left never looks like all, nor like nothing."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0 < share < 0.01 or 0.99 <= share < 1:
        return f"{int(share * 1_000 + 1e-9) / 10:.1f} %"
    return f"{int(share * 100 + 1e-9):,} %".replace("-", "\N{MINUS SIGN}")


def rate(per_second: float, unit: str) -> str:
    """Write how fast something is consumed, by the hour or, where that is little, by the day."""
    hourly = per_second * _HOUR
    value, period = (hourly, "an hour") if hourly >= 1 else (hourly * 24, "a day")
    if value < 0.01:
        return f"less than 0.01 {unit_name(unit, Decimal(2))} a day"
    return f"about {counted(Decimal(f'{value:.{2 if value < 100 else 3}g}'), unit)} {period}"


def plain(name: str) -> str:
    """Write an identifier as words."""
    return straight(name.replace("_", " "))


def straight(text: str) -> str:
    """Take from a text what would turn the direction of its neighbours."""
    return text if text.isascii() else text.translate(_TURNS)


def accounts(count: int) -> str:
    """Write how many accounts."""
    return "1 account" if count == 1 else f"{count:,} accounts"


def _count(count: int, name: str) -> str:
    return f"{count} {name}{'s' if name == 'day' and count != 1 else ''}"
