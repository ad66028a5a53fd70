"""How long a vendor asks to wait, from its response headers."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from exporter.model import Seconds

_NUMBER: Final = re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,6})?")
_EPOCHS: Final = ((1e9, 1.0), (1e12, 1e3))
"""Numbers from the first to four times the first are Unix times, of so many units to a second: the years 2001 to 2096."""


def waiting_time(retry_after: str | None, date: str | None, now: float) -> Seconds | None:
    """Return how long `Retry-After` asks to wait: it has seconds or an HTTP date (RFC 9110, section 10.2.3); some vendors send a Unix time.

    A point in time is measured by the vendor's own `Date`, where it was sent. None for anything else, for the past and for no time.
    """
    text = (retry_after or "").strip()
    number = float(text) if _NUMBER.fullmatch(text) else None
    until = _http_date(text) if number is None else _unix_time(number)
    if until is not None:
        wait = until - (_http_date(date or "") or now)
    else:
        wait = number if number is not None and number < _EPOCHS[0][0] else 0.0
    return Seconds(wait) if wait > 0 else None


def _unix_time(number: float) -> float | None:
    return next((number / units for first, units in _EPOCHS if first <= number < 4 * first), None)


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
