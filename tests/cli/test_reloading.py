"""A running daemon applies a new configuration and refuses an invalid one."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from exporter.simulator.simulator import Simulator
from tests.cli.support import Daemon, config, daemon, ready, reload
from tests.support import until

COUNT = re.compile(r'ai_account_scrapes_total\{account="demo",provider="heygen".*\} (\d+)')


@pytest.fixture
async def running(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Daemon]:
    path = config(tmp_path, simulator.url, ["heygen", "liveavatar"], interval="1h")
    async with daemon("serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0") as started:
        await ready(started)
        yield started
        assert await started.stop() == 0


async def page(running: Daemon) -> str:
    return (await running.get("/metrics"))[1]


async def test_accounts_are_added_and_removed_and_a_kept_one_is_not_polled_again(
    running: Daemon, simulator: Simulator, tmp_path: Path
) -> None:
    config(tmp_path, simulator.url, ["heygen", "elevenlabs"], interval="1h")
    assert await reload(running) == (200, "reloaded\n")
    await ready(running)
    text = await page(running)
    assert 'provider="liveavatar"' not in text
    assert 'ai_account_up{account="demo",provider="elevenlabs"} 1.0' in text
    assert COUNT.findall(text) == ["1"]
    assert sum(request.path == "/v3/users/me" for request in simulator.requests) == 1


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_an_invalid_configuration_is_reported_and_changes_nothing(running: Daemon, tmp_path: Path, method: str) -> None:
    before = await page(running)
    (tmp_path / "config.yaml").write_text("accounts: [{name: demo, provider: heygn}]")
    status, text = await reload(running, method)
    assert status == 500
    assert "accounts[0].provider: no such provider" in text
    assert "accounts[0].credentials: is required" in text
    after = await page(running)
    assert "ai_account_exporter_config_last_reload_successful 0.0" in after
    pattern = r"^ai_account_(?:quota|up|scrapes|exporter_config_last_reload_success_t).*"
    assert re.findall(pattern, after, re.MULTILINE) == re.findall(pattern, before, re.MULTILINE)


async def test_a_signal_reloads_and_a_corrected_file_sets_the_gauge_to_1(running: Daemon, simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("accounts: 5")
    running.process.send_signal(signal.SIGHUP)
    await running.until(re.compile(rb'event="config refused"'))
    assert "ai_account_exporter_config_last_reload_successful 0.0" in await page(running)
    config(tmp_path, simulator.url, ["heygen"], interval="1h")
    running.process.send_signal(signal.SIGHUP)
    await running.until(re.compile(rb'event="config reloaded"'))
    text = await page(running)
    assert "ai_account_exporter_config_last_reload_successful 1.0" in text
    assert 'provider="liveavatar"' not in text


async def test_the_configuration_in_force_and_the_shapes_of_answers_follow_a_reload(
    running: Daemon, simulator: Simulator, tmp_path: Path
) -> None:
    shape = "data.credits_left"  # of the answers of one vendor
    assert shape in (await running.get("/?provider=liveavatar"))[1]
    assert "provider: liveavatar" in (await running.get("/config"))[1]
    path = config(tmp_path, simulator.url, ["heygen", "elevenlabs"], interval="2h")
    path.write_text(f"{path.read_text()}\nstate: {{path: state.db}}\n")
    assert await reload(running) == (200, "reloaded\n")
    _, shown = await running.get("/config")
    assert ("provider: liveavatar" in shown, "provider: elevenlabs" in shown, "interval: 2h" in shown) == (False, True, True)
    assert "state.db" not in shown, "it needs a restart"
    path.write_text("accounts: 5")
    await reload(running)
    assert (await running.get("/config"))[1] == shown
    config(tmp_path, simulator.url, ["liveavatar"], interval="2h")
    await reload(running)
    assert shape not in (await running.get("/?provider=liveavatar"))[1]


async def test_the_demo_has_nothing_to_reload() -> None:
    async with daemon("demo", "--web.listen-address", "127.0.0.1:0") as demo:
        assert (await reload(demo))[0] == 404
        await demo.stop()


def saved_polls(folder: Path) -> int:
    """How many accounts have a reading and a next poll in the state file. It is written after the page changes, and locked: read a copy."""
    copy = folder / "copy"
    copy.mkdir(exist_ok=True)
    for file in folder.glob("state.db*"):
        shutil.copy(file, copy)
    with closing(sqlite3.connect(copy / "state.db")) as connection:
        rows = connection.execute("SELECT next_poll_at > unixepoch() + 60, entry FROM accounts").fetchall()
    return sum(is_scheduled and '"last_success_at"' in entry for is_scheduled, entry in rows)


async def test_a_restart_serves_the_last_values_at_once_and_does_not_poll_again(simulator: Simulator, tmp_path: Path) -> None:
    path = config(tmp_path, simulator.url, ["heygen", "liveavatar"], interval="1h")
    path.write_text(f"{path.read_text()}\nstate: {{path: state.db}}\n")
    arguments = ("serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0")
    async with daemon(*arguments) as first:
        await ready(first)
        before = await page(first)
        await until(lambda: saved_polls(tmp_path) == 2, "both polls are in the state file")
        await first.stop(signal.SIGKILL)
    requests = len(simulator.requests)
    async with daemon(*arguments) as second:
        after = await page(second)
        assert (await second.get("/-/ready"))[0] == 200
        await second.stop()
    pattern = r"^ai_account_(?:quota|up|scrapes|scrape_errors|last).*"
    assert re.findall(pattern, after, re.MULTILINE) == re.findall(pattern, before, re.MULTILINE)
    assert len(simulator.requests) == requests


async def test_another_state_file_in_a_reload_is_logged_as_needing_a_restart(simulator: Simulator, tmp_path: Path) -> None:
    path = config(tmp_path, simulator.url, ["heygen"])
    async with daemon("serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0") as running:
        path.write_text(f"{path.read_text()}\nstate: {{path: state.db}}\n")
        assert (await reload(running))[0] == 200
        assert await running.stop() == 0
    assert b'event="state path needs a restart"' in running.log
    assert not (tmp_path / "state.db").exists()


async def test_an_unusable_state_file_is_reported_and_the_daemon_runs_without_it(simulator: Simulator, tmp_path: Path) -> None:
    path = config(tmp_path, simulator.url, ["heygen"], interval="1h")
    path.write_text(f"{path.read_text()}\nstate: {{path: state.db}}\n")
    (tmp_path / "state.db").write_bytes(b"this is no database" * 100)
    async with daemon("serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0") as running:
        await ready(running)
        assert "ai_account_quota_remaining" in await page(running)
        assert await running.stop() == 0
    assert b'event="state unusable"' in running.log
    assert (tmp_path / "state.db").read_bytes().startswith(b"this is no database")


async def test_the_daemon_stops_after_twenty_reloads_at_once(simulator: Simulator, tmp_path: Path) -> None:
    path = config(tmp_path, simulator.url, ["heygen"], interval="1h")
    async with daemon("serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0") as running:
        await ready(running)
        reloads = [asyncio.create_task(reload(running)) for _ in range(20)]
        await asyncio.gather(*reloads)
        assert await running.stop() == 0


async def test_an_account_that_was_removed_and_added_again_is_not_polled_sooner_after_a_restart(
    simulator: Simulator, tmp_path: Path
) -> None:
    def configured(*providers: str) -> Path:
        path = config(tmp_path, simulator.url, providers, interval="1h")
        path.write_text(f"{path.read_text()}\nstate: {{path: state.db}}\n")
        return path

    arguments = "serve", "--config.file", configured("heygen", "liveavatar"), "--web.listen-address", "127.0.0.1:0"
    async with daemon(*arguments) as first:
        await ready(first)
        for providers in (["heygen"], ["heygen", "liveavatar"]):
            configured(*providers)
            assert await reload(first) == (200, "reloaded\n")
        assert await first.stop() == 0
    async with daemon(*arguments) as second:
        overview = json.loads((await second.get("/api/v1/accounts?provider=liveavatar"))[1])
        assert await second.stop() == 0
    [account] = overview["accounts"]
    assert account["polls"] == 0
    assert 3_000 < account["next_poll_at"] - overview["generated_at"] < 3_600
