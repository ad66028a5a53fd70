from __future__ import annotations

import asyncio

import httpx
import pytest
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types.user import User

from exporter.simulator.demo_accounts import DEMO_ACCOUNTS
from exporter.simulator.faults import Fault
from exporter.simulator.simulator import SimulatedAccount, Simulator
from tests.simulator.support import NOW, WORKSPACES, body_of

ACCOUNTS = [
    *(account.simulated for account in DEMO_ACCOUNTS if account.simulated.provider == "elevenlabs"),
    *(SimulatedAccount("elevenlabs", f"key-{kind}", workspace) for kind, workspace in WORKSPACES.items()),
]


def user_of(url: str, account: SimulatedAccount) -> User:
    with httpx.Client(trust_env=False) as connection:  # our own, since the official client leaves its connections open
        user: User = ElevenLabs(api_key=account.secret, base_url=url, httpx_client=connection).user.get()
        return user


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.secret)
async def test_the_official_client_reads_every_response_correctly(account: SimulatedAccount) -> None:
    async with Simulator([account], monotonic=lambda: 0.0, wall=lambda: NOW) as simulator:
        user = await asyncio.to_thread(user_of, simulator.url, account)
    body = body_of(account, 0, NOW)
    wanted = body["subscription"]
    subscription = user.subscription
    assert (user.user_id, user.workspace_id, user.created_at, user.seat_type) == (
        body["user_id"],
        body["workspace_id"],
        body["created_at"],
        body["seat_type"],
    )
    assert subscription.character_count == wanted["character_count"]
    assert subscription.character_limit == wanted["character_limit"]
    assert subscription.max_credit_limit_extension == wanted["max_credit_limit_extension"]
    assert subscription.current_overage.amount == wanted["current_overage"]["amount"]
    assert subscription.current_overage.currency == wanted["current_overage"]["currency"]
    assert subscription.status == wanted["status"]
    assert subscription.next_character_count_reset_unix == wanted["next_character_count_reset_unix"]


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.secret)
def test_the_official_model_has_every_field_and_accepts_every_value(account: SimulatedAccount) -> None:
    body = body_of(account, 0, NOW)
    user = User.model_validate(body)
    assert (user.model_extra, user.subscription.model_extra) == ({}, {})
    assert set(User.model_fields) == set(body)
    assert set(type(user.subscription).model_fields) == set(body["subscription"])


async def test_the_official_client_reports_the_error_code_of_a_refusal() -> None:
    async with Simulator([ACCOUNTS[0]]) as simulator:
        simulator.set_fault(ACCOUNTS[0].secret, Fault.NO_PERMISSION)
        with pytest.raises(ApiError) as caught:
            await asyncio.to_thread(user_of, simulator.url, ACCOUNTS[0])
    assert caught.value.status_code == 401
    assert caught.value.body["detail"]["status"] == "missing_permissions"
