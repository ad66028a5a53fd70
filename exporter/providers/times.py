"""The times that a request may contain, such as the start of the month, and the ends of periods. All of them are UTC."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

Period = Literal["day", "week", "month"]

_DAY: Final = timedelta(days=1)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _next_month(moment: datetime) -> datetime:
    return (_midnight(moment).replace(day=28) + 4 * _DAY).replace(day=1)


_MOMENTS: Final[Mapping[str, Callable[[datetime], datetime]]] = {
    "now": lambda moment: moment,
    "today": _midnight,
    "tomorrow": lambda moment: _midnight(moment) + _DAY,
    "month_start": lambda moment: _midnight(moment).replace(day=1),
    "month_end": _next_month,
}
"""`today` and `month_start` are the first instant of the day and of the month; `tomorrow` and `month_end` the first one after them."""
_FORMATS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "unix": lambda moment: f"{moment.timestamp() // 1:.0f}",
    "unix_ms": lambda moment: f"{moment.timestamp() * 1000 // 1:.0f}",
    "iso8601": lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}",
    "date": lambda moment: f"{moment:%Y-%m-%d}",
}
_PERIODS: Final[Mapping[Period, Callable[[datetime], datetime]]] = {
    "day": lambda moment: _midnight(moment) + _DAY,
    "week": lambda moment: _midnight(moment) + (7 - moment.weekday()) * _DAY,
    "month": _next_month,
}
_TIME: Final = re.compile(rf"({'|'.join(_MOMENTS)})(?:([+-][0-9]{{1,3}})d)?:({'|'.join(_FORMATS)})")

NAMES: Final = tuple(_MOMENTS)
FORMATS: Final = tuple(_FORMATS)


def is_time(text: str) -> bool:
    """Whether the text names a time and its format, such as `month_start:unix` or `now-30d:date`."""
    return _TIME.fullmatch(text) is not None


def format_time(text: str, now: float) -> str:
    """Write the time that the text names. `now` is Unix time.

    Raises:
        ValueError: the text names none.
    """
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError("expected a time such as month_start:unix")
    name, days, format_ = found.groups()
    return _FORMATS[format_](_MOMENTS[name](datetime.fromtimestamp(now, UTC)) + int(days or 0) * _DAY)


def period_end(period: Period, now: float) -> float:
    """Return when the current day, week (from Monday) or month ends, as Unix time."""
    return _PERIODS[period](datetime.fromtimestamp(now, UTC)).timestamp()
