"""Which resource of an account matters most."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from exporter.overview.facts import QuotaFacts, State
from exporter.overview.urgency import decisive, severity_of, share_left

NOW = 1_795_000_000.0
USED_UP = QuotaFacts("used_up", "usd", State.EXHAUSTED, remaining=Decimal(0))
LOW = QuotaFacts("low", "usd", State.LOW, remaining=Decimal(5), limit=Decimal(100), share=0.05)
CRITICAL = replace(LOW, resource="critical", share=0.5, thresholds={"warning": Decimal(9), "critical": Decimal(6)})
LOW_AND_ENDING = replace(LOW, resource="low_and_ending", share=0.5, empty_at=NOW + 3_600)
ENDING = QuotaFacts("ending", "usd", State.OK, remaining=Decimal(90), limit=Decimal(100), share=0.9, empty_at=NOW + 900_000)
ENDING_LATER = replace(ENDING, resource="ending_later", share=0.1, empty_at=NOW + 9_000_000)
HALF = QuotaFacts("half", "credits", State.OK, remaining=Decimal(50), limit=Decimal(100), share=0.5)
MOST = replace(HALF, resource="most", share=0.8)
NO_SLOT = QuotaFacts("no_slot", "slots", State.OK, remaining=Decimal(0), limit=Decimal(3), share=0.0)
UNKNOWN = QuotaFacts("unknown", "credits", State.OK, remaining=Decimal(50))
BUDGET = QuotaFacts("spend", "usd", State.OK, used=Decimal(60), budget=Decimal(100))
ORDER = (USED_UP, CRITICAL, LOW_AND_ENDING, LOW, ENDING, ENDING_LATER, BUDGET, HALF, MOST, UNKNOWN, NO_SLOT)


@pytest.mark.parametrize("number", range(len(ORDER)))
def test_the_resource_that_is_nearest_to_its_end_matters_most(number: int) -> None:
    assert decisive(reversed(ORDER[number:])) is ORDER[number]


def test_an_account_without_resources_has_none() -> None:
    assert decisive([]) is None


@pytest.mark.parametrize(
    ("quota", "share"),
    [
        (HALF, 0.5),
        (UNKNOWN, None),
        (BUDGET, 0.4),
        (replace(BUDGET, share=0.1), 0.1),
        (replace(BUDGET, share=0.7), 0.4),
        (replace(BUDGET, used=Decimal(150)), -0.5),
        (replace(BUDGET, used=None), None),
        (replace(BUDGET, used=Decimal("1e400"), budget=Decimal("1e-400")), None),
        (replace(BUDGET, unlimited=True), 0.4),
        (replace(HALF, unlimited=True), None),
    ],
)
def test_the_smaller_share_of_limit_and_budget_counts(quota: QuotaFacts, share: float | None) -> None:
    assert share_left(quota) == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize(
    ("quota", "severity"),
    [
        (CRITICAL, "critical"),
        (replace(CRITICAL, remaining=Decimal(6)), "warning"),
        (replace(CRITICAL, remaining=Decimal(9)), None),
        (replace(CRITICAL, remaining=None), None),
        (LOW, None),
    ],
)
def test_the_lowest_threshold_that_was_passed_counts(quota: QuotaFacts, severity: str | None) -> None:
    assert severity_of(quota) == severity
