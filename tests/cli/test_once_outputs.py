"""`once`: the table, JSON and Prometheus."""

from __future__ import annotations

import asyncio
import io
import json
import re
from pathlib import Path

from click.testing import Result
from jsonschema import Draft202012Validator
from rich.console import Console

from exporter.accounts.entry import Schedule
from exporter.accounts.reasons import remedy_of
from exporter.cli.once import as_polled
from exporter.cli.table import print_table
from exporter.daemon.poll_once import poll_once
from exporter.errors import Cause
from exporter.model import Reason
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS, demo_simulator
from exporter.simulator.simulator import Simulator
from tests.cli.support import result_of
from tests.overview.entries import NOW, credits_of, polled
from tests.support import make_job, secret_of
from tools.docs.api import accounts_schema


def write_config(path: Path, url: str) -> Path:
    accounts = [
        {
            "name": account.name,
            "provider": account.simulated.provider,
            "credentials": {account.simulated.credential: {"value": account.simulated.secret}},
            "params": dict(account.simulated.params),
            "base_url": url,
            "labels": account.labels,
        }
        for account in DEMO_ACCOUNTS
    ]
    path.write_text(json.dumps({"accounts": accounts}))
    return path


async def once(tmp_path: Path, *arguments: str) -> Result:
    async with demo_simulator() as simulator:
        config = write_config(tmp_path / "config.yaml", simulator.url)
        return await asyncio.to_thread(result_of, "once", "--config.file", config, *arguments)


async def test_once_prints_every_field_and_fails_if_a_poll_failed(tmp_path: Path) -> None:
    result = await once(tmp_path)
    assert result.exit_code == 1
    rows = [re.split(r"\s{2,}", line.strip()) for line in result.stdout.splitlines()]
    assert ["account", "resource", "left", "used", "of", "unit", "resets (UTC)"] in rows
    [wallet] = [row for row in rows if row[:2] == ["heygen/studio", "wallet"]]
    assert wallet[3] == "usd"
    assert re.fullmatch(r"\d\d\.\d+", wallet[2])
    [characters] = [row for row in rows if row[:2] == ["elevenlabs/audiobooks", "characters"]]
    assert characters[2].startswith("-12,")
    assert characters[4:6] == ["500,000", "characters"]
    assert re.fullmatch(r"in 12d, 20\d\d-\d\d-\d\d \d\d:\d\d", characters[6])
    assert characters[7] == "may exceed by 200,000"
    assert ["elevenlabs/old-key: FAILED, unauthorized: HTTP 401 with the error code invalid_api_key"] in rows
    assert ["liveavatar/kiosk: FAILED, rate_limited: HTTP 429 with the error code 4290"] in rows
    assert "no limit" in result.stdout


async def test_once_as_json_has_the_same_values(tmp_path: Path) -> None:
    result = await once(tmp_path, "--output", "json")
    accounts = {(account["provider"], account["account"]): account for account in json.loads(result.stdout)}
    assert len(accounts) == len(DEMO_ACCOUNTS)
    render_farm = accounts["heygen", "render-farm"]
    assert render_farm["quotas"][0]["limit"] == 500
    assert render_farm["labels"] == {"team": "video"}
    dubbing = accounts["elevenlabs", "dubbing"]
    assert (dubbing["status"], dubbing["quotas"][0]["unlimited"], dubbing["features"]["can_extend_voice_limit"]) == ("active", True, False)
    old_key = accounts["elevenlabs", "old-key"]
    error = {"reason": "unauthorized", "message": "HTTP 401 with the error code invalid_api_key", "failures": 1}
    assert old_key["error"] == error | {"remedy": remedy_of(Reason.UNAUTHORIZED, Cause.KEY), "since": old_key["last_poll_at"]}
    assert {name: old_key[name] for name in ("labels", "state", "up", "polls", "quotas", "mismatches")} == {
        "labels": {"team": "voice"},
        "state": "failing",
        "up": False,
        "polls": 1,
        "quotas": [],
        "mismatches": [],
    }


async def test_once_as_json_lists_accounts_as_the_api_does_in_the_order_of_the_configuration(tmp_path: Path) -> None:
    accounts = json.loads((await once(tmp_path, "--output", "json")).stdout)
    assert [(account["provider"], account["account"]) for account in accounts] == [
        (account.simulated.provider, account.name) for account in DEMO_ACCOUNTS
    ]
    schema = json.loads(accounts_schema(tmp_path))
    validator = Draft202012Validator({"$ref": "#/$defs/Account", "$defs": schema["$defs"]})
    assert [error.message for account in accounts for error in validator.iter_errors(account)] == []
    assert not [account["account"] for account in accounts if "next_poll_at" in account]


def test_once_as_json_shows_values_however_long_other_polls_took() -> None:
    long_ago = polled(credits_of(50, 100), age=5_000.0)._replace(schedule=Schedule(None, NOW))
    account = as_polled(long_ago)
    assert (account["state"], account["quotas"][0]["remaining"]) == ("ok", 50)
    assert "next_poll_at" not in account


async def test_once_as_prometheus_has_the_metrics_of_the_daemon(tmp_path: Path) -> None:
    result = await once(tmp_path, "--output", "prometheus")
    assert 'ai_account_up{account="stage",provider="liveavatar",team="events"} 1.0' in result.stdout
    assert result.stdout.startswith("# HELP ai_account_quota_remaining")


async def test_once_succeeds_if_every_poll_succeeded(simulator: Simulator) -> None:
    jobs = [make_job(simulator.url, provider) for provider in ("heygen", "elevenlabs", "liveavatar")]
    assert all(entry.up for entry in (await poll_once(jobs, {})).snapshot().entries)


async def test_a_narrow_terminal_cuts_no_number(simulator: Simulator) -> None:
    store = await poll_once([make_job(simulator.url, "elevenlabs")], {})
    stream = io.StringIO()
    print_table(store.snapshot().accounts, 0.0, Console(file=stream, width=40, force_terminal=True, no_color=True))
    for number in ("82,769", "17,231", "100,000"):
        assert f" {number} " in stream.getvalue()


async def test_text_from_vendors_is_not_interpreted_as_markup(simulator: Simulator) -> None:
    body = {
        "data": {"username": "x", "billing_type": "[bold]wallet[/bold] [/]", "wallet": {"currency": "[red]usd", "remaining_balance": 1}}
    }
    simulator.set_response(secret_of("heygen"), body=body)
    store = await poll_once([make_job(simulator.url, "heygen", account="[/] studio")], {})
    stream = io.StringIO()
    print_table(store.snapshot().accounts, 0.0, Console(file=stream))
    assert "[bold]wallet[/bold] [/]" in stream.getvalue()
    assert "[red]usd" in stream.getvalue()
    assert "heygen/[/] studio" in stream.getvalue()
