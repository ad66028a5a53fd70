"""The first second of a month is a reset for the counters of consumption, and not a refund."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from exporter.accounts.consumption import Consumption, update_consumption
from exporter.providers.extract import extract
from exporter.providers.library import load_definition
from exporter.providers.values import decode_json
from tests.providers.bodies import encode

OPENAI = load_definition(Path(__file__).parent / "worked" / "openai.yaml")


def _counted(*polls: tuple[str, float, str]) -> Consumption:
    """Count polls, each with its start, its duration and what the month's costs were when it asked."""
    known: tuple[Consumption, ...] = ()
    for start, duration, used in polls:
        begun = datetime.fromisoformat(f"{start}+00:00").timestamp()
        body = {"data": [{"results": [{"amount": {"value": used, "currency": "usd"}}]}], "has_more": False}
        reading = extract([(OPENAI.requests[0], decode_json(encode(body)))], now=begun)
        assert reading.mismatches == ()
        known = update_consumption(known, reading.quotas, begun + duration, begun + duration)
    [spend] = known
    return spend


@pytest.mark.parametrize(
    ("polls", "consumed"),
    [
        ([("2026-11-30T23:59:00", 0, "100"), ("2026-12-01T00:00:00", 0, "0")], "0"),
        ([("2026-11-30T23:59:00", 0, "100"), ("2026-12-01T00:00:00", 0, "0.25"), ("2026-12-01T00:05:00", 0, "1")], "1"),
        ([("2026-11-30T23:59:00", 0, "100"), ("2026-12-01T00:00:00", 0, "80")], "80"),
        ([("2026-11-30T23:59:59.9", 2, "100"), ("2026-12-01T00:05:00", 0, "80")], "80"),
        ([("2026-11-30T23:55:00", 0, "90"), ("2026-11-30T23:59:59.999", 0, "100"), ("2026-12-01T00:00:00", 0.5, "80")], "90"),
        ([("2026-12-31T23:59:59", 0, "100"), ("2027-01-01T00:00:00", 0, "80")], "80"),
        ([("2026-11-28T12:00:00", 0, "100"), ("2026-12-03T12:00:00", 0, "80")], "80"),
    ],
)
def test_a_new_month_is_a_reset(polls: list[tuple[str, float, str]], consumed: str) -> None:
    assert _counted(*polls).consumed == Decimal(consumed)


def test_a_fall_within_the_month_is_a_refund() -> None:
    spend = _counted(("2026-11-30T23:50:00", 0, "100"), ("2026-11-30T23:59:59.999", 0, "80"))
    assert (spend.consumed, spend.replenished) == (Decimal(0), Decimal(20))
