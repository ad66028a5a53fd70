"""`once`: which accounts are polled, what is unusable, what failed, and a report without values."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exporter.cli.main import main
from exporter.clock import Clock
from exporter.daemon.poll_once import poll_once
from exporter.simulator.simulator import Simulator
from tests.cli.support import config
from tests.support import CANARY, NOW, make_job, secret_of

WALLET: dict[str, Any] = {
    "error": None,
    "data": {
        "email": "jane@corp.io", "first_name": "Jane",
        "wallet": {"currency": "usd", "remaining_balance": "much", "auto_reload": None},
        "usage_based": {"spending_current_usd": 12.5, "spending_cap_usd": 100},
        "teams": [{"id": 1, "jane@corp.io": 5}], "per_user": {f"user{number}a": number for number in range(60)}, "2f00aa7711223344": True,
    },
}  # fmt: skip


async def once(tmp_path: Path, simulator: Simulator, *arguments: str) -> Result:
    path = config(tmp_path, simulator.url)
    return await asyncio.to_thread(CliRunner().invoke, main, ["once", "--config.file", str(path), *arguments])


async def test_only_the_named_accounts_are_polled(tmp_path: Path, simulator: Simulator) -> None:
    result = await once(tmp_path, simulator, "--output", "json", "--account", "liveavatar/demo", "--account", "heygen/demo")
    assert result.exit_code == 0
    assert [account["provider"] for account in json.loads(result.stdout)] == ["heygen", "liveavatar"]


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("heygen/dmo", "; did you mean 'heygen/demo'?"),
        ("x", "; expected PROVIDER/NAME, such as heygen/demo"),
        ("heygen", "; did you mean 'heygen/demo'?"),
    ],
    ids=["close", "x", "no name"],
)
async def test_an_unknown_account_is_exit_code_2(tmp_path: Path, simulator: Simulator, name: str, suggestion: str) -> None:
    result = await once(tmp_path, simulator, "--account", name)
    assert result.exit_code == 2
    assert f"there is no enabled account '{name}'{suggestion}" in result.stderr


async def test_a_report_has_no_other_format(tmp_path: Path, simulator: Simulator) -> None:
    result = await once(tmp_path, simulator, "--report", "--output", "json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--report has a format of its own: leave out --output" in result.stderr


async def test_an_unusable_field_is_shown_with_what_was_found(tmp_path: Path, simulator: Simulator) -> None:
    simulator.set_response(secret_of("heygen"), body=WALLET)
    result = await once(tmp_path, simulator, "--account", "heygen/demo")
    assert '  wallet.remaining is unusable: data.wallet.remaining_balance selects text: "much"\n' in result.stdout
    assert result.exit_code == 0


async def test_a_budget_without_effect_is_shown(tmp_path: Path, simulator: Simulator) -> None:
    path = config(tmp_path, simulator.url)
    path.write_text(path.read_text().replace("defaults: {", "defaults: {budgets: {spend: {eur: 500}}, "))
    simulator.set_response(secret_of("heygen"), body=WALLET)
    result = await asyncio.to_thread(CliRunner().invoke, main, ["once", "--config.file", str(path), "--account", "heygen/demo"])
    assert "  no effect: budgets.spend.eur: the vendor reports usd\n" in result.stdout


@pytest.mark.parametrize(
    ("reload", "note"),
    [
        ({"amount_usd": 50, "threshold_usd": 10}, "auto reload adds 50 usd below 10 usd"),
        ({"threshold_usd": 10}, "auto reload adds credit below 10 usd"),
        ({"amount_usd": 50}, "auto reload adds 50 usd"),
    ],
    ids=["both", "threshold", "amount"],
)
async def test_what_is_known_of_auto_reload_is_shown(tmp_path: Path, simulator: Simulator, reload: dict[str, int], note: str) -> None:
    wallet = {"currency": "usd", "remaining_balance": 100, "auto_reload": {"enabled": True, **reload}}
    simulator.set_response(secret_of("heygen"), body={"error": None, "data": {"billing_type": "wallet", "wallet": wallet}})
    result = await once(tmp_path, simulator, "--account", "heygen/demo")
    assert f"heygen/demo: billing_type wallet, auto_reload on, {note}\n" in result.stdout


async def test_the_key_is_not_shown_where_a_field_contains_it(tmp_path: Path, simulator: Simulator) -> None:
    wallet = {"currency": "usd", "remaining_balance": secret_of("heygen")}
    simulator.set_response(secret_of("heygen"), body={"data": {**WALLET["data"], "wallet": wallet}})
    result = await once(tmp_path, simulator, "--account", "heygen/demo")
    assert "selects text that contains the key" in result.stdout
    assert CANARY not in result.stdout


async def test_a_failure_has_its_remedy(tmp_path: Path, simulator: Simulator) -> None:
    simulator.set_response(secret_of("liveavatar"), status=503, body={})
    result = await once(tmp_path, simulator, "--account", "liveavatar/demo")
    assert result.exit_code == 1
    assert "liveavatar/demo: FAILED, server_error: HTTP 503\n  Wait, and check the vendor's status page.\n" in result.stdout


async def test_a_response_without_a_figure_is_exit_code_1(tmp_path: Path, simulator: Simulator) -> None:
    simulator.set_response(secret_of("heygen"), body={"data": {"subscription": {"plan": "pro"}}})
    result = await once(tmp_path, simulator, "--account", "heygen/demo")
    assert result.exit_code == 1
    assert "heygen/demo: plan pro, no quota reported\n" in result.stdout


async def test_a_report_has_paths_and_kinds_without_values(tmp_path: Path, simulator: Simulator) -> None:
    simulator.set_response(secret_of("heygen"), body=WALLET)
    result = await once(tmp_path, simulator, "--account", "heygen/demo", "--report")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "Account 1: heygen, documented, credential api_key" in lines
    assert "the poll succeeded" in lines
    assert "GET /v3/users/me" in lines
    assert "wallet.remaining mismatch data.wallet.remaining_balance" in lines
    assert "spend.used exported data.usage_based.spending_current_usd" in lines
    assert "spend.remaining exported limit - used" in lines
    assert "info.plan - data.subscription.plan" in lines
    assert "data.usage_based.spending_current_usd: a number" in lines
    assert "data.wallet.remaining_balance: text" in lines
    assert "data.teams[].*: a number" in lines
    assert "data.per_user.*: a number" in lines
    assert "data.*: true or false" in lines
    for value in ("jane", "much", "12.5", "100", "demo", "2f00aa", "user1a", CANARY):
        assert value not in result.stdout.lower(), value


async def test_a_report_has_the_reasons_of_failures(tmp_path: Path, simulator: Simulator) -> None:
    simulator.set_response(secret_of("heygen"), status=401, body={"error": {"code": "unauthorized"}})
    result = await once(tmp_path, simulator, "--report")
    assert result.exit_code == 1
    assert "  the poll failed, unauthorized: HTTP 401 with the error code unauthorized\n" in result.stdout
    assert "Account 3: liveavatar, documented, credential api_key\n" in result.stdout


async def test_all_accounts_are_polled_within_the_request_budget(simulator: Simulator) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    clock = Clock(wall=lambda: NOW, monotonic=lambda: sum(slept), sleep=sleep)
    jobs = [make_job(simulator.url, account=f"a{number}", max_requests_per_minute=30) for number in range(4)]
    store = await poll_once(jobs, {}, clock)
    assert all(entry.up for entry in store.snapshot().entries)
    assert slept == [2.0, 2.0, 2.0]
