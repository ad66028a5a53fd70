"""Accounts with a known use, and their forecast in hours."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from exporter.accounts.consumption import Consumption, update_consumption
from exporter.accounts.forecast import forecast
from exporter.model import AutoReload, Quota, Reading

HOUR = 3_600.0
MONDAY = 1_760_313_600.0
"""A Monday at 0:00 UTC."""
FULL = Decimal(10) ** 9
RELOADING = Reading(features={"auto_reload": True}, auto_reload=AutoReload("u", Decimal(50), Decimal(100)))


def quota(left: object, **parts: Any) -> Quota:
    return Quota("r", "u", Decimal(str(left)), **parts)


def after(amounts: Iterable[float], *, step: float = HOUR) -> Consumption:
    """Return the counters of an account that consumed these amounts, one in each step of time."""
    known = update_consumption((), [quota(FULL)], MONDAY, MONDAY)
    left = FULL
    for number, amount in enumerate(amounts, 1):
        left -= Decimal(str(amount))
        known = update_consumption(known, [quota(left)], MONDAY + number * step, MONDAY + number * step)
    return known[0]


def lasts(consumption: Consumption, left: object, *, resets_in: float | None = None, reading: Reading | None = None, **parts: Any) -> Any:
    """Return the expected and the latest end in hours from now, rounded; None if there is no forecast at all."""
    resets_at = None if resets_in is None else consumption.at + resets_in * HOUR
    found = forecast(consumption, quota(left, resets_at=resets_at, **parts), reading or Reading())
    return None if found is None else tuple(None if end is None else round((end - consumption.at) / HOUR, 1) for end in found)


def office(days: int) -> list[float]:
    """Return 10 an hour between 9:00 and 17:00 on workdays, from Monday on."""
    return [10.0 if hour // 24 % 7 < 5 and 9 <= hour % 24 < 17 else 0.0 for hour in range(days * 24)]


def fridays(days: int) -> list[float]:
    """Return 50 an hour between 9:00 and 21:00 on Fridays, from Monday on."""
    return [50.0 if hour // 24 % 7 == 4 and 9 <= hour % 24 < 21 else 0.0 for hour in range(days * 24)]


STEADY = after([10.0] * 24 * 7)
