from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.accounts.entry import Schedule
from exporter.accounts.snapshot import AccountSnapshot
from exporter.model import Quota, Reading, Reason, Threshold
from exporter.overview.facts import QuotaFacts, Soonest, State
from tests.overview.entries import DAY, NEW, NOW, burning, changed, corrected, credits_of, facts_of, failed, named, overview_of, polled

TEN_YEARS = 10 * 365.25 * DAY


def quota_of(account: AccountSnapshot, now: float = NOW) -> QuotaFacts:
    [quota] = facts_of(account, now).quotas
    return quota


def test_accounts_are_ordered_by_state_then_by_end_then_as_configured() -> None:
    entries = [
        named(polled(credits_of(50)), "quiet"),
        named(NEW, "new"),
        named(burning(polled(credits_of(10_000)), 0.01), "ends later"),
        named(burning(polled(credits_of(5_000)), 0.01), "ends sooner"),
        named(burning(polled(credits_of(400, resets_at=NOW + 60)), 0.01), "is reset before"),
        named(polled(credits_of(1, 100)), "low"),
        named(polled(credits_of(1, 100), thresholds=(Threshold("credits", "critical", amount=Decimal(2)),)), "critical"),
        named(failed(polled(credits_of(50))), "failing"),
        named(failed(polled(credits_of(50), age=900.5)), "failing for long"),
        named(polled(credits_of(50), age=900.5), "stale"),
        named(polled(credits_of(0)), "exhausted"),
        named(failed(reason=Reason.QUOTA_EXHAUSTED), "refused"),
    ]
    overview = overview_of(entries)
    names = [
        "exhausted",
        "refused",
        "failing for long",
        "failing",
        "stale",
        "critical",
        "low",
        "new",
        "ends sooner",
        "ends later",
        "quiet",
        "is reset before",
    ]
    assert [account.account for account in overview.accounts] == names
    counts = {State.EXHAUSTED: 2, State.FAILING: 2, State.STALE: 1, State.LOW: 2, State.WAITING: 1, State.OK: 4}
    assert overview.summary.states == counts
    assert list(overview.summary.states) == list(State)
    assert overview.summary.accounts == 12
    assert overview.summary.soonest == Soonest("acme", "ends sooner", "credits", "credits", NOW - 60 + 500_000)


def test_there_is_a_summary_without_accounts() -> None:
    overview = overview_of([])
    assert (overview.accounts, overview.summary.accounts, overview.summary.soonest) == ((), 0, None)
    assert (overview.version, overview.generated_at) == ("1.2.3", NOW)
    assert set(overview.summary.states.values()) == {0}


def test_an_end_is_computed_from_the_last_good_poll() -> None:
    quota = quota_of(failed(burning(polled(credits_of(100), age=600.0), 0.5)))
    assert (quota.burn_per_second, quota.burn_window, quota.empty_at) == (0.5, DAY, NOW - 600 + 200)


@pytest.mark.parametrize(
    ("account", "lasts"),
    [
        pytest.param(polled(credits_of(100, resets_at=NOW + DAY)), None, id="no burn is known"),
        pytest.param(burning(polled(credits_of(100)), 1.0), None, id="no reset"),
        pytest.param(burning(polled(credits_of(100, resets_at=NOW)), 1.0), None, id="the reset is over"),
        pytest.param(
            burning(polled(Quota("credits", "credits", used=Decimal(5), resets_at=NOW + DAY)), 1.0),
            None,
            id="the remaining amount is unknown",
        ),
        pytest.param(burning(polled(credits_of(100, resets_at=NOW + DAY)), 0.0), True, id="nothing is consumed"),
        pytest.param(burning(polled(credits_of(100, resets_at=NOW + 40)), 1.0), True, id="ends with the reset"),
        pytest.param(burning(polled(credits_of(100, resets_at=NOW + 41)), 1.0), False, id="ends a second before the reset"),
        pytest.param(burning(polled(credits_of(100, resets_at=NOW + DAY)), 1.0, days=0.2), None, id="the history is too short"),
        pytest.param(burning(polled(credits_of(0, resets_at=NOW + 40)), 1.0), None, id="has ended"),
        pytest.param(burning(polled(credits_of(0, resets_at=NOW + 40, overage_limit=Decimal(100))), 1.0), True, id="the overage lasts"),
        pytest.param(burning(polled(credits_of(0, resets_at=NOW + 41, overage_limit=Decimal(100))), 1.0), False, id="the overage ends"),
        pytest.param(burning(polled(credits_of(1, resets_at=NOW + DAY, unlimited=True)), 1.0), True, id="has no end"),
    ],
)
def test_whether_the_rest_is_sufficient_until_the_reset_is_shown_if_known(account: AccountSnapshot, lasts: object) -> None:
    assert quota_of(account).lasts_until_reset is lasts


@pytest.mark.parametrize("account", [
    pytest.param(polled(credits_of(100)), id="no burn is known"),
    pytest.param(burning(polled(credits_of(100)), 0.0), id="nothing is consumed"),
    pytest.param(burning(polled(credits_of(0)), 1.0), id="nothing is left"),
    pytest.param(burning(polled(credits_of(-50, 10, overage_limit=Decimal(50))), 1.0), id="the overage is used up"),
    pytest.param(burning(polled(credits_of(100)), 1.0, days=0.2), id="the history is too short"),
    pytest.param(burning(polled(credits_of(100, resets_at=NOW + 40)), 1.0), id="ends with the reset"),
    pytest.param(burning(polled(credits_of(5, unlimited=True)), 1.0), id="no end"),
    pytest.param(burning(polled(credits_of(TEN_YEARS + 1)), 1.0), id="in more than ten years"),
    pytest.param(burning(polled(credits_of("1e308")), 1e-300), id="beyond all numbers"),
    pytest.param(burning(polled(Quota("credits", "credits", used=Decimal(5))), 1.0), id="the remaining amount is unknown"),
])  # fmt: skip
def test_no_end_is_shown_if_it_is_unknown(account: AccountSnapshot) -> None:
    assert quota_of(account).empty_at is None


def test_an_end_in_ten_years_is_still_shown() -> None:
    assert quota_of(burning(polled(credits_of(TEN_YEARS)), 1.0)).empty_at == NOW - 60 + TEN_YEARS


def test_an_end_includes_the_overage() -> None:
    assert quota_of(burning(polled(credits_of(-5, 10, overage_limit=Decimal(50))), 1.0)).empty_at == NOW - 60 + 45


def test_an_account_that_is_topped_up_by_itself_has_no_end() -> None:
    account = burning(polled(credits_of(100, resets_at=NOW + DAY)), 1.0)
    reading = Reading((credits_of(100, resets_at=NOW + DAY),), features={"auto_reload": True})
    quota = quota_of(changed(account, reading=reading))
    assert (quota.state, quota.empty_at, quota.lasts_until_reset) == (State.OK, None, True)


def test_a_burn_and_an_end_are_those_of_the_resource_the_unit_and_the_last_reading() -> None:
    account = burning(polled(credits_of(100)), 1.0)
    [counters] = account.entry.consumption
    assert quota_of(account).burn_per_second == 1.0
    for other in (replace(counters, unit="usd"), replace(counters, resource="wallet"), replace(counters, at=counters.at - 300)):
        quota = quota_of(changed(account, consumption=(other,)))
        assert (quota.burn_per_second, quota.empty_at) == (None, None)


@pytest.mark.parametrize(
    ("remaining", "limit", "share"),
    [("25", "100", 0.25), ("-20", "100", -0.2), ("-0", "100", 0.0), ("5", None, None), (None, "5", None), ("5", "0", None), ("0", "0", None), ("1e308", "1e-300", None)],
)  # fmt: skip
def test_a_share_is_shown_where_there_is_a_limit(remaining: str | None, limit: str | None, share: float | None) -> None:
    found = quota_of(polled(credits_of(remaining, limit))).share
    assert found == share
    assert str(found) != "-0.0"


def test_thresholds_are_amounts_by_severity() -> None:
    thresholds = (Threshold("credits", "warning", amount=Decimal("0.1")), Threshold("*", "critical", share=Decimal("0.05")))
    assert quota_of(polled(credits_of(90, 100), thresholds=thresholds)).thresholds == {"warning": Decimal("0.1"), "critical": Decimal(5)}
    assert quota_of(polled(credits_of(90), thresholds=thresholds)).thresholds == {"warning": Decimal("0.1")}
    assert quota_of(polled(credits_of(90, 100))).thresholds is None


def test_the_clock_s_correction_changes_our_times_and_not_those_of_the_vendor() -> None:
    account = changed(failed(burning(polled(credits_of(100, resets_at=NOW + DAY)), 1.0)), limited_until=NOW + 20)
    account = account._replace(schedule=Schedule(None, NOW + 10))
    ahead = 7200.0
    plain, moved = facts_of(account), facts_of(corrected(account, ahead), NOW + ahead)
    assert overview_of([corrected(account, ahead)], NOW + ahead).generated_at == NOW + ahead
    for name in ("last_poll_at", "last_success_at", "next_poll_at", "limited_until"):
        assert getattr(moved, name) == getattr(plain, name) + ahead
    [before], [after] = plain.quotas, moved.quotas
    assert (after.empty_at, before.empty_at) == (NOW + 40 + ahead, NOW + 40)
    assert (after.resets_at, before.resets_at) == (NOW + DAY, NOW + DAY)


def test_a_reset_is_over_by_the_corrected_clock() -> None:
    account = burning(polled(credits_of(100, resets_at=NOW + 20)), 1.0)
    assert quota_of(account).lasts_until_reset is True
    assert quota_of(corrected(account, 30.0), NOW + 30).lasts_until_reset is None


@given(st.integers(-(10**9), 10**9).map(float), st.sampled_from((899.0, 900.0, 900.25, 2_000.0)))
@settings(max_examples=50)
def test_no_correction_makes_figures_older_or_younger(correction: float, age: float) -> None:
    assert bool(facts_of(corrected(polled(credits_of(1), age=age), correction), NOW + correction).quotas) is (age <= 900)


def test_the_vendor_s_wait_is_shown_while_it_lasts() -> None:
    account = changed(failed(), limited_until=NOW)
    assert facts_of(account).limited_until is None
    assert facts_of(account, NOW - 1).limited_until == NOW
