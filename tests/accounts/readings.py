"""Readings of one resource, and the counters after them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from exporter.accounts.consumption import Consumption, update_consumption
from exporter.model import Quota

START, STEP, HOUR = 1_000_000.0, 300.0, 3_600.0
SOON = START + 200
"""A period end before the second reading."""


def quota(
    used: object = None,
    remaining: object = None,
    limit: object = None,
    resets_at: float | None = None,
    *,
    unit: str = "u",
    resource: str = "r",
) -> Quota:
    used, remaining, limit = (None if part is None else Decimal(str(part)) for part in (used, remaining, limit))
    return Quota(resource, unit, used=used, remaining=remaining, limit=limit, resets_at=resets_at)


def counters(*readings: Quota | Sequence[Quota], step: float = STEP, known: tuple[Consumption, ...] = ()) -> tuple[Consumption, ...]:
    """Return the counters after these readings, one `step` apart."""
    for number, reading in enumerate(readings):
        at = START + number * step
        known = update_consumption(known, [reading] if isinstance(reading, Quota) else reading, at, at)
    return known
