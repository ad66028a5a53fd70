"""The daemon as a process: flags, signals and exit codes."""

from __future__ import annotations

import re
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from exporter.simulator.faults import Fault
from exporter.simulator.simulator import Simulator
from tests.cli.support import config, daemon, invoke, launched, ready, run
from tests.support import ACCOUNTS, CANARY, secret_of, until


async def test_the_daemon_polls_serves_and_stops_on_a_signal(simulator: Simulator, tmp_path: Path) -> None:
    arguments = ("serve", "--config.file", config(tmp_path, simulator.url), "--web.listen-address", "127.0.0.1:0", "--log.level", "debug")
    async with daemon(*arguments) as running:
        await ready(running)
        status, page = await running.get("/metrics")
        assert status == 200
        assert 'ai_account_quota_remaining{account="demo",provider="heygen",resource="wallet",unit="usd"} 42.5' in page
        assert 'ai_account_quota_remaining{account="demo",provider="liveavatar",resource="credits",unit="credits"} 1010.0' in page
        assert "process_resident_memory_bytes" in page
        assert (await running.get("/-/healthy"))[0] == 200
        assert await running.stop() == 0
    assert b'event="shutdown requested"' in running.log
    assert b'event="shutdown finished"' in running.log
    assert CANARY.encode() not in running.log


async def test_an_interrupt_during_polls_does_not_wait_for_vendors(simulator: Simulator, tmp_path: Path) -> None:
    for account in ACCOUNTS:
        simulator.set_fault(account.secret, Fault.HANG)
    path = config(tmp_path, simulator.url)
    async with daemon("serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0") as running:
        await until(lambda: simulator.requests, "the daemon polls")
        assert (await running.get("/-/ready"))[0] == 503
        assert await running.stop(signal.SIGINT) == 0


def demo_whose_sighup_is(disposition: str) -> str:
    """A program that starts the demo. The tests themselves may run under `nohup`, which the demo would inherit."""
    command = [sys.executable, "-m", "exporter", "demo", "--web.listen-address", "127.0.0.1:0"]
    return f"import os, signal; signal.signal(signal.SIGHUP, signal.{disposition}); os.execv({sys.executable!r}, {command})"


async def test_the_demo_stops_when_its_terminal_is_closed() -> None:
    async with launched("-c", demo_whose_sighup_is("SIG_DFL")) as running:
        assert await running.stop(signal.SIGHUP) == 0
    assert b'event="shutdown finished"' in running.log


async def test_the_demo_continues_under_nohup() -> None:
    async with launched("-c", demo_whose_sighup_is("SIG_IGN")) as running:
        running.process.send_signal(signal.SIGHUP)
        assert (await running.get("/-/healthy"))[0] == 200
        assert await running.stop() == 0


async def test_flags_change_the_path_of_the_metrics_and_exclude_the_process_metrics(simulator: Simulator, tmp_path: Path) -> None:
    path = config(tmp_path, simulator.url, ["heygen"])
    flags = ("--web.telemetry-path", "/probe", "--web.disable-exporter-metrics", "--log.format", "logfmt")
    async with daemon("serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0", *flags) as running:
        await ready(running)
        status, page = await running.get("/probe")
        assert (status, (await running.get("/metrics"))[0]) == (200, 404)
        assert "ai_account_up" in page
        assert "process_" not in page
        await running.stop()


async def test_a_key_in_the_configuration_causes_a_warning_that_does_not_show_it(simulator: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    credentials = f"{{api_key: {{value: {secret_of('heygen')}}}}}"
    path.write_text(f"accounts: [{{name: demo, provider: heygen, credentials: {credentials}, base_url: '{simulator.url}'}}]")
    async with daemon("serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0") as running:
        await running.stop()
    assert b'event="secret in config"' in running.log
    assert CANARY.encode() not in running.log


async def test_a_port_in_use_is_one_log_line_and_exit_code_1(simulator: Simulator, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, _, log = await run("serve", "--config.file", config(tmp_path, simulator.url), "--web.listen-address", address)
    assert code == 1
    assert f"cannot listen on {address}" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("command", "of_the_secret"),
    [("serve", []), ("check", ["accounts[0].credentials.api_key: the environment variable NO_SUCH_VARIABLE is not set"])],
)
def test_all_problems_of_a_configuration_are_printed_with_exit_code_2(tmp_path: Path, command: str, of_the_secret: Sequence[str]) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("accounts: [{name: a, provider: heygenn, credentials: {api_key: {env: NO_SUCH_VARIABLE}}, intervall: 5m}]")
    code, _, log = invoke(command, "--config.file", path)
    assert code == 2
    assert log.splitlines() == [
        f"{path} cannot be used; {2 + len(of_the_secret)} problems:",
        *(
            f'  {path}:1: account "a": {problem}'
            for problem in (
                *of_the_secret,
                "accounts[0].intervall: unknown key; did you mean 'interval'?",
                "accounts[0].provider: no such provider; did you mean 'heygen'?",
            )
        ),
    ]


@pytest.mark.parametrize(
    "flags",
    [
        ["--web.listen-address", "9893"],
        ["--web.listen-address", "[::1]"],
        ["--web.max-requests", "-1"],
        ["--web.max-requests", "many"],
        ["--web.telemetry-path", "metrics"],
        ["--web.telemetry-path", "/-/healthy"],
        ["--log.level", "loud"],
        ["--no-such-flag"],
    ],
)
def test_an_invalid_flag_is_exit_code_2(flags: list[str]) -> None:
    code, _, log = invoke("serve", *flags)
    assert code == 2
    assert flags[0] in log


async def test_the_demo_needs_nothing_and_shows_every_kind_of_account() -> None:
    async with daemon("demo", "--web.listen-address", "127.0.0.1:0") as running:
        await ready(running)
        _, page = await running.get("/metrics")
        await running.stop()
    kinds = re.findall(r'ai_account_info\{.*billing_type="(\w*)"', page)
    assert {"wallet", "subscription", "usage_based"} <= set(kinds)
    assert re.search(r'quota_remaining\{account="audiobooks".*resource="characters".* -\d', page)
    assert 'ai_account_quota_unlimited{account="dubbing"' in page
    assert re.search(r'scrape_errors_total\{account="old-key".*reason="unauthorized".*\} [1-9]', page)
    assert re.search(r'scrape_errors_total\{account="kiosk".*reason="rate_limited".*\} [1-9]', page)
    assert running.process.stdout is not None
