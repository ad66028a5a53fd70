"""Drills: the process is stopped at bad moments, a defect ends it, and the wall clock is set."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import pytest

from exporter.simulator.faults import Fault
from exporter.simulator.simulator import Simulator
from tests.cli.support import Daemon, daemon, launched, ready, reload
from tests.drills.process import SERVED, line, polls_of, secret, simulated, stop_cleanly, until_polled, value, watched, write_config
from tests.support import PATIENCE

NUMBERS: Final = range(6)
HOUR: Final = 3600.0

WRAPPED: Final = """
import asyncio, os, sys, time
from pathlib import Path
from exporter.daemon.daemon import Daemon, ServeOptions
from exporter.cli.serve import run_daemon
from exporter.config.loading import load_config
from exporter.log import configure_log
from exporter.clock import Clock
from exporter.web.address import Address

naps, step = 0, Path(sys.argv[2])

async def sleep(seconds):
    global naps
    naps += 1
    if naps > int(sys.argv[3]):
        raise ZeroDivisionError("canary")
    await asyncio.sleep(seconds)

configure_log("info", "logfmt")
loaded = load_config(Path(sys.argv[1]), os.environ)
clock = Clock(wall=lambda: time.time() + (float(step.read_text() or 0) if step.exists() else 0), sleep=sleep)
run_daemon(Daemon(loaded, ServeOptions((Address("127.0.0.1", 0),)), os.environ, clock=clock).run())
"""


def wrapped(path: Path, step: Path, naps: int) -> AbstractAsyncContextManager[Daemon]:
    """The daemon with a clock that a file sets, and whose sleep raises an exception after so many calls."""
    return launched("-c", WRAPPED, path, step, str(naps))


async def test_the_process_is_stopped_while_every_poll_hangs(tmp_path: Path) -> None:
    all_lines = set(map(line, NUMBERS))
    async with Simulator(map(simulated, NUMBERS)) as simulator:
        path = write_config(tmp_path, simulator.url, NUMBERS, interval="3s", more="state: {path: state.db}")
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            for number in NUMBERS:
                simulator.set_fault(secret(number), Fault.HANG)
            for number in NUMBERS:
                await until_polled(simulator, number, 2)
            await stop_cleanly(running)
        path.write_text(path.read_text().replace("interval: 3s", "interval: 1h"))
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            assert all_lines <= set((await running.get("/metrics"))[1].splitlines())
            await stop_cleanly(running)


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.05])
async def test_the_process_is_stopped_during_a_reload(tmp_path: Path, delay: float) -> None:
    async with Simulator(map(simulated, NUMBERS)) as simulator:
        path = write_config(tmp_path, simulator.url, NUMBERS, interval="1h", more="state: {path: state.db}")
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            reloads = [asyncio.create_task(reload(running)) for _ in range(20)]
            running.process.send_signal(signal.SIGHUP)
            await asyncio.sleep(delay)
            await stop_cleanly(running)
            await asyncio.gather(*reloads, return_exceptions=True)


async def test_the_process_is_stopped_during_name_look_ups(tmp_path: Path) -> None:
    path = write_config(tmp_path, "https://no-such-host.invalid", range(40), interval="1s")
    async with daemon("serve", "--config.file", path, *SERVED) as running:
        for _ in range(3):
            assert (await running.get("/metrics"))[0] == 200
        await stop_cleanly(running)


async def test_an_interrupt_arrives_twice(tmp_path: Path) -> None:
    async with Simulator(map(simulated, NUMBERS)) as simulator:
        for number in NUMBERS:
            simulator.set_fault(secret(number), Fault.HANG)
        path = write_config(tmp_path, simulator.url, NUMBERS)
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await until_polled(simulator, 0, 1)
            running.process.send_signal(signal.SIGINT)
            await running.until(re.compile(b'event="shutdown requested"'))
            running.process.send_signal(signal.SIGINT)
            _, rest = await asyncio.wait_for(running.process.communicate(), PATIENCE)
    assert running.process.returncode == 0
    assert b"Traceback" not in rest


async def test_the_loop_of_an_account_fails(tmp_path: Path) -> None:
    async with Simulator(map(simulated, NUMBERS)) as simulator:
        path = write_config(tmp_path, simulator.url, NUMBERS)
        async with wrapped(path, tmp_path / "step", naps=20) as running:
            _, rest = await asyncio.wait_for(running.process.communicate(), PATIENCE)
    assert running.process.returncode == 1
    assert b'event="daemon died" error=ZeroDivisionError' in rest
    assert b"canary" not in rest


async def test_the_wall_clock_is_set(tmp_path: Path) -> None:
    async with Simulator(map(simulated, range(3))) as simulator:
        path = write_config(tmp_path, simulator.url, range(3))
        step = tmp_path / "step"
        started = asyncio.get_running_loop().time()
        async with wrapped(path, step, naps=10_000) as running:
            await ready(running)
            all_lines = list(map(line, range(3)))
            async with watched(running, all_lines, all_lines):
                for hours in (6, -6, 0):
                    step.write_text(str(hours * HOUR))
                    before = [len(polls_of(simulator, number)) for number in range(3)]
                    for number in range(3):
                        await until_polled(simulator, number, before[number] + 2)
                    page = (await running.get("/metrics"))[1]
                    now = time.time() + hours * HOUR
                    ages = [now - (value(page, "last_success_timestamp_seconds", number) or 0) for number in range(3)]
                    assert ages == [pytest.approx(0, abs=HOUR) for _ in range(3)]
            await stop_cleanly(running)
        seconds = asyncio.get_running_loop().time() - started
        assert all(len(polls_of(simulator, number)) <= seconds + 1 for number in range(3))
