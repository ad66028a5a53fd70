from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import pytest

from exporter.accounts.entry import Record
from exporter.accounts.snapshot import AccountSnapshot
from exporter.accounts.store import Store
from exporter.errors import PollError
from exporter.model import Quota, Reading, Reason, Seconds, Threshold
from exporter.overview.build import account_facts
from exporter.overview.facts import ErrorFacts, State
from tests.overview.entries import DAY, KEY, NEW, NOW, burning, changed, configured, corrected, credits_of, facts_of, failed, polled
from tests.support import clock_at

OVERAGE = Decimal(50)
FLOOR = (Threshold("credits", "warning", amount=Decimal(40)),)
SHARED_FLOOR = (Threshold("*", "critical", share=Decimal("0.5")),)
HOURLY = 1 / 3600


@pytest.mark.parametrize(
    ("account", "state"),
    [
        pytest.param(NEW, State.WAITING, id="never polled"),
        pytest.param(polled(), State.OK, id="good, and the vendor sent no amount"),
        pytest.param(polled(credits_of(50, 100)), State.OK, id="half is left"),
        pytest.param(failed(), State.FAILING, id="failed, and never succeeded"),
        pytest.param(failed(polled(credits_of(50, 100), age=900.0)), State.FAILING, id="failed, amounts as old as they may be"),
        pytest.param(failed(polled(credits_of(50, 100), age=900.5)), State.FAILING, id="failed, amounts too old"),
        pytest.param(polled(credits_of(0, 100), age=900.5), State.STALE, id="no poll ended for too long"),
        pytest.param(failed(polled(credits_of(0), age=900.5)), State.FAILING, id="used up, but that is long ago"),
        pytest.param(failed(polled(credits_of(0))), State.EXHAUSTED, id="used up and failing"),
        pytest.param(failed(reason=Reason.QUOTA_EXHAUSTED), State.EXHAUSTED, id="the vendor refuses, nothing is known"),
        pytest.param(failed(polled(credits_of(50, 100)), Reason.QUOTA_EXHAUSTED), State.EXHAUSTED, id="the vendor refuses all the same"),
        pytest.param(failed(polled(credits_of(5, 100))), State.FAILING, id="low and failing"),
        pytest.param(polled(credits_of(50, 100), credits_of(0, 10)), State.EXHAUSTED, id="one of two is used up"),
        pytest.param(polled(credits_of(5, 100), credits_of(50, 100)), State.LOW, id="one of two is low"),
    ],
)
def test_an_account_is_in_the_worst_state_that_applies(account: AccountSnapshot, state: State) -> None:
    assert facts_of(account).state is state


@pytest.mark.parametrize(
    ("account", "state"),
    [
        pytest.param(polled(credits_of(0)), State.EXHAUSTED, id="nothing left"),
        pytest.param(polled(credits_of("0.01")), State.OK, id="a little left, and no limit is known"),
        pytest.param(polled(credits_of(-1, 100)), State.EXHAUSTED, id="overdrawn, and no overage was sent"),
        pytest.param(polled(credits_of(0, 100, overage_limit=OVERAGE)), State.LOW, id="the overage begins"),
        pytest.param(polled(credits_of("-49.99", 100, overage_limit=OVERAGE)), State.LOW, id="some overage left"),
        pytest.param(polled(credits_of(-50, 100, overage_limit=OVERAGE)), State.EXHAUSTED, id="the overage is used up too"),
        pytest.param(polled(credits_of(0, 100, overage_limit=Decimal(0))), State.EXHAUSTED, id="no overage allowed"),
        pytest.param(polled(credits_of(-1, 100, unlimited=True)), State.OK, id="beyond the limit without an end"),
        pytest.param(polled(credits_of(10, 100)), State.OK, id="a tenth left"),
        pytest.param(polled(credits_of("9.99", 100)), State.LOW, id="less than a tenth left"),
        pytest.param(polled(Quota("spend", "usd", Decimal(5), Decimal(95), Decimal(100))), State.LOW, id="a spending cap is near"),
        pytest.param(
            polled(Quota("team_spend", "usd", Decimal(0), Decimal(9), Decimal(9))), State.EXHAUSTED, id="a spending cap is reached"
        ),
        pytest.param(polled(Quota("spend", "usd", used=Decimal(9))), State.OK, id="spent, and no cap was sent"),
        pytest.param(polled(Quota("voice_slots", "slots", Decimal(0), Decimal(30), Decimal(30))), State.OK, id="all slots used"),
        pytest.param(polled(credits_of(40), thresholds=FLOOR), State.OK, id="at the operator's threshold"),
        pytest.param(polled(credits_of("39.99"), thresholds=FLOOR), State.LOW, id="below the operator's threshold"),
        pytest.param(polled(credits_of(49, 100), thresholds=SHARED_FLOOR), State.LOW, id="below the operator's share"),
        pytest.param(polled(credits_of(60, 1000), thresholds=FLOOR), State.OK, id="a tenth says nothing where the operator has spoken"),
        pytest.param(polled(credits_of(0, 0)), State.EXHAUSTED, id="nothing granted, and there is nothing else"),
        pytest.param(polled(credits_of(39, 100, unlimited=True), thresholds=FLOOR), State.LOW, id="below the threshold, without an end"),
        pytest.param(burning(polled(credits_of(48)), HOURLY), State.LOW, id="ends in two days less a minute"),
        pytest.param(burning(polled(credits_of(49)), HOURLY), State.OK, id="ends in more than two days"),
        pytest.param(burning(polled(credits_of(24, resets_at=NOW + DAY / 2)), HOURLY), State.OK, id="ends after its reset"),
        pytest.param(burning(polled(credits_of(24, resets_at=NOW + 2 * DAY)), HOURLY), State.LOW, id="ends before its reset"),
        pytest.param(burning(polled(credits_of(24, resets_at=NOW - 61)), HOURLY), State.OK, id="the reset was due when it was read"),
        pytest.param(burning(polled(credits_of(24, resets_at=NOW - DAY)), HOURLY), State.LOW, id="the reset was over when it was read"),
        pytest.param(burning(polled(credits_of(24, resets_at=NOW - 1)), HOURLY), State.OK, id="was reset since it was read"),
        pytest.param(burning(polled(credits_of(24, unlimited=True)), HOURLY), State.OK, id="has no end"),
    ],
)
def test_a_resource_has_its_own_state_and_the_account_has_the_same(account: AccountSnapshot, state: State) -> None:
    facts = facts_of(account)
    assert [quota.state for quota in facts.quotas] == [state]
    assert facts.state is state


@pytest.mark.parametrize(("used", "state"), [("79.99", State.OK), ("80", State.LOW), ("120", State.LOW)])
def test_a_resource_is_low_from_four_fifths_of_its_budget_on(used: str, state: State) -> None:
    account = configured(polled(Quota("spend", "usd", used=Decimal(used))), budgets={("spend", "usd"): Decimal(100)})
    assert facts_of(account).state is state


@pytest.mark.parametrize("nothing", [credits_of(0), credits_of(0, 0), credits_of(0, 0, used=Decimal(0))])
def test_a_resource_that_was_never_bought_is_not_exhausted(nothing: Quota) -> None:
    other = Quota("wallet", "usd", Decimal(50))
    assert facts_of(polled(nothing, other)).state is State.OK
    assert facts_of(burning(polled(nothing, other), HOURLY)).state is State.EXHAUSTED


def test_of_a_stale_reading_only_the_mismatches_are_shown() -> None:
    reading = Reading((credits_of(50, 100),), {"plan": "pro"}, features={"x": True}, created_at=1.0, mismatches=("credits.used",))
    account = changed(polled(age=900.5), reading=reading)
    fresh, stale = facts_of(account, NOW - 1), facts_of(account)
    assert (fresh.info, fresh.features, fresh.created_at, len(fresh.quotas)) == ({"plan": "pro"}, {"x": True}, 1.0, 1)
    assert (stale.info, stale.features, stale.created_at, stale.quotas) == (None, None, None, ())
    assert (stale.mismatches, stale.last_success_at) == (("credits.used",), NOW - 900.5)


def test_a_threshold_has_no_effect_where_a_fresh_reading_has_no_limit() -> None:
    share = (Threshold("credits", "warning", share=Decimal("0.5")),)
    assert facts_of(polled(credits_of(50, 100), thresholds=share)).without_effect is None
    assert len(facts_of(polled(credits_of(50), thresholds=share)).without_effect or ()) == 1
    assert facts_of(polled(credits_of(50), thresholds=share, age=900.5)).without_effect is None


def test_the_page_to_top_up_is_that_of_the_definition() -> None:
    account = polled()
    definition = account.job.definition.model_copy(update={"billing_url": "https://vendor.example/billing"})
    assert facts_of(account._replace(job=replace(account.job, definition=definition))).billing_url == "https://vendor.example/billing"


def test_a_failure_has_a_message_and_a_remedy() -> None:
    error = facts_of(failed(failed(), Reason.TLS, "the certificate expired")).error
    assert error is not None
    assert (error.reason, error.message, error.failures) == (Reason.TLS, "the certificate expired", 2)
    assert "ca_file" in error.remedy
    assert facts_of(polled()).error is None


def test_a_failure_has_the_time_of_the_first_of_its_polls() -> None:
    store = Store([NEW.job], (math.inf,), clock_at(NOW))
    for at in (NOW - 900, NOW - 600, NOW - 300):
        store.record_failure(KEY, PollError(Reason.TIMEOUT, "no luck"), at=at, duration=Seconds(0.1), interval=Seconds(300.0))
    failing = error_of(store)
    assert failing
    assert (failing.failures, failing.since) == (3, NOW - 900)
    store.record_success(KEY, Reading(), at=NOW - 200, duration=Seconds(0.1), interval=Seconds(300.0))
    assert error_of(store) is None
    store.record_failure(KEY, PollError(Reason.TIMEOUT, "no luck"), at=NOW - 100, duration=Seconds(0.1), interval=Seconds(300.0))
    failing = error_of(store)
    assert failing
    assert failing.since == NOW - 100


def test_the_time_is_unknown_where_an_earlier_version_stored_the_failures() -> None:
    store = Store([NEW.job], (math.inf,), clock_at(NOW), {KEY: Record(failed().entry)})
    store.record_failure(KEY, PollError(Reason.TIMEOUT, "no luck"), at=NOW, duration=Seconds(0.1), interval=Seconds(300.0))
    failing = error_of(store)
    assert failing
    assert (failing.failures, failing.since) == (2, None)


def test_the_time_follows_corrections_of_the_clock() -> None:
    error = facts_of(corrected(changed(failed(), failing_since=NOW - 60), 7.0)).error
    assert error
    assert error.since == NOW - 53


def error_of(store: Store) -> ErrorFacts | None:
    [account] = store.snapshot().accounts
    return account_facts(account, NOW).error
