"""How long a vendor asks to wait, from its response headers."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from exporter.model import Seconds

_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")


def waiting_time(retry_after: str | None, date: str | None, now: float) -> Seconds | None:
    """How long `Retry-After` asks to wait: seconds, or an HTTP date, which is measured by the vendor's own `Date` if it sent one.

    None where it says nothing, nothing sensible, or nothing of the future (RFC 9110, section 10.2.3).
    """
    text = (retry_after or "").strip()
    if _SECONDS.fullmatch(text):
        wait = float(text)
    else:
        until = _http_date(text)
        wait = until - (_http_date(date or "") or now) if until is not None else 0.0
    return Seconds(wait) if wait > 0 else None


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
