"""The flags that say where and for how many is served."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from exporter.simulator.server import Simulator
from tests.cli.test_daemon import Daemon, config, daemon, run
from tests.support import secret_of

SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "-W", "error", "-m", "exporter", *sys.argv[2:]])
"""
"""Hands over a socket as systemd does."""
LISTENING = re.compile(rb'event="server listening" addresses="?([^"]*?)"? accounts')


@asynccontextmanager
async def started(*command: str | Path, pass_fds: tuple[int, ...] = ()) -> AsyncIterator[tuple[Daemon, list[str]]]:
    """A daemon, and the addresses that it tells."""
    process = await asyncio.create_subprocess_exec(sys.executable, *command, pass_fds=pass_fds, stdout=-1, stderr=-1)
    running = Daemon(process)
    try:
        found = await running.until(LISTENING)
        yield running, found[1].decode().split()
        assert (await running.stop())[0] == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def is_healthy(address: str) -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"http://{address}/-/healthy") as response:
        return response.status == 200


async def test_several_addresses_are_served(simulator: Simulator, tmp_path: Path) -> None:
    path = config(tmp_path, simulator.url, ["heygen"])
    flags = ("--web.listen-address", "127.0.0.1:0", "--web.listen-address", "127.0.0.1:0")
    async with started("-W", "error", "-m", "exporter", "serve", "--config.file", path, *flags) as (_, addresses):
        assert len(set(addresses)) == 2
        assert [await is_healthy(address) for address in addresses] == [True, True]


async def test_the_socket_that_systemd_hands_over_is_served_in_place_of_addresses(simulator: Simulator, tmp_path: Path) -> None:
    path = config(tmp_path, simulator.url, ["heygen"])
    with socket.create_server(("127.0.0.1", 0)) as bound:
        address = "{}:{}".format(*bound.getsockname())
        flags = ("--web.systemd-socket", "--web.listen-address", "192.0.2.1:1")
        command = ("-c", SYSTEMD, str(bound.fileno()), "serve", "--config.file", path, *flags)
        async with started(*command, pass_fds=(bound.fileno(),)) as (_, addresses):
            assert addresses == [address]
            assert await is_healthy(address)


async def test_without_a_socket_from_systemd_the_daemon_says_what_to_do(simulator: Simulator, tmp_path: Path) -> None:
    code, _, log = await run("serve", "--config.file", config(tmp_path, simulator.url, ["heygen"]), "--web.systemd-socket")
    assert code == 1
    assert "systemd handed over no socket: start the service by its .socket unit, or use --web.listen-address" in log
    assert not simulator.requests


def crowded(folder: Path, url: str) -> Path:
    """So many accounts that their page is more than a kernel takes for a client that does not read."""
    (folder / "heygen").write_text(secret_of("heygen"))
    lines = [
        f"  - {{name: '{'x' * 100}{number}', provider: heygen, credentials: {{api_key: {{file: heygen}}}}, base_url: '{url}'}}"
        for number in range(400)
    ]
    path = folder / "config.yaml"
    path.write_text("\n".join(["defaults: {interval: 1h}", "accounts:", *lines]))
    return path


@asynccontextmanager
async def deaf(port: int) -> AsyncIterator[None]:
    """A scraper that does not read."""
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", port))
        raw.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 30)
        await asyncio.to_thread(raw.recv, 1, socket.MSG_PEEK)  # the answer has begun
        yield


@pytest.mark.parametrize(
    ("most", "deaf_ones", "status"),
    [("1", 0, 200), ("1", 1, 503), ("2", 1, 200), ("2", 2, 503), ("0", 3, 200)],
)
async def test_scrapes_beyond_the_most_are_turned_away_at_once_and_nothing_else_is(
    simulator: Simulator, tmp_path: Path, most: str, deaf_ones: int, status: int
) -> None:
    flags = ("--web.listen-address", "127.0.0.1:0", "--web.max-requests", most)
    async with daemon("serve", "--config.file", crowded(tmp_path, simulator.url), *flags) as running, AsyncExitStack() as leaving:
        for _ in range(deaf_ones):
            await leaving.enter_async_context(deaf(running.port))
        async with asyncio.timeout(5):  # a deaf one is hung up on much later
            found, page = await running.get("/metrics")
            assert found == status
            assert (await running.get("/-/healthy"))[0] == 200
        if status == 503:
            assert page == f"{most} scrapes are under way already; --web.max-requests allows no more\n"


async def test_there_is_room_again_when_a_scrape_is_over(simulator: Simulator, tmp_path: Path) -> None:
    flags = ("--web.listen-address", "127.0.0.1:0", "--web.max-requests", "1")
    async with daemon("serve", "--config.file", crowded(tmp_path, simulator.url), *flags) as running:
        async with deaf(running.port):
            assert (await running.get("/metrics"))[0] == 503
        async with asyncio.timeout(10):
            while (await running.get("/metrics"))[0] != 200:  # noqa: ASYNC110 -- another process cannot set an event
                await asyncio.sleep(0)


@pytest.mark.parametrize("flag", [["--web.max-requests", "-1"], ["--web.max-requests", "many"], ["--web.listen-address", "[::1]"]])
async def test_a_value_without_sense_is_exit_code_2(flag: list[str]) -> None:
    code, _, log = await run("serve", *flag)
    assert code == 2
    assert flag[0] in log
