"""A state file that could not be opened, or that was moved, is opened by a later write, and its histories continue."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from exporter.accounts.consumption import Consumption, update_consumption
from exporter.accounts.entry import Record
from exporter.accounts.history import EMPTY
from exporter.accounts.persistence import MOVED, REOPEN_WAIT, SILENT, Persistence
from exporter.accounts.snapshot import StateWrites
from exporter.accounts.state_file import StateFile
from exporter.model import Quota
from tests.accounts.state import filled, in_worker, opened, stored
from tests.accounts.support import KEY, RECORD, Log, account, record
from tests.support import FakeClock


async def test_a_file_that_could_not_be_opened_is_opened_by_a_later_write(tmp_path: Path) -> None:
    log, clock, path = Log(), FakeClock(), tmp_path / "later" / "state.db"
    state = await opened(path, clock.clock)
    await state.save(KEY, RECORD)
    path.parent.mkdir()
    clock.now += REOPEN_WAIT - 1
    await state.forget([account(1)])
    assert (state.writes, path.exists()) == (StateWrites(is_successful=False, errors=3), False)
    clock.now += 1
    await state.save(KEY, RECORD)
    assert state.writes == StateWrites(errors=3, succeeded_at=clock.clock.now())
    await state.close()
    assert stored(path).keys() == {KEY}
    error = "state.path: the folder does not exist: create it, or change the path"
    assert log.lines() == [
        {"event": "state unusable", "level": "error", "error": error},
        {"event": "state write recovered", "level": "info"},
    ]


def moved(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def removed(path: Path) -> None:
    path.unlink()


def restored(path: Path) -> None:
    copy = path.with_name("copy.db")
    filled(copy, 1)
    copy.replace(path)


@pytest.mark.parametrize("change", [moved, removed, restored])
async def test_a_file_that_is_no_longer_in_its_place_is_a_failed_write_and_is_opened_again(
    path: Path, change: Callable[[Path], None]
) -> None:
    log, state = Log(), await opened(path)
    await state.save(KEY, RECORD)
    change(path)
    await state.save(KEY, RECORD)
    assert state.writes
    assert (state.writes.is_successful, state.writes.errors) == (False, 1)
    await state.save(KEY, record(polls=8))
    assert state.writes.is_successful
    await state.close()
    assert stored(path)[KEY].entry.polls == 8
    assert log.lines() == [
        {"event": "state unusable", "level": "error", "error": MOVED},
        {"event": "state write recovered", "level": "info"},
    ]


async def test_a_copy_that_replaces_the_file_is_not_damaged_by_what_was_written_to_it(path: Path) -> None:
    copy, state = path.with_name("copy.db"), await opened(path)
    with closing(StateFile.open(copy)) as other:
        for number in range(50):
            other.save(account(number), record(mismatches={"other" * 200: 1}))
    for number in range(50, 0, -1):
        await state.save(account(number), record(mismatches={"ours" * number * 20: 1}))
    copy.replace(path)
    await state.save(KEY, RECORD)
    await state.save(KEY, RECORD)
    await state.close()
    assert stored(path) == {**{account(number): record(mismatches={"other" * 200: 1}) for number in range(50)}, KEY: RECORD}


async def test_a_copy_that_replaces_the_file_before_the_end_is_not_damaged(path: Path) -> None:
    copy, state = path.with_name("copy.db"), await opened(path)
    filled(copy, 3)
    for number in range(50):
        await state.save(account(number), record(mismatches={"ours" * number * 20: 1}))
    copy.replace(path)
    await state.close()
    assert stored(path).keys() == {account(number) for number in range(3)}
    assert [found.name for found in path.parent.iterdir()] == [path.name]


async def test_a_file_that_became_a_folder_is_opened_when_it_is_a_file_again(path: Path) -> None:
    log, clock = Log(), FakeClock()
    state = await opened(path, clock.clock)
    path.unlink()
    path.mkdir()
    for _ in range(3):
        await state.save(KEY, RECORD)
    path.rmdir()
    clock.now += REOPEN_WAIT
    await state.save(KEY, RECORD)
    await state.close()
    assert stored(path).keys() == {KEY}
    error = "state.path: is not a state file and was left unchanged: move it away or change the path"
    assert [line.get("error") for line in log.lines()] == [MOVED, error, None]


def consumption(since: float, *used: int) -> tuple[Consumption, ...]:
    """Counters that a process began at this time, with three hours between two readings."""
    known: tuple[Consumption, ...] = ()
    for number, amount in enumerate(used):
        at = since + number * 10_800.0
        known = update_consumption(known, [Quota("credits", "credits", used=Decimal(amount))], at, at)
    return known


async def test_histories_in_a_file_that_is_opened_late_are_kept(path: Path) -> None:
    other, clock = StateFile.open(path), FakeClock()
    other.save(KEY, record(consumption=consumption(0.0, 5, 15, 40)))
    other.save(account(1), RECORD)
    state = await opened(path, clock.clock)
    other.close()
    clock.now += REOPEN_WAIT
    own = consumption(100_000.0, 50, 57)
    for _ in range(2):
        await state.save(KEY, record(consumption=own))
    await state.close()
    [kept] = stored(path)[KEY].entry.consumption
    assert replace(kept, history=EMPTY) == replace(own[0], history=EMPTY)
    assert list(kept.history.times) == [0.0, 10_800.0, 21_600.0, 100_000.0, 110_800.0]
    assert list(kept.history.amounts) == [-35.0, -25.0, 0.0, 0.0, 7.0]
    assert repr(stored(path)[account(1)]) == repr(RECORD)


@pytest.mark.parametrize(
    "earlier", [record(consumption=consumption(0.0, 5, 15, 40)), record(consumption=consumption(-1e6, 5), subject="another")]
)
def test_a_history_that_overlaps_or_is_about_something_else_is_not_continued(earlier: Record) -> None:
    own = record(consumption=consumption(0.0, 5, 15))
    assert own.continuing(earlier).entry.consumption == own.entry.consumption


async def test_a_file_that_does_not_answer_at_the_start_is_used_when_it_does(path: Path) -> None:
    with closing(StateFile.open(path)) as earlier:
        earlier.save(KEY, record(consumption=consumption(0.0, 5, 15)))
    log, gate, clock = Log(), threading.Event(), FakeClock()
    state = Persistence(path, ThreadPoolExecutor(1), clock.clock, answer_wait=0.001, write_wait=0.001)
    state._worker.submit(gate.wait)
    await state._open_first(path)
    await state.save(KEY, record(consumption=consumption(100_000.0, 7)))
    assert (state.usable, await state.restore(), state.writes) == (True, {}, StateWrites(is_successful=False, errors=1))
    gate.set()
    await in_worker(state, "SELECT 1")
    await asyncio.sleep(0)
    await state.close()
    assert [line.get("error") for line in log.lines()] == [SILENT, None]
    assert list(stored(path)[KEY].entry.consumption[0].history.times) == [0.0, 10_800.0, 100_000.0]
