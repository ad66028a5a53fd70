"""Drills: the process is killed again and again, and the state file is damaged between two runs."""

from __future__ import annotations

import asyncio
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.simulator.faults import Fault
from exporter.simulator.simulator import SimulatedAccount, Simulator
from tests.cli.support import Daemon, daemon, ready
from tests.drills.process import MAIN, SERVED, line, polls_of, secret, simulated, stop_cleanly, value, watched, write_config
from tests.support import until

STATE: Final = "state: {path: state.db}"
NUMBERS: Final = range(3)
INTERVAL: Final = 5.0
COUNTERS: Final = re.compile(r"^(ai_account_(?:scrapes|scrape_errors|schema_mismatches)_total\{.*\}) (\S+)$", re.MULTILINE)
TIMES: Final = re.compile(r"^(ai_account_last_(?:success|scrape)_timestamp_seconds\{.*\}) (\S+)$", re.MULTILINE)


def numbers(pattern: re.Pattern[str], page: str) -> dict[str, float]:
    return {name: float(number) for name, number in pattern.findall(page)}


@dataclass
class Killing:
    """The last page before the last kill."""

    path: Path
    sent: set[str]
    page: str = ""
    restored: int = 0

    def check(self, page: str) -> None:
        """Compare the first page after a start with the last one before the kill."""
        for pattern in (COUNTERS, TIMES):
            before, after = numbers(pattern, self.page), numbers(pattern, page)
            assert {name: (number, after.get(name)) for name, number in before.items() if after.get(name, -1.0) < number} == {}
        figures = set(MAIN.findall(page))
        assert figures <= self.sent
        assert len(figures) >= len(MAIN.findall(self.page))
        self.restored += figures == set(MAIN.findall(self.page)) != set()

    async def life(self, chance: random.Random) -> None:
        """One start and one kill."""
        async with daemon("serve", "--config.file", self.path, *SERVED) as running:
            self.check((await running.get("/metrics"))[1])
            await asyncio.sleep(chance.uniform(0, 0.3))
            self.page = (await running.get("/metrics"))[1]
            await asyncio.sleep(chance.uniform(0.05, 0.1))
            running.process.kill()
            _, log = await running.process.communicate()
            assert b'event="state un' not in running.log + log

    async def false_start(self, chance: random.Random) -> None:
        """One kill during the start."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "exporter", "serve", "--config.file", self.path, *SERVED, stderr=asyncio.subprocess.PIPE
        )
        await asyncio.sleep(chance.uniform(0.1, 0.5))
        process.kill()
        await process.communicate()


def recorded(number: int, sent: set[str]) -> SimulatedAccount:
    """An account whose value falls; what it sent is recorded."""
    plain = simulated(number, rate=2.0)

    def body(elapsed: float, now: float) -> Any:
        assert plain.body
        answer = plain.body(elapsed, now)
        match plain.provider:
            case "heygen":
                left = answer["data"]["wallet"]["remaining_balance"]
            case "elevenlabs":
                left = answer["subscription"]["character_limit"] - answer["subscription"]["character_count"]
            case _:
                left = answer["data"]["credits_left"]
        sent.add(line(number, float(left)))
        return answer

    return SimulatedAccount(plain.provider, plain.secret, body)


async def test_the_process_is_killed_fifty_times(tmp_path: Path) -> None:
    chance, sent = random.Random(50), set[str]()  # noqa: S311 -- the same kills in every run
    async with Simulator(recorded(number, sent) for number in NUMBERS) as simulator:
        path = write_config(tmp_path, simulator.url, NUMBERS, interval="5s", more=STATE)
        killing = Killing(path, sent)
        started = asyncio.get_running_loop().time()
        for number in range(50):
            simulator.set_fault(secret(2), Fault.HANG if 20 < number < 30 else None)
            await (killing.false_start(chance) if chance.random() < 0.4 else killing.life(chance))
        seconds = asyncio.get_running_loop().time() - started
        assert killing.restored >= 10
        for number in NUMBERS:
            assert 4 <= len(polls_of(simulator, number)) <= seconds / INTERVAL + 1
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def overwrite(path: Path) -> None:
    chance = random.Random(3)  # noqa: S311 -- the same damage in every run
    path.write_bytes(chance.randbytes(path.stat().st_size))


def overwrite_behind_the_header(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xa5" * (len(content) - 100))


def cut_off(path: Path) -> None:
    os.truncate(path, 5000)


@pytest.mark.parametrize("damage", [overwrite, overwrite_behind_the_header, cut_off])
async def test_the_state_file_is_damaged_between_two_runs(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    async with Simulator(map(simulated, range(3))) as simulator:
        path = write_config(tmp_path, simulator.url, range(3), more=STATE)
        all_lines = list(map(line, range(3)))
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            await stop_cleanly(running)
        damage(tmp_path / "state.db")
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            polls = len(simulator.requests)
            async with watched(running, all_lines, all_lines):
                await polled(simulator, polls)
            await stop_cleanly(running)
        assert running.log.count(b"level=error") == running.log.count(b'event="state unusable"') == 1, running.log.decode()


async def test_the_log_of_the_state_file_is_lost_in_a_crash(tmp_path: Path) -> None:
    async with Simulator(map(simulated, range(3))) as simulator:
        path = write_config(tmp_path, simulator.url, range(3), more=STATE)
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            await running.stop(signal.SIGKILL)
        (tmp_path / "state.db-wal").unlink()
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            all_lines = list(map(line, range(3)))
            async with watched(running, all_lines, all_lines):
                await polled(simulator, len(simulator.requests))
            await stop_cleanly(running)
        assert b"level=error" not in running.log


async def polled(simulator: Simulator, since: int, more: int = 6) -> None:
    """Wait for more polls."""
    await until(lambda: len(simulator.requests) >= since + more, "the accounts are polled")


async def full_and_free_again(running: Daemon, simulator: Simulator, fill: Callable[[], object], free: Callable[[], object]) -> None:
    """Fill the disk for some polls. Failure and recovery are one log line each."""
    all_lines = list(map(line, range(3)))
    async with watched(running, all_lines, all_lines) as watcher:
        fill()
        await running.until(re.compile(b'event="state write failed"'))
        await polled(simulator, len(simulator.requests))
        assert value(watcher.page, "up", 2) == 1
        free()
        await running.until(re.compile(b'event="state write recovered"'))
        await polled(simulator, len(simulator.requests))
    await stop_cleanly(running)
    assert running.log.count(b'event="state write failed"') == running.log.count(b'event="state write recovered"') == 1


async def test_the_state_file_may_not_grow(tmp_path: Path) -> None:
    async with Simulator(map(simulated, range(3))) as simulator:
        path = write_config(tmp_path, simulator.url, range(3), more=STATE)
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            limit = partial(resource.prlimit, running.process.pid, resource.RLIMIT_FSIZE)
            none = resource.RLIM_INFINITY
            await full_and_free_again(running, simulator, lambda: limit((0, none)), lambda: limit((none, none)))


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A small file system, if this machine can mount one. The log of the state file needs 4 MiB of it."""
    place = tmp_path / "tiny"
    place.mkdir()
    mount = shutil.which("mount")
    if not mount or subprocess.run([mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], check=False).returncode:  # noqa: S603 -- fixed words
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run([shutil.which("umount") or "umount", "--lazy", place], check=True)  # noqa: S603 -- fixed words


async def test_the_disk_is_full(tmp_path: Path, tiny: Path) -> None:
    async with Simulator(map(simulated, range(3))) as simulator:
        path = write_config(tmp_path, simulator.url, range(3), more="state: {path: tiny/state.db}")
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            filler = tiny / "filler"

            def fill() -> None:
                with suppress(OSError), filler.open("wb", buffering=0) as file:
                    while True:
                        file.write(bytes(4096))

            await full_and_free_again(running, simulator, fill, filler.unlink)
