"""systemd is notified over a real datagram socket."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from exporter.daemon.notify import Notifier
from exporter.simulator.simulator import Simulator
from tests.accounts.support import Log
from tests.cli.support import Daemon, config, daemon, reload
from tests.support import PATIENCE, FakeClock


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """The receiving socket, and its address as systemd writes it."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@exporter-{uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(name.replace("@", "\0", 1))
        receiver.setblocking(False)  # noqa: FBT003 -- the method's own argument
        yield receiver, name


def received(receiver: socket.socket) -> list[str]:
    """All that was sent so far."""
    found = []
    while True:
        try:
            found.append(receiver.recv(1000).decode())
        except BlockingIOError:
            return found


def test_states_are_sent_as_systemd_expects_them(systemd: tuple[socket.socket, str]) -> None:
    receiver, address = systemd
    notifier = Notifier(address, monotonic=lambda: 12_345_678_999)
    notifier.ready()
    with notifier.reloading():
        assert received(receiver) == ["READY=1", "RELOADING=1\nMONOTONIC_USEC=12345678"]
    notifier.stopping()
    assert received(receiver) == ["READY=1", "STOPPING=1"]


def test_a_reload_ends_also_if_it_fails(systemd: tuple[socket.socket, str]) -> None:
    receiver, address = systemd
    with pytest.raises(LookupError), Notifier(address, monotonic=lambda: 0).reloading():
        raise LookupError
    assert received(receiver) == ["RELOADING=1\nMONOTONIC_USEC=0", "READY=1"]


def test_the_time_of_a_reload_is_that_of_the_clock_of_systemd(systemd: tuple[socket.socket, str]) -> None:
    receiver, address = systemd
    before = time_of_systemd()
    with Notifier(address).reloading():
        pass
    sent = int(received(receiver)[0].partition("MONOTONIC_USEC=")[2])
    assert before <= sent <= time_of_systemd()


def time_of_systemd() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


async def test_the_watchdog_is_notified_twice_in_its_time_while_the_service_is_healthy(systemd: tuple[socket.socket, str]) -> None:
    receiver, address = systemd
    clock, is_healthy = FakeClock(), True
    notifier = Notifier.of({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())})
    task = asyncio.create_task(notifier.watch(clock.clock, lambda: is_healthy))
    await clock.advance(0, asleep=1)
    await clock.advance(14.9, asleep=1)
    assert received(receiver) == ["WATCHDOG=1"]
    await clock.advance(0.1, asleep=1)
    assert received(receiver) == ["WATCHDOG=1"]
    is_healthy = False
    await clock.advance(15, asleep=1)
    assert received(receiver) == []
    task.cancel()


@pytest.mark.parametrize(
    "environ",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "²"}, {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}],
)
async def test_without_a_watchdog_nothing_is_sent(systemd: tuple[socket.socket, str], environ: dict[str, str]) -> None:
    receiver, address = systemd
    await Notifier.of({"NOTIFY_SOCKET": address, **environ}).watch(FakeClock().clock, lambda: True)
    assert received(receiver) == []


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"WATCHDOG_USEC": "1000000"}])
async def test_without_systemd_nothing_happens(environ: dict[str, str]) -> None:
    log, notifier = Log(), Notifier.of(environ)
    notifier.ready()
    with notifier.reloading():
        notifier.stopping()
    await notifier.watch(FakeClock().clock, lambda: True)
    assert log.lines() == []


@pytest.mark.parametrize("address", ["/nowhere/notify", "@nobody-listens", "vsock:2:1234", "/" + "x" * 200, "/a\0b"])
def test_a_socket_that_cannot_be_used_is_logged_once(address: str) -> None:
    log, notifier = Log(), Notifier(address)
    notifier.ready()
    notifier.stopping()
    assert [(line["event"], line["level"]) for line in log.lines()] == [("notify failed", "warning")]


def test_a_socket_that_works_again_is_logged_again_when_it_fails(tmp_path: Path) -> None:
    log, notifier = Log(), Notifier(str(tmp_path / "notify"))
    notifier.ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        notifier.ready()
    notifier.ready()
    assert len(log.lines()) == 2


def test_a_receiver_that_does_not_read_delays_nothing(systemd: tuple[socket.socket, str]) -> None:
    _, address = systemd
    notifier = Notifier(address)
    for _ in range(10_000):
        notifier.ready()


@asynccontextmanager
async def under_systemd(receiver: socket.socket, address: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Daemon]:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    monkeypatch.setenv("WATCHDOG_USEC", "600000000")
    receiver.setblocking(False)  # noqa: FBT003 -- the method's own argument
    async with daemon("serve", "--config.file", path, "--web.listen-address", "127.0.0.1:0") as started:
        yield started


async def test_a_service_is_ready_when_it_listens_and_reports_its_reloads_and_its_stop(
    systemd: tuple[socket.socket, str], simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, address = systemd
    path = config(tmp_path, simulator.url, ["heygen"], interval="1h")
    loop = asyncio.get_running_loop()

    async def following() -> str:
        async with asyncio.timeout(PATIENCE):
            return (await loop.sock_recv(receiver, 1000)).decode()

    async with under_systemd(receiver, address, path, monkeypatch) as running:
        assert await following() == "READY=1"
        assert (await running.get("/-/healthy"))[0] == 200
        assert await following() == "WATCHDOG=1"
        running.process.send_signal(signal.SIGHUP)
        assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", await following())
        assert await following() == "READY=1"
        path.write_text("accounts: 5")
        assert (await reload(running))[0] == 500
        assert (await following()).startswith("RELOADING=1\n")
        assert await following() == "READY=1"
        assert await running.stop() == 0
        assert await following() == "STOPPING=1"
