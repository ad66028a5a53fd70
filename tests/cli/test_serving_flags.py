"""The flags for addresses, sockets and the number of scrapes."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from exporter.simulator.simulator import Simulator
from tests.cli.support import Daemon, config, daemon, run
from tests.support import PATIENCE, secret_of
from tests.web.serving import is_healthy, unread

SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "-W", "error", "-m", "exporter", *sys.argv[2:]])
"""
"""Passes a socket as systemd does."""
LISTENING = re.compile(rb'event="server listening" addresses="?([^"]*?)"? accounts')


@asynccontextmanager
async def started(*command: str | Path, pass_fds: tuple[int, ...] = ()) -> AsyncIterator[tuple[Daemon, list[str]]]:
    """Start a daemon; returns it and the addresses in its log."""
    process = await asyncio.create_subprocess_exec(sys.executable, *command, pass_fds=pass_fds, stdout=-1, stderr=-1)
    running = Daemon(process)
    try:
        found = await running.until(LISTENING)
        yield running, found[1].decode().split()
        assert await running.stop() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_several_addresses_are_served(simulator: Simulator, tmp_path: Path) -> None:
    path = config(tmp_path, simulator.url, ["heygen"])
    flags = ("--web.listen-address", "127.0.0.1:0", "--web.listen-address", "127.0.0.1:0")
    async with started("-W", "error", "-m", "exporter", "serve", "--config.file", path, *flags) as (_, addresses):
        assert len(set(addresses)) == 2
        assert [await is_healthy(address) for address in addresses] == [True, True]


async def test_the_socket_that_systemd_passes_is_served_instead_of_the_addresses(simulator: Simulator, tmp_path: Path) -> None:
    path = config(tmp_path, simulator.url, ["heygen"])
    with socket.create_server(("127.0.0.1", 0)) as bound:
        address = "{}:{}".format(*bound.getsockname())
        flags = ("--web.systemd-socket", "--web.listen-address", "192.0.2.1:1")
        command = ("-c", SYSTEMD, str(bound.fileno()), "serve", "--config.file", path, *flags)
        async with started(*command, pass_fds=(bound.fileno(),)) as (_, addresses):
            assert addresses == [address]
            assert await is_healthy(address)


async def test_without_a_socket_from_systemd_the_error_contains_a_remedy(simulator: Simulator, tmp_path: Path) -> None:
    code, _, log = await run("serve", "--config.file", config(tmp_path, simulator.url, ["heygen"]), "--web.systemd-socket")
    assert code == 1
    assert "systemd passed no socket: start the service by its .socket unit, or use --web.listen-address" in log
    assert not simulator.requests


def wordy(folder: Path, url: str) -> Path:
    """A configuration whose page is larger than what a kernel takes for a client that does not read."""
    (folder / "heygen").write_text(secret_of("heygen"))
    labels = ", ".join(f"note_{number}: {'x' * 128}" for number in range(8))
    usual = f"provider: heygen, credentials: {{api_key: {{file: heygen}}}}, base_url: '{url}', labels: {{{labels}}}"
    path = folder / "config.yaml"
    path.write_text("\n".join(["defaults: {interval: 1h}", "accounts:", *(f"  - {{name: a{number}, {usual}}}" for number in range(500))]))
    return path


async def test_scrapes_over_the_limit_are_refused_until_one_has_ended(simulator: Simulator, tmp_path: Path) -> None:
    flags = ("--web.listen-address", "127.0.0.1:0", "--web.max-requests", "1")
    async with daemon("serve", "--config.file", wordy(tmp_path, simulator.url), *flags) as running:
        async with unread("127.0.0.1", running.port, "/metrics"):
            refusal = (503, "1 such requests are already in progress; --web.max-requests allows no more\n")
            assert await running.get("/metrics") == refusal
        async with asyncio.timeout(PATIENCE):
            while await running.get("/metrics") == refusal:  # noqa: ASYNC110 -- another process cannot set an event
                await asyncio.sleep(0)
        assert len((await running.get("/metrics"))[1]) > 6_000_000
