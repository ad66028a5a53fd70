"""State files for tests, and what another start of the program reads from them."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from exporter.accounts.entry import Record
from exporter.accounts.persistence import Persistence
from exporter.accounts.state_file import StateError, StateFile
from exporter.clock import Clock
from exporter.model import AccountKey
from tests.accounts.support import RECORD, account
from tests.support import PATIENCE


def stored(path: Path) -> dict[AccountKey, Record]:
    """Return what another start of the program reads."""
    with closing(StateFile.open(path)) as opened:
        return opened.load()


def refusal(path: Path) -> str:
    with pytest.raises(StateError) as caught:
        StateFile.open(path)
    return str(caught.value)


def filled(path: Path, accounts: int = 50) -> bytes:
    """Write a state file of many pages, and return its bytes."""
    with closing(StateFile.open(path)) as opened:
        for number in range(accounts):
            opened.save(account(number), RECORD)
    return path.read_bytes()


def execute(path: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [row for statement in statements for row in connection.execute(statement).fetchall()]


async def opened(path: Path, clock: Clock | None = None) -> Persistence:
    """Open a state file whose writes are done when `save` returns, however slow this machine is."""
    state = await Persistence.open(path, clock)
    state._write_wait = state._close_wait = PATIENCE
    return state


async def in_worker(state: Persistence, statement: str) -> None:
    """Run an SQL statement in the thread of the state file."""

    def execute() -> None:
        assert state._file
        state._file._connection.execute(statement)

    await asyncio.get_running_loop().run_in_executor(state._worker, execute)
