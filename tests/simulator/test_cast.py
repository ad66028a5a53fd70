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
from exporter.simulator.cast import CAST, Role, cast_simulator
from exporter.simulator.faults import Fault
from tests.simulator.audience import NOW, PATHS, TIMELESS, get

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
ROLES = pytest.mark.parametrize("role", CAST, ids=lambda role: role.account)


def reading_of(role: Role, elapsed: float) -> Reading:
    definition = load_definitions()[role.player.provider]
    content = json.dumps(role.player.body(elapsed, NOW + elapsed)).encode()
    return extract([(definition.requests[0], accept(definition, definition.requests[0], 200, content))])


@ROLES
@TIMELESS
@given(st.floats(0, 1e7))
def test_every_body_of_the_cast_is_read_without_a_mismatch(role: Role, elapsed: float) -> None:
    reading = reading_of(role, elapsed)
    assert reading.mismatches == ()
    assert {quota.resource for quota in reading.quotas} == RESOURCES[role.account]
    assert all(quota.is_measured for quota in reading.quotas)


def test_every_account_has_a_body_that_was_checked() -> None:
    assert sorted(role.account for role in CAST) == sorted(RESOURCES)


@ROLES
def test_something_changes_within_a_minute(role: Role) -> None:
    assert reading_of(role, 0).quotas != reading_of(role, 60).quotas


def test_the_cast_shows_what_an_operator_may_meet() -> None:
    quotas = {role.account: {quota.resource: quota for quota in reading_of(role, 200).quotas} for role in CAST}
    start = {role.account: {quota.resource: quota for quota in reading_of(role, 0).quotas} for role in CAST}
    assert quotas["studio"]["wallet"].unit == "usd"
    assert quotas["enterprise"]["wallet"].unit == "credits"
    assert quotas["render-farm"]["spend"].remaining == 0
    assert start["render-farm"]["spend"].remaining == 37
    assert quotas["pay-as-you-go"]["spend"].limit is None
    assert start["narration"]["characters"].remaining == 29_000
    assert quotas["narration"]["characters"].used == 16_500
    assert start["audiobooks"]["characters"].remaining == -12_300
    assert quotas["dubbing"]["characters"].unlimited
    assert [reading_of(CAST[9], at).quotas[0].remaining for at in (0, 100, 144, 146)] == [40, 0, 0, Decimal("59.60")]


async def test_the_cast_is_let_in_by_the_credentials_it_names() -> None:
    definitions = load_definitions()
    async with cast_simulator() as simulator:
        found = {}
        for role in CAST:
            headers = definitions[role.player.provider].credentials[role.credential].headers(role.player.secret)
            found[role.account] = (await get(simulator.url + PATHS[role.player.provider], headers)).status
    assert found == dict.fromkeys(RESOURCES, 200) | {"old-key": 401, "kiosk": 429}


def test_the_faults_of_the_cast_are_known() -> None:
    assert {role.account: role.fault for role in CAST if role.fault} == {"old-key": Fault.BAD_KEY, "kiosk": Fault.RATE_LIMITED}


@ROLES
def test_every_account_belongs_to_a_team(role: Role) -> None:
    assert role.labels["team"] in {"video", "voice", "events"}


def test_no_two_accounts_share_a_name_or_a_secret() -> None:
    assert len({(role.player.provider, role.account) for role in CAST}) == len({role.player.secret for role in CAST}) == len(CAST) == 11
