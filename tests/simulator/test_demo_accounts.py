from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model import Reading
from exporter.providers.extract import extract
from exporter.providers.library import load_definitions
from exporter.providers.response import accept
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS, DemoAccount, demo_simulator
from exporter.simulator.faults import Fault
from tests.simulator.support import NOW, PATHS, TIMELESS, get

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
EACH_ACCOUNT = pytest.mark.parametrize("account", DEMO_ACCOUNTS, ids=lambda account: account.name)


def reading_of(account: DemoAccount, elapsed: float) -> Reading:
    definition = load_definitions()[account.simulated.provider]
    content = json.dumps(account.simulated.body(elapsed, NOW + elapsed)).encode()
    return extract([(definition.requests[0], accept(definition, definition.requests[0], 200, content))])


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
def test_something_changes_within_a_minute(account: DemoAccount) -> None:
    assert reading_of(account, 0).quotas != reading_of(account, 60).quotas


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


async def test_the_demo_accounts_have_valid_credentials() -> None:
    definitions = load_definitions()
    async with demo_simulator() as simulator:
        found = {}
        for account in DEMO_ACCOUNTS:
            headers = definitions[account.simulated.provider].credentials[account.credential].headers(account.simulated.secret)
            found[account.name] = (await get(simulator.url + PATHS[account.simulated.provider], headers)).status
    assert found == dict.fromkeys(RESOURCES, 200) | {"old-key": 401, "kiosk": 429}


def test_two_demo_accounts_have_a_fault() -> None:
    assert {account.name: account.fault for account in DEMO_ACCOUNTS if account.fault} == {
        "old-key": Fault.BAD_KEY,
        "kiosk": Fault.RATE_LIMITED,
    }


@EACH_ACCOUNT
def test_every_account_belongs_to_a_team(account: DemoAccount) -> None:
    assert account.labels["team"] in {"video", "voice", "events"}


def test_names_and_secrets_are_unique() -> None:
    assert (
        len({(account.simulated.provider, account.name) for account in DEMO_ACCOUNTS})
        == len({account.simulated.secret for account in DEMO_ACCOUNTS})
        == len(DEMO_ACCOUNTS)
        == 11
    )
