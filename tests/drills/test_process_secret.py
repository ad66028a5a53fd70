"""Drills: what happens to the files with keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporter.simulator.faults import Fault
from exporter.simulator.simulator import Simulator
from tests.cli.support import daemon, ready
from tests.drills.process import SERVED, errors, line, polls_of, secret, simulated, stop_cleanly, value, watched, write_config


async def test_a_secret_file_is_deleted_then_empty_then_replaced(tmp_path: Path) -> None:
    async with Simulator(map(simulated, (0, 1, 2, 5))) as simulator:
        path = write_config(tmp_path, simulator.url, (0, 1, 2))
        key = tmp_path / "key-2"
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            well = [line(0), line(1)]
            async with watched(running, [*well, line(2), line(2, 1005)], well) as watcher:
                simulator.set_fault(secret(2), Fault.BAD_KEY)
                await watcher.until_failed(2, "unauthorized")
                key.unlink()
                count = await watcher.until_failed(2, "credential")
                while (value(watcher.page, "scrape_interval_seconds", 2) or 0) < 5:  # a back-off that a new key must end
                    key.write_text("")
                    count = await watcher.until_failed(2, "credential", count)
                assert line(2) in watcher.page
                polls, others = len(polls_of(simulator, 2)), [errors(watcher.page, number) for number in (0, 1)]
                key.write_text(secret(5))
                polls_of_another = len(polls_of(simulator, 0))
                page = await watcher.until(re.escape(line(2, 1005)))
                assert len(polls_of(simulator, 0)) - polls_of_another <= 3  # the same interval, and no back-off
                assert value(page, "up", 2) == 1
                assert set(errors(page, 2)) == {"unauthorized", "credential"}
                assert others == [{}, {}]
                assert len(polls_of(simulator, 2)) == polls
            await stop_cleanly(running)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"two words", b" \n", b"k" * 70_000])
async def test_an_unusable_secret_file_affects_only_its_account(tmp_path: Path, content: bytes) -> None:
    async with Simulator(map(simulated, range(3))) as simulator:
        path = write_config(tmp_path, simulator.url, range(3))
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            all_lines = list(map(line, range(3)))
            async with watched(running, all_lines, all_lines) as watcher:
                (tmp_path / "key-2").write_bytes(content)
                await watcher.until_failed(2, "credential")
                assert [errors(watcher.page, number) for number in (0, 1)] == [{}, {}]
            await stop_cleanly(running)
