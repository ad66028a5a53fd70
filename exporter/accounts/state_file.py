"""The SQLite file of what is known about each account."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final, Self

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
BUSY_WAIT: Final = 0.2
LOG_BYTES: Final = 262_144

_SELECT = "SELECT CAST(provider AS BLOB), CAST(account AS BLOB), begun_at, next_poll_at, CAST(entry AS BLOB) FROM accounts"
_UPSERT = (
    "INSERT INTO accounts (provider, account, begun_at, next_poll_at, entry) VALUES (?, ?, ?, ?, ?) ON CONFLICT (provider, account) "
    "DO UPDATE SET begun_at = excluded.begun_at, next_poll_at = excluded.next_poll_at, entry = excluded.entry"
)
_FOREIGN = "is not a state file and was left unchanged: move it away or change the path"
_DAMAGED = "is damaged: move it away, and a new one is created"
_IN_USE = "another process uses it: stop that process, or give each its own path"
_REMEDIES = {sqlite3.SQLITE_NOTADB: _FOREIGN, sqlite3.SQLITE_CORRUPT: _DAMAGED, sqlite3.SQLITE_BUSY: _IN_USE}


class StateError(ExporterError):
    """The state file cannot be used; the message contains the remedy."""


class StateFile:
    """The file itself, used by one thread. Once it is open, failures raise sqlite3.Error. It holds no secret and no vendor's response."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """`path` is where the file was opened."""
        self._connection = connection
        self._path = path
        self._identity = _identity(path)
        self._log = Path(f"{path.resolve()}-wal")  # where SQLite has it, also for a link
        self._log_identity: tuple[int, int] | None = None
        """Of SQLite's log, from the first write on."""
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
                opened = cls(connection, path)
                undo.pop_all()
                return opened
        except (sqlite3.Error, OSError, ValueError) as error:
            raise _explained(error) from error

    def is_in_place(self) -> bool:
        """Whether the file is still at its path. SQLite would write to one that was moved or removed, without an error."""
        return _identity(self._path) == self._identity

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
        self._log_identity = self._log_identity or _identity(self._log)

    def forget(self, keys: Iterable[AccountKey]) -> None:
        """Delete what is stored about these accounts."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("DELETE FROM accounts WHERE provider = ? AND account = ?", keys)

    def close(self) -> None:
        """Close the file; SQLite merges its log into it. The log of a file that was moved would damage the file that is there now."""
        is_in_place = self.is_in_place()
        self._connection.close()
        if not is_in_place and self._log_identity and _identity(self._log) == self._log_identity:
            self._log.unlink()


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what distinguishes a file from another one at its path; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def fault_of(error: BaseException) -> str:
    """Describe a failed write. SQLite's messages and ours never quote what was to be written; those of others may."""
    return str(error) if isinstance(error, sqlite3.Error | StateError) else type(error).__name__


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
