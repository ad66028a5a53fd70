from __future__ import annotations

import asyncio

import httpx
import pytest
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types.user import User

from exporter.simulator.cast import CAST
from exporter.simulator.faults import Fault
from exporter.simulator.server import Player, Simulator
from tests.simulator.audience import NOW, WORKSPACES

PLAYERS = [
    *(role.player for role in CAST if role.player.provider == "elevenlabs"),
    *(Player("elevenlabs", f"key-{kind}", workspace) for kind, workspace in WORKSPACES.items()),
]


def user_of(url: str, player: Player) -> User:
    with httpx.Client(trust_env=False) as connection:  # our own, since the official client leaves its connections open
        user: User = ElevenLabs(api_key=player.secret, base_url=url, httpx_client=connection).user.get()
        return user


@pytest.mark.parametrize("player", PLAYERS, ids=lambda player: player.secret)
async def test_the_official_client_reads_every_answer_as_it_was_meant(player: Player) -> None:
    async with Simulator([player], monotonic=lambda: 0.0, wall=lambda: NOW) as simulator:
        user = await asyncio.to_thread(user_of, simulator.url, player)
    body = player.body(0, NOW)
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


@pytest.mark.parametrize("player", PLAYERS, ids=lambda player: player.secret)
def test_the_official_model_knows_every_field_and_accepts_every_value(player: Player) -> None:
    body = player.body(0, NOW)
    user = User.model_validate(body)
    assert (user.model_extra, user.subscription.model_extra) == ({}, {})
    assert set(User.model_fields) == set(body)
    assert set(type(user.subscription).model_fields) == set(body["subscription"])


async def test_the_official_client_understands_a_refusal() -> None:
    async with Simulator([PLAYERS[0]]) as simulator:
        simulator.misbehave(PLAYERS[0].secret, Fault.NO_PERMISSION)
        with pytest.raises(ApiError) as caught:
            await asyncio.to_thread(user_of, simulator.url, PLAYERS[0])
    assert caught.value.status_code == 401
    assert caught.value.body["detail"]["status"] == "missing_permissions"
