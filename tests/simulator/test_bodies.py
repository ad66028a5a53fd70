from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.client.client import Client
from exporter.config.job import Job
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS
from exporter.simulator.elevenlabs import Workspace
from exporter.simulator.examples import example_body
from exporter.simulator.heygen import Subscription, UsageBased, Wallet
from exporter.simulator.liveavatar import Credits
from exporter.simulator.moving_examples import KEY_LIFE
from exporter.simulator.simulator import Simulator
from exporter.simulator.usage import Balance, Usage
from tests.simulator.support import NOW, TIMELESS, WORKSPACES
from tests.support import PATIENCE

ELAPSED = st.floats(0, 1e7)
BODIES = {
    f"{account.simulated.provider}/{account.name}": body for account in DEMO_ACCOUNTS if (body := account.simulated.body)
} | WORKSPACES


def test_a_wallet_with_auto_reload_reports_its_threshold_and_amount() -> None:
    body = Wallet("studio", Balance(start=42.5, rate=0.125, floor=10, top_up=50))(1, NOW)["data"]
    assert (body["username"], body["email"], body["billing_type"]) == ("studio", "studio@example.com", "wallet")
    assert body["wallet"] == {
        "currency": "usd",
        "remaining_balance": 42.38,
        "auto_reload": {"enabled": True, "threshold_usd": 10, "amount_usd": 50},
    }


def test_a_wallet_without_top_up_has_auto_reload_off() -> None:
    wallet = Wallet("studio", Balance(start=1, rate=1))(5, NOW)["data"]["wallet"]
    assert (wallet["currency"], wallet["remaining_balance"], wallet["auto_reload"]["enabled"]) == ("usd", 0.0, False)


def test_a_wallet_in_credits_has_no_auto_reload() -> None:
    wallet = Wallet("big", Balance(start=18_500, rate=3), currency="credits")
    assert wallet(0.5, NOW)["data"]["wallet"] == {"currency": "credits", "remaining_balance": 18_498.5, "auto_reload": None}


@TIMELESS
@given(ELAPSED)
def test_a_wallet_is_never_below_zero_nor_above_threshold_and_amount(elapsed: float) -> None:
    wallet = Wallet("studio", Balance(start=42.5, rate=0.35, floor=10, top_up=50))(elapsed, NOW)["data"]["wallet"]
    balance = wallet["remaining_balance"]
    assert isinstance(balance, float)
    assert 0 <= wallet["auto_reload"]["threshold_usd"] <= balance <= 60
    assert balance == round(balance, 2)


def test_a_subscription_has_two_kinds_of_credits_as_integers() -> None:
    plan = Subscription("web", "team", 600, Usage(start=120, rate=0.8, first_reset=240, period=600), Balance(start=150, rate=0.05))
    body = plan(10, 1_796_083_200 - 231)["data"]
    assert (body["billing_type"], body["wallet"], body["usage_based"]) == ("subscription", None, None)
    assert body["subscription"] == {
        "plan": "team",
        "credits": {
            "premium_credits": {"remaining": 472, "resets_at": "2026-12-01T00:00:00Z"},
            "add_on_credits": {"remaining": 149, "resets_at": None},
        },
    }


@TIMELESS
@given(ELAPSED, st.floats(1.7e9, 4e9))
def test_premium_credits_stay_within_the_grant_of_the_plan(elapsed: float, now: float) -> None:
    plan = Subscription("web", "team", 600, Usage(start=120, rate=2, first_reset=240, period=600), Balance(start=150, rate=0.05))
    pool = plan(elapsed, now)["data"]["subscription"]["credits"]["premium_credits"]
    assert type(pool["remaining"]) is int
    assert 0 <= pool["remaining"] <= 600
    assert datetime.fromisoformat(pool["resets_at"]).timestamp() > now


def test_spending_stops_at_the_cap_until_the_next_period() -> None:
    metered = UsageBased("farm", Usage(start=463, rate=0.2, first_reset=420, period=2_700), cap=500.0, included=4_444.0, included_rate=9.0)
    seen = [metered(at, NOW)["data"]["usage_based"] for at in (0, 185, 419, 420, 421)]
    assert seen[0] == {"spending_current_usd": 463, "spending_cap_usd": 500.0, "included_credits": 4_444.0, "remaining_credits": 277.0}
    assert [body["spending_current_usd"] for body in seen] == [463, 500, 500, 0, 0.2]
    assert [body["remaining_credits"] for body in seen] == [277, 0, 0, 4_444, 4_442.2]


def test_spending_without_a_cap_does_not_stop() -> None:
    body = UsageBased("free-wheeling", Usage(start=42.5, rate=0.05))(1_000, NOW)["data"]
    assert (body["billing_type"], body["wallet"], body["subscription"]) == ("usage_based", None, None)
    assert body["usage_based"] == {
        "spending_current_usd": 92.5,
        "spending_cap_usd": None,
        "included_credits": None,
        "remaining_credits": None,
    }


def test_a_workspace_is_the_example_with_other_values() -> None:
    workspace = Workspace(name="one", tier="creator", limit=100_000, characters=Usage(17_231, 10, 83_200), extension=10_000)
    body = workspace(1, NOW + 1)
    assert (body["user_id"], body["workspace_id"]) == ("user_one", "workspace_one")
    expected = example_body("elevenlabs", "subscription")["subscription"] | {
        "character_count": 17_241,
        "next_character_count_reset_unix": 1_796_083_201,
        "voice_limit": 30,
        "max_voice_add_edits": 95,
        "voice_add_edit_counter": 12,
    }
    assert body["subscription"] == expected


def test_overage_grows_with_each_character_beyond_the_limit_up_to_the_extension() -> None:
    seen = [WORKSPACES["overage"](at, NOW)["subscription"] for at in (0, 100, 6_000)]
    assert [body["character_count"] for body in seen] == [512_300, 515_800, 700_000]
    assert [body["current_overage"] for body in seen] == [{"amount": amount, "currency": "gbp"} for amount in ("2.95", "3.79", "48.00")]
    assert [body["max_credit_limit_extension"] for body in seen] == [200_000] * 3


def test_an_unlimited_extension_is_the_text_unlimited_and_has_no_maximum() -> None:
    subscription = WORKSPACES["unlimited"](1_000_000, NOW)["subscription"]
    assert subscription["max_credit_limit_extension"] == "unlimited"
    assert subscription["max_character_limit_extension"] is None
    assert subscription["character_count"] == 122_150_000


def test_a_free_plan_stops_at_its_limit_and_has_no_billing() -> None:
    subscription = WORKSPACES["free"](1_000, NOW)["subscription"]
    assert subscription["character_count"] == 10_000
    wanted = {"status": "free", "currency": None, "billing_period": None, "max_credit_limit_extension": 0}
    assert {name: subscription[name] for name in wanted} == wanted
    assert subscription["can_extend_character_limit"] is subscription["allowed_to_extend_character_limit"] is False


def test_an_unpaid_plan_has_the_status_past_due() -> None:
    assert WORKSPACES["past_due"](0, NOW)["subscription"]["status"] == "past_due"


@pytest.mark.parametrize("kind", WORKSPACES)
@TIMELESS
@given(ELAPSED, st.floats(0, 4e9))
def test_a_workspace_uses_at_most_its_limit_and_resets_in_the_future(kind: str, elapsed: float, now: float) -> None:
    workspace = WORKSPACES[kind]
    subscription = workspace(elapsed, now)["subscription"]
    count, reset = subscription["character_count"], subscription["next_character_count_reset_unix"]
    assert type(count) is int
    assert count >= 0
    assert workspace.extension == "unlimited" or count <= workspace.limit + workspace.extension
    assert type(reset) is int
    assert reset > now
    overage = Decimal(subscription["current_overage"]["amount"])
    beyond = max(0, count - workspace.limit) * workspace.price / 1000
    assert abs(overage - beyond) <= Decimal("0.005")


def test_characters_return_to_zero_at_the_end_of_the_period() -> None:
    workspace = Workspace(name="one", tier="creator", limit=100_000, characters=Usage(71_000, 150, first_reset=90, period=300))
    seen = [workspace(at, NOW + at)["subscription"] for at in (89, 90, 91, 390)]
    assert [body["character_count"] for body in seen] == [84_350, 0, 150, 0]
    assert [body["next_character_count_reset_unix"] - NOW for body in seen] == [91, 391, 391, 691]


@pytest.mark.parametrize(("elapsed", "text"), [(0, "1010.00"), (0.5, "1009.88"), (1_010 / 0.25, "0.00"), (1e9, "0.00")])
def test_credits_are_a_string_with_two_decimals(elapsed: float, text: str) -> None:
    assert Credits(Balance(start=1010, rate=0.25))(elapsed, NOW) == {"code": 1000, "data": {"credits_left": text}, "message": "done"}


@TIMELESS
@given(ELAPSED)
def test_credits_have_the_same_format_at_any_time(elapsed: float) -> None:
    body = Credits(Balance(start=40, rate=0.4, top_up=60, dry=45))(elapsed, NOW)
    assert re.fullmatch(r"[0-9]{1,2}\.[0-9]{2}", body["data"]["credits_left"])


@pytest.mark.parametrize("name", BODIES)
@TIMELESS
@given(ELAPSED, st.floats(0, 4e9))
def test_a_body_is_json_of_one_shape_and_depends_on_time_only(name: str, elapsed: float, now: float) -> None:
    body = BODIES[name](elapsed, now)
    assert json.loads(json.dumps(body, allow_nan=False)) == body == BODIES[name](elapsed, now)
    assert _keys(body) == _keys(BODIES[name](0, NOW))


def _keys(body: Any) -> Any:
    return {name: _keys(value) for name, value in body.items()} if isinstance(body, dict) else None


async def test_a_key_reports_its_expiry_and_the_exporter_reads_it(simulator: Simulator, client: Client, job: Callable[..., Job]) -> None:
    """The fake clock of the client plays no part: the simulator lives in this machine's time."""
    before = time.time()
    reading = await client.poll(job("heygen"))
    assert reading.credential_expires_at is not None
    assert before + KEY_LIFE - PATIENCE <= reading.credential_expires_at <= time.time() + KEY_LIFE + PATIENCE
