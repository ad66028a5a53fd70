from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.cli.demo import demo_config
from exporter.config.job import build_jobs
from exporter.daemon.poll_once import poll_once
from exporter.model import Reading, Reason
from exporter.providers.extract import extract
from exporter.providers.response import accept
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS, DemoAccount, demo_simulator
from exporter.simulator.faults import Fault
from exporter.simulator.usage import DAY
from exporter.simulator.vendor import packaged_vendor
from tests.simulator.support import NOW, TIMELESS
from tests.support import clock_at

RESOURCES = {
    "studio": {"wallet"},
    "enterprise": {"wallet"},
    "web-plan": {"premium_credits", "add_on_credits"},
    "render-farm": {"spend", "included_credits"},
    "pay-as-you-go": {"spend"},
    "narration": {"characters", "voice_slots", "professional_voice_slots", "voice_add_edits", "overage_spend"},
    "stage": {"credits"},
}
RESOURCES |= dict.fromkeys(("audiobooks", "dubbing", "old-key"), RESOURCES["narration"]) | {"kiosk": {"credits"}}
RESOURCES |= {
    "production": {"spend"},
    "research": {"spend"},
    "gateway": {"wallet"},
    "evaluation": {"key_spend", "monthly_spend"},
    "batch": {"wallet"},
    "call-center": {"wallet", "spend"},
    "hotline": {"wallet", "spend"},
    "trailers": {"credits", "monthly_usage"},
    "training": {"wallet"},
    "search": {"plan_credits", "paygo_credits", "key_credits"},
}
EACH_ACCOUNT = pytest.mark.parametrize("account", DEMO_ACCOUNTS, ids=lambda account: account.name)


def reading_of(account: DemoAccount, elapsed: float) -> Reading:
    simulated, vendor = account.simulated, packaged_vendor(account.simulated.provider)
    definition = vendor.definition
    answers = []
    for request in definition.requests_with(simulated.credential):
        own = simulated.body if request is definition.requests[0] else None
        now = NOW + elapsed
        body = own(elapsed, now) if own else vendor.body(request, simulated.credential, simulated.course, elapsed, now)
        answers.append((request, accept(definition, request, 200, json.dumps(body).encode())))
    return extract(answers, now=NOW + elapsed)


@EACH_ACCOUNT
@TIMELESS
@given(st.floats(0, 1e7))
def test_every_body_of_the_demo_is_read_without_a_mismatch(account: DemoAccount, elapsed: float) -> None:
    reading = reading_of(account, elapsed)
    assert reading.mismatches == ()
    assert {quota.resource for quota in reading.quotas} == RESOURCES[account.name]
    assert all(quota.is_measured for quota in reading.quotas)


def test_every_account_has_a_body_that_was_checked() -> None:
    assert sorted(account.name for account in DEMO_ACCOUNTS) == sorted(RESOURCES)


@EACH_ACCOUNT
def test_something_changes_within_a_minute_or_within_a_day(account: DemoAccount) -> None:
    """Only some vendors are faster than real ones."""
    assert reading_of(account, 0).quotas != reading_of(account, 60 if account.simulated.body else DAY).quotas


def test_the_demo_shows_each_kind_of_billing() -> None:
    quotas = {account.name: {quota.resource: quota for quota in reading_of(account, 200).quotas} for account in DEMO_ACCOUNTS}
    start = {account.name: {quota.resource: quota for quota in reading_of(account, 0).quotas} for account in DEMO_ACCOUNTS}
    assert quotas["studio"]["wallet"].unit == "usd"
    assert quotas["enterprise"]["wallet"].unit == "credits"
    assert quotas["render-farm"]["spend"].remaining == 0
    assert start["render-farm"]["spend"].remaining == 37
    assert quotas["pay-as-you-go"]["spend"].limit is None
    assert start["narration"]["characters"].remaining == 29_000
    assert quotas["narration"]["characters"].used == 16_500
    assert start["audiobooks"]["characters"].remaining == -12_300
    assert quotas["dubbing"]["characters"].unlimited
    assert [reading_of(DEMO_ACCOUNTS[9], at).quotas[0].remaining for at in (0, 100, 144, 146)] == [40, 0, 0, Decimal("59.60")]


def test_the_demo_shows_a_dozen_vendors_and_two_budgets() -> None:
    assert len({account.simulated.provider for account in DEMO_ACCOUNTS}) == 12
    assert {account.simulated.provider for account in DEMO_ACCOUNTS if account.budgets} == {"openai", "anthropic"}


async def test_a_poll_of_the_demo_reads_every_account_without_a_fault() -> None:
    clock = clock_at(NOW)
    async with demo_simulator(monotonic=lambda: 0.0, wall=clock.wall) as simulator:
        accounts = (await poll_once(build_jobs(demo_config(simulator.url)), {}, clock)).snapshot().accounts
    failed = {account.key.account: account.entry.error.reason for account in accounts if account.entry.error}
    assert [each.error for account in accounts for each in account.entry.optional.values() if each.error] == []
    assert failed == {"old-key": Reason.UNAUTHORIZED, "kiosk": Reason.RATE_LIMITED}


def test_two_demo_accounts_have_a_fault() -> None:
    assert {account.name: account.fault for account in DEMO_ACCOUNTS if account.fault} == {
        "old-key": Fault.BAD_KEY,
        "kiosk": Fault.RATE_LIMITED,
    }


@EACH_ACCOUNT
def test_every_account_belongs_to_a_team(account: DemoAccount) -> None:
    assert account.labels["team"] in {"video", "voice", "events", "platform"}


def test_names_and_secrets_are_unique() -> None:
    assert (
        len({(account.simulated.provider, account.name) for account in DEMO_ACCOUNTS})
        == len({account.simulated.secret for account in DEMO_ACCOUNTS})
        == len(DEMO_ACCOUNTS)
        == 21
    )
