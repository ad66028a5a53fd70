"""A budget in a unit that the vendor does not use is logged once."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest

from exporter.log import configure_log
from exporter.model import AccountKey, Quota, Reading
from exporter.polling.budget_units import other_units, report_budget_units
from tests.support import job_of

KEY = AccountKey("heygen", "studio")
BUDGETS = {("spend", "usd"): Decimal(500), ("calls", "minutes"): Decimal(60)}


def _reading(*units: str) -> Reading:
    return Reading(tuple(Quota("spend", unit, used=Decimal(1)) for unit in units))


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (_reading("usd"), {}),
        (_reading("usd", "eur"), {}),
        (_reading("eur"), {("spend", "usd"): {"eur"}}),
        (_reading("eur", "gbp"), {("spend", "usd"): {"eur", "gbp"}}),
        (Reading(), {}),
        (Reading((Quota("wallet", "eur", remaining=Decimal(1)),)), {}),
    ],
)
def test_a_budget_has_no_effect_if_its_resource_comes_in_other_units_only(reading: Reading, expected: object) -> None:
    assert other_units(job_of(KEY, budgets=BUDGETS), reading) == expected


def test_budgets_in_two_units_of_one_resource_are_alternatives() -> None:
    budgets = {("spend", "usd"): Decimal(500), ("spend", "eur"): Decimal(400)}
    assert other_units(job_of(KEY, budgets=budgets), _reading("eur")) == {}


@pytest.mark.parametrize(("before", "count"), [(None, 1), (_reading("usd"), 1), (Reading(), 1), (_reading("eur"), 0), (_reading("gbp"), 1)])
def test_it_is_logged_when_it_begins(before: Reading | None, count: int) -> None:
    stream = io.StringIO()
    configure_log("info", "logfmt", stream)
    report_budget_units(job_of(KEY, budgets=BUDGETS), _reading("eur"), before)
    lines = [line for line in stream.getvalue().splitlines() if "budget has no effect" in line]
    assert len(lines) == count
    assert all("resource=spend unit=usd vendor=eur" in line for line in lines)
