"""A budget or a threshold that nothing can be compared with is logged once."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest
from rich.console import Console

from exporter.accounts.entry import Entry, Failure, OptionalRequest, Schedule
from exporter.accounts.snapshot import account_at
from exporter.cli.table import print_table
from exporter.log import configure_log
from exporter.metrics.samples import WITHOUT_EFFECT
from exporter.model import EVERY, AccountKey, Quota, Reading, Reason, Threshold
from exporter.overview.build import account_facts
from exporter.polling.no_effect import NoEffect, other_units, without_amount, without_effect
from tests.support import DEFINITIONS, NOW, job_of

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


def _logged(*readings: Reading, forget: bool = False) -> list[str]:
    """Return what the last of the readings logs."""
    no_effect, job = NoEffect(), job_of(KEY, budgets=BUDGETS, thresholds=(SHARE,))
    stream = io.StringIO()
    for reading in readings:
        stream = io.StringIO()
        configure_log("info", "logfmt", stream)
        no_effect.report(job, reading)
        if forget:
            no_effect.forget(KEY)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(
    ("before", "count"), [([], 1), ([_reading("usd")], 1), ([Reading()], 1), ([_reading("eur")], 0), ([_reading("gbp")], 1)]
)
def test_it_is_logged_when_it_begins(before: list[Reading], count: int) -> None:
    lines = _logged(*before, _reading("eur"))
    assert len(lines) == count
    assert all('event="budget has no effect"' in line and "resource=spend unit=usd vendor=eur" in line for line in lines)


SHARE = Threshold("wallet", "warning", share=Decimal("0.2"))
AMOUNT = Threshold("wallet", "critical", amount=Decimal(5))
LEFT = Quota("wallet", "usd", remaining=Decimal(1))
LIMITED = replace(LEFT, limit=Decimal(10))
USED = Quota("wallet", "usd", used=Decimal(1))


@pytest.mark.parametrize(
    ("threshold", "quotas", "expected"),
    [
        (SHARE, [LEFT], "an amount instead of a share"),
        (SHARE, [LIMITED], None),
        (SHARE, [LEFT, replace(LIMITED, unit="eur")], None),
        (SHARE, [USED], "use `budgets`"),
        (SHARE, [], None),
        (SHARE, [replace(LEFT, resource="spend")], None),
        (SHARE, [replace(USED, unlimited=True)], None),
        (SHARE, [Quota("wallet", "usd", resets_at=1.0)], None),
        (AMOUNT, [LEFT], None),
        (AMOUNT, [USED], "use `budgets`"),
        (replace(SHARE, resource=EVERY), [LEFT], None),
    ],
)
def test_a_threshold_has_no_effect_without_the_limit_that_it_needs(threshold: Threshold, quotas: list[Quota], expected: str | None) -> None:
    found = without_amount(job_of(KEY, thresholds=(threshold,)), Reading(tuple(quotas)))
    assert [*found] == ([(threshold.resource, threshold.severity)] if expected else [])
    assert all(expected in remedy for remedy in found.values() if expected)


def test_a_limit_that_came_with_an_unusable_value_is_no_missing_limit() -> None:
    job = job_of(KEY, thresholds=(SHARE,))
    assert without_amount(job, Reading((LEFT,), mismatches=("wallet.limit",))) == {}
    assert without_amount(job, Reading((LEFT,), mismatches=("wallet_2.limit",))) != {}


def test_a_threshold_without_effect_is_logged_once_and_again_when_the_account_has_changed() -> None:
    without, limited = Reading((LEFT,)), Reading((LIMITED,))
    [line] = _logged(without)
    assert 'level=warning event="threshold has no effect" provider=heygen account=studio resource=wallet severity=warning remedy="' in line
    assert len(_logged(without, without)) == 0
    assert len(_logged(without, limited)) == 0
    assert len(_logged(without, limited, without)) == 1
    assert len(_logged(without, without, forget=True)) == 1


@pytest.mark.parametrize(
    ("named", "reading", "count"),
    [
        ({"wallet", "spend"}, Reading((LIMITED, *_reading("usd").quotas)), 0),
        ({"wallet", "spend"}, Reading(), 2),
        ({"wallet"}, Reading((Quota("wallet", "usd", resets_at=1.0),)), 1),
        ({"wallet"}, Reading(mismatches=("wallet.remaining",)), 0),
        ({"spend"}, Reading(mismatches=("spend.used",)), 0),
        (set(), Reading(), 0),
    ],
)
def test_an_account_that_names_a_resource_is_told_when_it_is_missing(named: set[str], reading: Reading, count: int) -> None:
    budgets = {("spend", "usd"): Decimal(500)}
    job = job_of(KEY, budgets=budgets, thresholds=(SHARE, replace(SHARE, severity="critical")), named=frozenset(named))
    found = without_effect(job, reading)
    assert len(found) == count
    assert all(
        "wallet: the vendor's response contains no amount" in each or each == "budgets.spend.usd: the vendor reports no amount"
        for each in found
    )


PLAN: Final = Threshold("plan_credits", "warning", share=Decimal("0.2"))


@pytest.mark.parametrize("quotas", [(), (Quota("plan_credits", "credits", remaining=Decimal(1)),)], ids=["nothing", "no limit"])
def test_what_is_missing_because_an_optional_request_fails_is_the_fault_of_that_request(quotas: tuple[Quota, ...]) -> None:
    job = replace(job_of(KEY, thresholds=(PLAN,), named=frozenset({"plan_credits"})), definition=DEFINITIONS["fish_audio"])
    [request] = (each for each in job.requests if each.optional)
    for error, count in ((None, 1), (Failure(Reason.FORBIDDEN, "HTTP 403"), 0)):
        entry = Entry(Reading(quotas), up=True, last_success_at=NOW, optional={request.name: OptionalRequest(error=error)})
        account, stream = account_at(NOW, job, entry, Schedule()), io.StringIO()
        print_table([account], NOW, Console(file=stream))
        assert len(list(WITHOUT_EFFECT.of(account))) == len(account_facts(account, NOW).without_effect or ()) == count
        assert stream.getvalue().count("no effect: thresholds.plan_credits") == count
