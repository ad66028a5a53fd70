"""Keeps a copy of what is known about each account in a file: a restart loses no values and does not poll a vendor too early."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import structlog

from exporter.accounts.entry import Record
from exporter.accounts.snapshot import StateWrites
from exporter.clock import Clock
from exporter.log import Reminder
from exporter.model import AccountKey
from exporter.validation.file_threads import retrieve_error

if TYPE_CHECKING:
    from exporter.accounts.state_file import StateFile

ANSWER_WAIT: Final = 30.0
"""How long the file may not answer before that counts as a failure, in seconds. The start waits for so long: every page is checked."""
WRITE_WAIT: Final = 1.0
"""How long a poll waits for its write, in seconds; the write itself continues."""
CLOSE_WAIT: Final = 1.0

REOPEN_WAIT: Final = 60.0
"""How long to wait before a file that could not be opened is opened again, in seconds."""

REMEDY: Final = "make the folder of state.path writable for the exporter's user, and free disk space"
SILENT: Final = "state.path: the file does not answer: is it on a network file system that is down?"
MOVED: Final = "state.path: the file was moved, removed or replaced, and what was written since then is lost: the next write opens it again"

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Queued:
    """One write that waits for its turn."""

    record: Record
    done: asyncio.Future[None] = field(init=False)


class Persistence:
    """The state file for the event loop: one thread writes it, and no failure of it stops the polling."""

    def __init__(
        self,
        path: Path | None,
        worker: ThreadPoolExecutor,
        clock: Clock | None = None,
        *,
        file: StateFile | None = None,
        answer_wait: float = ANSWER_WAIT,
        write_wait: float = WRITE_WAIT,
        close_wait: float = CLOSE_WAIT,
    ) -> None:
        """`path` is None where nothing is kept; `file` is what is open there."""
        self._clock = clock or Clock()
        self.writes = StateWrites() if path else None
        """Whether the file can be written; None if there is none to write."""
        self._path, self._worker = path, worker
        self._file, self._fault, self._reopen_at = file, MOVED, 0.0
        """Used by the worker: the open file, or why there is none and when it is opened again."""
        self._earlier: Mapping[AccountKey, Record] | None = None
        """What an earlier process wrote, where the file was opened too late to restore it: histories continue. None before it is read."""
        self._answer_wait, self._write_wait, self._close_wait = answer_wait, write_wait, close_wait
        self._lock = threading.Lock()
        self._queued: dict[AccountKey, _Queued] = {}
        self._reminder = Reminder()
        self._running, self._progress_at = 0, 0.0
        """How many calls the worker has, and when it ended one, or got one while it had none."""

    @classmethod
    def disabled(cls) -> Self:
        """Return one that keeps nothing, for a configuration without a state file."""
        return cls(None, ThreadPoolExecutor(1))

    @classmethod
    async def open(cls, path: Path, clock: Clock | None = None) -> Self:
        """Open the file. If that fails, log why, keep nothing, and try again with later writes."""
        opened = cls(path, ThreadPoolExecutor(1, thread_name_prefix="state"), clock)
        await opened._open_first(path)
        return opened

    async def _open_first(self, path: Path) -> None:
        from exporter.accounts.state_file import StateError

        opening = asyncio.get_running_loop().run_in_executor(self._worker, self._open, path)
        opening.add_done_callback(retrieve_error)
        try:
            async with asyncio.timeout(self._answer_wait):
                await asyncio.shield(opening)
        except TimeoutError:
            self._failed(StateError(SILENT))
        except StateError as error:
            self._failed(error)

    @property
    def usable(self) -> bool:
        """Whether there is a file to write to, or to open again."""
        return self._path is not None

    async def restore(self) -> dict[AccountKey, Record]:
        """Read what was known when the file was last written."""
        if (file := self._file) is None:
            return {}
        import sqlite3

        self._earlier = {}
        try:
            records = await asyncio.get_running_loop().run_in_executor(self._worker, file.load)
        except sqlite3.Error as error:
            log.error("state unreadable", error=str(error))  # noqa: TRY400 -- the message is complete
            return {}
        (log.warning if file.skipped else log.info)("state restored", accounts=len(records), skipped=file.skipped)
        return records

    async def save(self, key: AccountKey, record: Record) -> None:
        """Write the record; it replaces one of the same account that still waits to be written."""
        if self._path is None:
            return
        with self._lock:
            if (queued := self._queued.get(key)) is None:
                queued = self._queued[key] = _Queued(record)
                queued.done = self._submit(self._write, self._path, key, queued)
            queued.record = record
        await self._settle(queued.done)

    async def forget(self, keys: Iterable[AccountKey]) -> None:
        """Delete accounts that are no longer configured."""
        if self._path and (gone := frozenset(keys)):
            with self._lock:
                for key in gone:
                    self._queued.pop(key, None)  # a later save must be written after this deletion
            await self._settle(self._submit(self._forget, self._path, gone))

    async def close(self) -> None:
        """Write what is queued and close the file, as far as time allows."""
        if self._path:
            self._path = None
            await asyncio.wait([self._submit(self._close)], timeout=self._close_wait)
        self._worker.shutdown(wait=False, cancel_futures=True)

    # In the worker

    def _write(self, path: Path, key: AccountKey, queued: _Queued) -> None:
        with self._lock:
            if self._queued.get(key) is queued:
                del self._queued[key]  # later saves are queued separately
        file = self._opened(path)
        if self._earlier is None:
            self._earlier = file.load()
        earlier = self._earlier.get(key)
        file.save(key, queued.record.continuing(earlier) if earlier else queued.record)

    def _forget(self, path: Path, keys: frozenset[AccountKey]) -> None:
        self._opened(path).forget(keys)

    def _opened(self, path: Path) -> StateFile:
        """Return the open file. If there is none, open it again, unless that failed recently."""
        from exporter.accounts.state_file import StateError

        if self._file and not self._file.is_in_place():
            self._close()
            raise StateError(MOVED)
        if self._file is None and self._clock.monotonic() < self._reopen_at:
            raise StateError(self._fault)
        return self._file or self._open(path)

    def _open(self, path: Path) -> StateFile:
        from exporter.accounts.state_file import StateError, StateFile

        try:
            self._file = StateFile.open(path)
        except StateError as error:
            self._fault, self._reopen_at = str(error), self._clock.monotonic() + REOPEN_WAIT
            raise
        return self._file

    def _close(self) -> None:
        if self._file:
            file, self._file = self._file, None
            file.close()

    # In the event loop

    def _submit(self, call: Callable[..., None], *arguments: object) -> asyncio.Future[None]:
        """Run a call in the worker, and report how it ends, once, whoever waits for it."""
        if not self._running:
            self._progress_at = self._clock.monotonic()
        self._running += 1
        done = asyncio.wrap_future(self._worker.submit(call, *arguments))
        done.add_done_callback(self._report)
        return done

    async def _settle(self, done: asyncio.Future[None]) -> None:
        """Wait until a call ends. While the file does not answer at all, no poll waits for it, and that is a failure."""
        is_slow = self._silent_for() >= self._write_wait
        await asyncio.wait([done], timeout=0 if is_slow else self._write_wait)
        if not done.done() and self._silent_for() >= self._answer_wait:
            from exporter.accounts.state_file import StateError

            self._failed(StateError(SILENT))

    def _silent_for(self) -> float:
        return self._clock.monotonic() - self._progress_at if self._running else 0.0

    def _report(self, done: asyncio.Future[None]) -> None:
        self._running, self._progress_at = self._running - 1, self._clock.monotonic()
        if done.cancelled():
            return
        before = self.writes or StateWrites()
        if error := done.exception():
            self._failed(error)
        elif self._path:  # closing does not count as a write
            self.writes = before.succeeded(self._clock.now())
            if not before.is_successful:
                self._reminder.forget(None)
                log.info("state write recovered")

    def _failed(self, error: BaseException) -> None:
        from exporter.accounts.state_file import StateError, fault_of

        self.writes = (self.writes or StateWrites()).failed()
        if not self._reminder.is_due(None, fault := fault_of(error), self._clock.now()):
            return
        if isinstance(error, StateError):
            log.error("state unusable", error=fault)
        else:
            log.error("state write failed", error=fault, remedy=REMEDY)
