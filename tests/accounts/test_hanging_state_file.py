"""A state file on a disk that hangs delays no poll and not the end, and its writes follow when it answers."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exporter.accounts.entry import Record
from exporter.accounts.persistence import ANSWER_WAIT, SILENT, Persistence
from exporter.accounts.snapshot import StateWrites
from exporter.accounts.state_file import StateFile
from exporter.clock import Clock
from exporter.model import AccountKey
from tests.accounts.state import in_worker, stored
from tests.accounts.support import KEY, RECORD, Log, account, record
from tests.support import PATIENCE, FakeClock


class Gated(StateFile):
    """A file on a disk that hangs until it is released."""

    abandoned = False

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        super().__init__(connection, path)
        self.entered, self.gate = threading.Event(), threading.Event()
        self.writes: list[tuple[AccountKey, Record]] = []

    def save(self, key: AccountKey, record: Record) -> None:
        self.entered.set()
        assert self.gate.wait(PATIENCE)
        self.writes.append((key, record))
        if self.abandoned:
            self.close()  # SQLite requires the thread that opened it
        else:
            super().save(key, record)


def hanging(path: Path, clock: Clock | None = None, **waits: float) -> tuple[Persistence, Gated]:
    worker = ThreadPoolExecutor(1)
    file = worker.submit(Gated.open, path).result()
    return Persistence(path, worker, clock, file=file, **waits), file


@pytest.fixture
async def gated(path: Path) -> AsyncIterator[tuple[Persistence, Gated]]:
    """A state whose first write, of account 0, hangs."""
    state, file = hanging(path, write_wait=0.001, close_wait=0.001)
    await state.save(account(0), RECORD)
    assert await asyncio.to_thread(file.entered.wait, PATIENCE)
    yield state, file
    file.gate.set()
    await state.close()
    state._worker.shutdown()


async def test_a_hanging_disk_delays_no_caller_and_the_writes_follow_later(path: Path, gated: tuple[Persistence, Gated]) -> None:
    state, file = gated
    async with asyncio.timeout(PATIENCE):
        await state.save(KEY, RECORD)
        await state.forget([account(0)])
    assert file.writes == []
    file.gate.set()
    await in_worker(state, "SELECT 1")
    assert file.writes == [(account(0), RECORD), (KEY, RECORD)]
    assert (await state.restore()).keys() == {KEY}


async def test_a_disk_that_hangs_for_long_is_a_failure_and_no_poll_waits_for_it(path: Path) -> None:
    clock, log = FakeClock(), Log()
    state, file = hanging(path, clock.clock, write_wait=0.001)
    await state.save(account(0), RECORD)
    clock.now += ANSWER_WAIT - 1
    await state.save(KEY, RECORD)
    assert state.writes == StateWrites()
    clock.now += 1
    await state.save(KEY, RECORD)
    assert state.writes == StateWrites(is_successful=False, errors=1)
    file.gate.set()
    await in_worker(state, "SELECT 1")
    await asyncio.sleep(0)
    assert state.writes == StateWrites(errors=1, succeeded_at=clock.clock.now())
    await state.close()
    assert [line.get("error") for line in log.lines()] == [SILENT, None]


async def test_polls_wait_for_a_disk_only_until_it_hangs(path: Path) -> None:
    clock = FakeClock()
    state, file = hanging(path, clock.clock, write_wait=2 * PATIENCE)
    waiting = asyncio.create_task(state.save(account(0), RECORD))
    assert await asyncio.to_thread(file.entered.wait, PATIENCE)
    clock.now += 2 * PATIENCE
    async with asyncio.timeout(PATIENCE):
        await state.save(KEY, RECORD)
    assert not waiting.done()
    file.gate.set()
    await waiting
    await state.close()
    assert stored(path).keys() == {account(0), KEY}


async def test_of_the_waiting_writes_of_an_account_only_the_newest_is_done(gated: tuple[Persistence, Gated]) -> None:
    state, file = gated
    for number in range(5):
        await state.save(KEY, record(polls=number, next_poll_at=2000.0 + number))
    await state.save(account(1), RECORD)
    assert state._worker._work_queue.qsize() == 2
    file.gate.set()
    entries = await state.restore()
    assert [(key, known.schedule.next_poll_at) for key, known in file.writes] == [(account(0), 1360.5), (KEY, 2004.0), (account(1), 1360.5)]
    assert repr(entries[KEY]) == repr(record(polls=4, next_poll_at=2004.0))


async def test_a_save_after_forgetting_is_kept_although_both_waited(gated: tuple[Persistence, Gated]) -> None:
    state, file = gated
    await state.save(KEY, RECORD)
    await state.forget([KEY])
    await state.save(KEY, record(polls=8))
    file.gate.set()
    assert (await state.restore())[KEY].entry.polls == 8


async def test_a_write_that_fails_after_several_callers_have_left_is_counted_and_logged_once(gated: tuple[Persistence, Gated]) -> None:
    (state, file), log = gated, Log()
    for _ in range(3):
        await state.save(AccountKey("liveavatar", "\ud800"), RECORD)
    file.gate.set()
    await in_worker(state, "SELECT 1")
    await asyncio.sleep(0)
    assert state.writes
    assert state.writes.errors == 1
    assert [line["event"] for line in log.lines()] == ["state write failed"]


async def test_every_caller_returns_when_its_write_is_done(path: Path) -> None:
    state, file = hanging(path, write_wait=PATIENCE)
    waiting = [asyncio.create_task(state.save(KEY, record(polls=number))) for number in range(10)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    file.gate.set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*waiting)
    await state.close()
    assert stored(path)[KEY].entry.polls == 9


async def test_closing_does_not_wait_for_a_hanging_disk_and_drops_waiting_writes(gated: tuple[Persistence, Gated]) -> None:
    state, file = gated
    log = Log()
    await state.save(KEY, RECORD)
    await state.save(account(1), RECORD)
    async with asyncio.timeout(PATIENCE):
        await state.close()
    assert (state.usable, log.lines()) == (False, [])
    file.abandoned = True
    file.gate.set()
    state._worker.shutdown()
    assert file.writes == [(account(0), RECORD)]
