"""The SQLite copy of what is known about each account: a restart loses no values and does not poll a vendor too early."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import structlog

from exporter.accounts.entry import Record
from exporter.accounts.records import decode, encode
from exporter.errors import ExporterError
from exporter.model import AccountKey

APPLICATION_ID: Final = int.from_bytes(b"AIAE")
MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    ("CREATE TABLE accounts (provider TEXT, account TEXT, next_poll_at REAL, entry TEXT, PRIMARY KEY (provider, account))",),
    (
        "ALTER TABLE accounts ADD COLUMN begun_at REAL",
        "UPDATE accounts SET begun_at = CASE WHEN json_valid(entry) THEN json_extract(entry, '$.begun_at') END",
    ),
)
"""The statements that lead from each schema version to the next; version 0 is an empty file."""

WRITE_WAIT: Final = 1.0
"""How long a poll waits for its write, in seconds; the write itself continues."""
CLOSE_WAIT: Final = 1.0
BUSY_WAIT: Final = 0.2
LOG_BYTES: Final = 262_144

_SELECT = "SELECT CAST(provider AS BLOB), CAST(account AS BLOB), begun_at, next_poll_at, CAST(entry AS BLOB) FROM accounts"
_UPSERT = (
    "INSERT INTO accounts (provider, account, begun_at, next_poll_at, entry) VALUES (?, ?, ?, ?, ?) ON CONFLICT (provider, account) "
    "DO UPDATE SET begun_at = excluded.begun_at, next_poll_at = excluded.next_poll_at, entry = excluded.entry"
)
_FOREIGN = "is not a state file and was left unchanged: move it away or change the path"
_DAMAGED = "is damaged: move it away, and the next start creates a new one"
_IN_USE = "another process uses it: stop that process, or give each its own path"
_REMEDIES = {sqlite3.SQLITE_NOTADB: _FOREIGN, sqlite3.SQLITE_CORRUPT: _DAMAGED, sqlite3.SQLITE_BUSY: _IN_USE}

log = structlog.get_logger()


class StateError(ExporterError):
    """The state file cannot be used; the message contains the remedy."""


class StateFile:
    """The file itself, used by one thread. Once it is open, failures raise sqlite3.Error. It holds no secret and no vendor's response."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.skipped = 0
        """How many rows the last `load` could not read."""

    @classmethod
    def open(cls, path: Path, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS) -> Self:
        """Open or create the file, and lock it until `close`. Raises StateError; a file that is not a state file stays unchanged."""
        try:
            uri = _claim(path)
            with ExitStack() as undo:
                connection = sqlite3.connect(f"{uri}?mode=rw", uri=True, timeout=BUSY_WAIT, isolation_level=None)
                undo.callback(connection.close)
                connection.execute("PRAGMA locking_mode=EXCLUSIVE")
                _migrate(connection, migrations)
                connection.execute("PRAGMA journal_mode=WAL")  # last: the application id must be in the file, not in its log
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute("PRAGMA wal_autocheckpoint=32")  # pages: a small volume must not fill up with the log
                connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
                undo.pop_all()
                return cls(connection)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise _explained(error) from error

    def load(self) -> dict[AccountKey, Record]:
        """Read all rows. Rows that cannot be read are skipped and counted."""
        rows = self._connection.execute(_SELECT).fetchall()
        records = dict(known for row in rows if (known := decode(*row)))
        self.skipped = len(rows) - len(records)
        return records

    def save(self, key: AccountKey, record: Record) -> None:
        """Replace what is stored about the account."""
        schedule = record.schedule
        self._connection.execute(_UPSERT, (*key, schedule.begun_at, schedule.next_poll_at, encode(record.entry)))

    def forget(self, keys: Iterable[AccountKey]) -> None:
        """Delete what is stored about these accounts."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("DELETE FROM accounts WHERE provider = ? AND account = ?", keys)

    def close(self) -> None:
        """Close the file; SQLite merges its log into it."""
        self._connection.close()


@dataclass(slots=True, eq=False)
class _Queued:
    """One write that waits for its turn."""

    record: Record
    done: Future[None] = field(init=False)


class Persistence:
    """The state file for the event loop: one thread writes it, and no failure of it stops the polling."""

    def __init__(
        self, file: StateFile | None, worker: ThreadPoolExecutor, *, write_wait: float = WRITE_WAIT, close_wait: float = CLOSE_WAIT
    ) -> None:
        self._file, self._worker = file, worker
        self._write_wait, self._close_wait = write_wait, close_wait
        self._lock = threading.Lock()
        self._queued: dict[AccountKey, _Queued] = {}
        self._failing = False

    @classmethod
    def disabled(cls) -> Self:
        """Return one that keeps nothing, for a configuration without a state file."""
        return cls(None, ThreadPoolExecutor(1))

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open the file. If that fails, log why and keep nothing."""
        worker = ThreadPoolExecutor(1, thread_name_prefix="state")
        try:
            return cls(await asyncio.get_running_loop().run_in_executor(worker, StateFile.open, path), worker)
        except StateError as error:
            log.error("state unusable", error=str(error))  # noqa: TRY400 -- the message is complete
            return cls(None, worker)

    @property
    def usable(self) -> bool:
        """Whether there is a file to write to."""
        return self._file is not None

    async def restore(self) -> dict[AccountKey, Record]:
        """Read what was known when the file was last written."""
        if (file := self._file) is None:
            return {}
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
        error = writing.exception()
        if error and not self._failing:
            # SQLite's messages never quote what was to be written; those of others may.
            log.error("state write failed", error=str(error) if isinstance(error, sqlite3.Error) else type(error).__name__)
        elif self._failing and not error:
            log.info("state write recovered")
        self._failing = error is not None


def _claim(path: Path) -> str:
    """Create the file if it is missing, and check that it is a state file or empty; returns its URI."""
    if not path.parent.is_dir():
        raise StateError("state.path: the folder does not exist: create it, or change the path")
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    if not path.is_file():
        raise StateError(f"state.path: {_FOREIGN}")
    uri = path.absolute().as_uri()
    if path.stat().st_size:
        # `immutable` keeps SQLite from merging the log of a foreign database.
        with closing(sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True)) as connection:
            if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
                raise StateError(f"state.path: {_FOREIGN}")
    return uri


def _migrate(connection: sqlite3.Connection, migrations: tuple[tuple[str, ...], ...]) -> None:
    if connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
        raise StateError(f"state.path: {_DAMAGED}")
    with connection:
        connection.execute("BEGIN EXCLUSIVE")  # also without a migration: this takes the lock
        [version] = connection.execute("PRAGMA user_version").fetchone()
        if version > len(migrations):
            raise StateError("state.path: was written by a newer version of this program: install that, or move the file away")
        for number, statements in enumerate(migrations[version:], version + 1):
            for statement in (*statements, f"PRAGMA user_version={number}", f"PRAGMA application_id={APPLICATION_ID}"):
                connection.execute(statement)


def _explained(error: Exception) -> StateError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # the rest of the code distinguishes variants
    why = error.strerror if isinstance(error, OSError) else error  # the text of an OSError contains the path, which may be a key
    return StateError(f"state.path: {_REMEDIES.get(code, f'cannot be used ({why}): fix that, or change the path')}")
