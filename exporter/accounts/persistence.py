"""Keeps a copy of what is known about each account in a file: a restart loses no values and does not poll a vendor too early."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import structlog

from exporter.accounts.entry import Record
from exporter.accounts.snapshot import StateWrites
from exporter.clock import Clock
from exporter.log import Reminder
from exporter.model import AccountKey

if TYPE_CHECKING:
    from exporter.accounts.state_file import StateFile

WRITE_WAIT: Final = 1.0
"""How long a poll waits for its write, in seconds; the write itself continues."""
CLOSE_WAIT: Final = 1.0

REMEDY: Final = "make the folder of state.path writable for the exporter's user, and free disk space"

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Queued:
    """One write that waits for its turn."""

    record: Record
    done: Future[None] = field(init=False)


class Persistence:
    """The state file for the event loop: one thread writes it, and no failure of it stops the polling."""

    def __init__(
        self,
        file: StateFile | None,
        worker: ThreadPoolExecutor,
        clock: Clock | None = None,
        *,
        writes: StateWrites | None = None,
        write_wait: float = WRITE_WAIT,
        close_wait: float = CLOSE_WAIT,
    ) -> None:
        self._clock = clock or Clock()
        self.writes = writes or (StateWrites() if file else None)
        """Whether the file can be written; None if there is none to write."""
        self._file, self._worker = file, worker
        self._write_wait, self._close_wait = write_wait, close_wait
        self._lock = threading.Lock()
        self._queued: dict[AccountKey, _Queued] = {}
        self._reminder = Reminder()

    @classmethod
    def disabled(cls) -> Self:
        """Return one that keeps nothing, for a configuration without a state file."""
        return cls(None, ThreadPoolExecutor(1))

    @classmethod
    async def open(cls, path: Path, clock: Clock | None = None) -> Self:
        """Open the file. If that fails, log why and keep nothing."""
        from exporter.accounts.state_file import StateError, StateFile

        worker = ThreadPoolExecutor(1, thread_name_prefix="state")
        try:
            return cls(await asyncio.get_running_loop().run_in_executor(worker, StateFile.open, path), worker, clock)
        except StateError as error:
            log.error("state unusable", error=str(error))  # noqa: TRY400 -- the message is complete
            return cls(None, worker, clock, writes=StateWrites().failed())

    @property
    def usable(self) -> bool:
        """Whether there is a file to write to."""
        return self._file is not None

    async def restore(self) -> dict[AccountKey, Record]:
        """Read what was known when the file was last written."""
        if (file := self._file) is None:
            return {}
        import sqlite3

        try:
            records = await asyncio.get_running_loop().run_in_executor(self._worker, file.load)
        except sqlite3.Error as error:
            log.error("state unreadable", error=str(error))  # noqa: TRY400 -- the message is complete
            return {}
        (log.warning if file.skipped else log.info)("state restored", accounts=len(records), skipped=file.skipped)
        return records

    async def save(self, key: AccountKey, record: Record) -> None:
        """Write the record; it replaces one of the same account that still waits to be written."""
        if self._file is None:
            return
        with self._lock:
            if (queued := self._queued.get(key)) is None:
                queued = self._queued[key] = _Queued(record)
                queued.done = self._worker.submit(self._write, self._file, key, queued)
            queued.record = record
        await self._settle(queued.done, self._write_wait)

    async def forget(self, keys: Iterable[AccountKey]) -> None:
        """Delete accounts that are no longer configured."""
        if self._file and (gone := frozenset(keys)):
            with self._lock:
                for key in gone:
                    self._queued.pop(key, None)  # a later save must be written after this deletion
            await self._settle(self._worker.submit(self._file.forget, gone), self._write_wait)

    async def close(self) -> None:
        """Write what is queued and close the file, as far as time allows."""
        if self._file:
            file, self._file = self._file, None
            await self._settle(self._worker.submit(file.close), self._close_wait)
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _write(self, file: StateFile, key: AccountKey, queued: _Queued) -> None:
        with self._lock:
            if self._queued.get(key) is queued:
                del self._queued[key]  # later saves are queued separately
        file.save(key, queued.record)

    async def _settle(self, done: Future[None], wait: float) -> None:
        writing = asyncio.wrap_future(done)
        writing.add_done_callback(self._report)
        await asyncio.wait([writing], timeout=wait)

    def _report(self, writing: asyncio.Future[None]) -> None:
        if writing.cancelled():
            return
        error, before, now = writing.exception(), self.writes or StateWrites(), self._clock.now()
        self.writes = before.failed() if error else before.succeeded(now)
        if error:
            from exporter.accounts.state_file import fault_of

            if self._reminder.is_due(None, fault := fault_of(error), now):
                log.error("state write failed", error=fault, remedy=REMEDY)
        elif not before.is_successful:
            self._reminder.forget(None)
            log.info("state write recovered")
