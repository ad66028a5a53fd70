"""The state file: what survives a restart, a crash and a damaged file. Its failures never stop polling."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.accounts.consumption import Consumption, update_consumption
from exporter.accounts.entry import Failure, Record
from exporter.accounts.history import EMPTY
from exporter.accounts.persistence import ANSWER_WAIT, MOVED, REMEDY, REOPEN_WAIT, SILENT, Persistence
from exporter.accounts.records import encode
from exporter.accounts.snapshot import StateWrites
from exporter.accounts.state_file import APPLICATION_ID, MIGRATIONS, StateError, StateFile
from exporter.client.client import Client
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import AccountKey, Quota
from exporter.simulator.simulator import Simulator
from tests.accounts.support import ENTRY, KEY, RECORD, RECORDS, TEXTS, Log, account, in_worker, record
from tests.support import ACCOUNTS, CANARY, PATIENCE, FakeClock, secret_of

NEXT_MIGRATION = ("ALTER TABLE accounts ADD COLUMN note TEXT DEFAULT 'new'",)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def file(path: Path) -> Iterator[StateFile]:
    opened = StateFile.open(path)
    yield opened
    opened._connection.close()


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


# The file


def test_any_entry_is_restored_exactly(file: StateFile) -> None:
    @given(st.builds(AccountKey, TEXTS, TEXTS), RECORDS)
    def check(key: AccountKey, known: Record) -> None:
        file.save(key, known)
        assert repr(file.load()[key]) == repr(known)
        file.forget([key])

    check()
    assert (file.load(), file.skipped) == ({}, 0)


@pytest.mark.parametrize("digits", ["0.1", "10.50", "-0", "1E+30", "123456789012345678901234567890.000000000000000001"])
def test_amounts_are_not_rounded(file: StateFile, digits: str) -> None:
    assert ENTRY.reading
    quota = replace(ENTRY.reading.quotas[0], remaining=Decimal(digits))
    file.save(KEY, record(reading=replace(ENTRY.reading, quotas=(quota,))))
    reading = file.load()[KEY].entry.reading
    assert reading
    assert str(reading.quotas[0].remaining) == digits
    assert reading.quotas[0].used is None


def test_entries_survive_a_restart(path: Path) -> None:
    with closing(StateFile.open(path)) as opened:
        opened.save(KEY, RECORD)
    assert repr(stored(path)[KEY]) == repr(RECORD)


def test_the_last_save_of_an_account_is_kept(path: Path, file: StateFile) -> None:
    file.save(KEY, RECORD)
    file.save(KEY, record(polls=8, next_poll_at=None, error=None))
    assert repr(file.load()[KEY]) == repr(record(polls=8, next_poll_at=None, error=None))


def test_forgotten_accounts_are_removed_and_the_others_stay(file: StateFile) -> None:
    for number in range(3):
        file.save(account(number), RECORD)
    file.forget([account(0), account(2), account(99)])
    assert file.load().keys() == {account(1)}


def test_only_its_owner_may_read_the_file(path: Path, file: StateFile) -> None:
    file.save(KEY, RECORD)
    assert {found.name: stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir()} == {"state.db": 0o600, "state.db-wal": 0o600}


def test_only_the_file_remains_after_closing(path: Path) -> None:
    filled(path)
    assert list(path.parent.iterdir()) == [path]


# Crashes


def test_what_was_written_before_a_crash_is_there_after_it(path: Path, file: StateFile) -> None:
    file.save(KEY, RECORD)
    file.save(account(1), RECORD)
    crashed = path.with_name("crashed.db")
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{crashed}{suffix}")
    entries = stored(crashed)
    assert repr(entries[KEY]) == repr(RECORD)
    assert repr(entries[account(1)]) == repr(RECORD)


KILLED = """
import itertools, pathlib, sys
from exporter.accounts.state_file import StateFile
from tests.accounts.support import account, record
file = StateFile.open(pathlib.Path(sys.argv[1]))
for number in itertools.count(int(sys.argv[2])):
    file.save(account(number % 3), record(polls=number, mismatches={str(number) * 500: 1}))
    print(number, flush=True)
"""


def test_a_killed_process_loses_no_finished_save_and_leaves_no_half_row(path: Path) -> None:
    last = 0
    for lines in (1, 10, 47):
        command = [sys.executable, "-c", KILLED, str(path), str(last + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own code
            assert process.stdout
            for _ in range(lines):
                last = int(process.stdout.readline())
            process.kill()
            last = max([last, *map(int, process.stdout.read().split())])
        with closing(StateFile.open(path)) as opened:
            entries = [known.entry for known in opened.load().values()]
            assert opened.skipped == 0
        assert max(entry.polls for entry in entries) in {last, last + 1}
        assert all(entry.mismatches == {str(entry.polls) * 500: 1} for entry in entries if entry.polls)


# Files that cannot be used


def test_an_empty_file_is_treated_as_new(path: Path) -> None:
    path.touch()
    assert stored(path) == {}


@pytest.mark.parametrize("content", [b"x", b"\0" * 8192, b"not a database\n" * 100, random.Random(1).randbytes(50_000)])  # noqa: S311 -- noise
def test_a_file_that_is_no_database_is_refused_and_not_changed(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert refusal(path) == "state.path: is not a state file and was left unchanged: move it away or change the path"
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_another_programs_database_is_refused_and_not_changed(path: Path, mode: str) -> None:
    """Also if a crash of that program left a log that SQLite would apply to the file."""
    origin = path.with_name("origin.db")
    with closing(sqlite3.connect(origin, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute("CREATE TABLE theirs (text)")
        for found in origin.parent.glob("origin.db*"):
            shutil.copy(found, str(found).replace("origin", "state"))
    before = {found: found.read_bytes() for found in path.parent.glob("state.db*")}
    assert "is not a state file and was left unchanged" in refusal(path)
    assert {found: found.read_bytes() for found in path.parent.glob("state.db*")} == before


@pytest.mark.parametrize("left", [0.2, 0.5, 0.9])
def test_a_truncated_file_is_refused(path: Path, left: float) -> None:
    content = filled(path)
    path.write_bytes(content[: int(len(content) * left)])
    assert refusal(path) == "state.path: is damaged: move it away, and a new one is created"


def test_a_corrupt_page_loses_rows_or_the_file_and_nothing_else(path: Path) -> None:
    content = filled(path)
    refused = 0
    for start in range(0, len(content), 4096):
        page = bytes(byte ^ 0x5A for byte in content[start : start + 4096])
        path.write_bytes(content[:start] + page + content[start + 4096 :])
        try:
            assert len(stored(path)) <= 50
        except StateError:
            refused += 1
    assert refused >= 2


def test_a_corrupt_byte_never_prevents_a_start(path: Path) -> None:
    content, chance = filled(path, 12), random.Random(7)  # noqa: S311 -- the same bytes every time
    for _ in range(60):
        place = chance.randrange(len(content))
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :])
        try:
            assert len(stored(path)) <= 12
        except StateError as error:
            assert str(error).startswith("state.path: ")  # noqa: PT017 -- either outcome is right


def test_a_folder_instead_of_the_file_is_refused(path: Path) -> None:
    path.mkdir()
    assert refusal(path) == "state.path: is not a state file and was left unchanged: move it away or change the path"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "state.db"
    assert refusal(path) == "state.path: the folder does not exist: create it, or change the path"


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that takes no files even from root")
def test_a_read_only_folder_is_an_error_with_the_systems_reason() -> None:
    path = Path("/proc/self/state.db")
    assert refusal(path).startswith("state.path: cannot be used (")


def test_an_impossible_path_is_an_error_like_the_others(tmp_path: Path) -> None:
    assert "embedded null" in refusal(tmp_path / "a\0b")


def test_a_file_of_a_newer_version_is_refused_and_keeps_its_rows(path: Path) -> None:
    filled(path, 1)
    execute(path, f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    assert refusal(path) == "state.path: was written by a newer version of this program: install that, or move the file away"
    assert execute(path, "SELECT account FROM accounts") == [("account-0",)]


def test_a_file_that_another_process_uses_is_refused_with_that_reason(path: Path, file: StateFile) -> None:
    file.save(KEY, RECORD)
    code = "import pathlib, sys; from exporter.accounts.state_file import StateFile; StateFile.open(pathlib.Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)  # noqa: S603 -- our own code
    assert done.returncode == 1
    assert "StateError: state.path: another process uses it: stop that process, or give each its own path" in done.stderr
    file.save(KEY, record(polls=8))
    assert file.load()[KEY].entry.polls == 8


def test_a_refused_file_is_closed(path: Path, file: StateFile) -> None:
    assert "another process uses it" in refusal(path)
    file.close()
    assert stored(path) == {}


# Schema


def test_a_new_file_has_the_application_id_and_the_latest_version(path: Path) -> None:
    filled(path, 0)
    assert execute(path, "PRAGMA application_id", "PRAGMA user_version", "PRAGMA journal_mode") == [
        (APPLICATION_ID,),
        (len(MIGRATIONS),),
        ("wal",),
    ]


def test_an_older_file_is_migrated_with_its_rows(path: Path) -> None:
    with closing(StateFile.open(path, MIGRATIONS)) as opened:
        opened.save(KEY, RECORD)
    for _ in range(2):
        with closing(StateFile.open(path, (*MIGRATIONS, NEXT_MIGRATION))) as opened:
            assert repr(opened.load()[KEY]) == repr(RECORD)
    assert execute(path, "SELECT note FROM accounts", "PRAGMA user_version") == [("new",), (len(MIGRATIONS) + 1,)]


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    with closing(StateFile.open(path, MIGRATIONS)) as opened:
        opened.save(KEY, RECORD)
    with pytest.raises(StateError, match="no such table: nowhere"):
        StateFile.open(path, (*MIGRATIONS, (*NEXT_MIGRATION, "DELETE FROM nowhere")))
    assert execute(path, "SELECT count(*) FROM pragma_table_info('accounts') WHERE name = 'note'", "PRAGMA user_version") == [
        (0,),
        (len(MIGRATIONS),),
    ]


RELEASED = (
    '{"labels": {"team": "video"}, "stale_after": 900.0, "interval": 300.0, "reading": {"quotas": [{"resource": "credits", '
    '"unit": "credits", "remaining": "10.50", "used": null, "limit": null, "overage_limit": null, "unlimited": false, "resets_at": null}], '
    '"info": {"plan": "pro"}, "status": null, "features": {}, "auto_reload": null, "created_at": null, "credential_expires_at": null, '
    '"mismatches": []}, "up": false, "error": {"reason": "rate_limited", "message": "HTTP 429"}, "failures": 1, "begun_at": 1060.375, '
    '"last_poll_at": 1060.5, "last_success_at": 1000.25, "limited_until": 1300.0, "duration": 0.125, "polls": 7, '
    '"errors": {"rate_limited": 1}, "mismatches": {"credits.used": 2}, "books": [{"resource": "credits", "unit": "credits", '
    '"since": 100.5, "at": 1000.25, "consumed": "89.50", "replenished": "50", "used": null, "remaining": "10.50", "limit": null, '
    '"resets_at": null, "readings": 4, "marks": [{"at": 100.5, "consumed": "0"}]}]}'
)
"""An entry as version 0.1 wrote it."""


def test_a_file_of_the_first_release_is_read_and_its_history_begins_again(path: Path) -> None:
    execute(
        path,
        "CREATE TABLE accounts (provider TEXT, account TEXT, next_poll_at REAL, entry TEXT, PRIMARY KEY (provider, account))",
        f"INSERT INTO accounts VALUES ('liveavatar', 'stage', 1360.5, '{RELEASED}')",  # noqa: S608 -- our own text
        "INSERT INTO accounts VALUES ('liveavatar', 'damaged', 1360.5, '{')",
        "INSERT INTO accounts VALUES ('liveavatar', 'binary', 1360.5, x'ff')",
        "INSERT INTO accounts VALUES ('liveavatar', 'empty', 1360.5, NULL)",
        "PRAGMA user_version=1",
        f"PRAGMA application_id={APPLICATION_ID}",
    )
    with closing(StateFile.open(path)) as opened:
        known = opened.load()
        assert opened.skipped == 3
    [consumption] = ENTRY.consumption
    expected = record(optional={}, optional_errors={}, consumption=(replace(consumption, history=EMPTY),))
    assert {key: repr(each) for key, each in known.items()} == {KEY: repr(expected)}


@pytest.mark.parametrize("digits", [f"1{'0' * 900_000}1e-900000", "7" * 900_000 + "e-900000", "1e-1000001", "0e9999"])
def test_a_number_that_is_too_long_is_rounded(file: StateFile, digits: str) -> None:
    assert ENTRY.reading
    quota = replace(ENTRY.reading.quotas[0], remaining=Decimal(digits))
    known = record(reading=replace(ENTRY.reading, quotas=(quota,)))
    assert len(encode(known.entry)) < 3_000
    file.save(KEY, known)
    reading = file.load()[KEY].entry.reading
    assert reading
    assert float(reading.quotas[0].remaining or 0) == float(Decimal(digits))


@pytest.mark.parametrize(
    "damage",
    [
        "entry = substr(entry, 1, 40)",
        "entry = 'null'",
        "entry = '[]'",
        "entry = ''",
        "entry = x'ff'",
        "entry = 7",
        "entry = replace(printf('%.100000c', '['), '', '')",
        "entry = json_set(entry, '$.interval', 'soon')",
        "entry = json_set(entry, '$.polls', 1.5)",
        "entry = json_set(entry, '$.up', 1)",
        "entry = json_set(entry, '$.errors', json('{\"boredom\": 1}'))",
        "entry = json_set(entry, '$.error.reason', 7)",
        "entry = json_set(entry, '$.reading', 7)",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', 'much')",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', 10.5)",
        "entry = json_set(entry, '$.reading.quotas', json('{}'))",
        "entry = replace(entry, '300.0', 'NaN')",
        "entry = json_set(entry, '$.interval', 1e999)",
        "entry = json_set(entry, '$.last_success_at', 1e999)",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', '1e400')",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', '1e-1000001')",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', '0e99999')",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', printf('1%.900d', 1))",
        "entry = json_set(entry, '$.reading.quotas[0].remaining', 'sNaN')",
        "entry = json_set(entry, '$.optional./key.next_attempt_at', 'soon')",
        "next_poll_at = 'soon'",
        "next_poll_at = 1e999",
        "begun_at = 'once'",
        "begun_at = -1e999",
        "entry = NULL",
        "entry = json_set(entry, '$.consumption[0].consumed', 'NaN')",
        "entry = json_set(entry, '$.consumption[0].consumed', '-Infinity')",
        "entry = json_set(entry, '$.consumption[0].at', '1000')",
        "entry = json_set(entry, '$.consumption[0].history', 7)",
        "entry = json_set(entry, '$.consumption[0].history.times', json('{}'))",
        "entry = json_set(entry, '$.consumption[0].history.times', json('[100.5]'))",
        "entry = json_set(entry, '$.consumption[0].history.times', json('[900.25, 100.5]'))",
        "entry = json_set(entry, '$.consumption[0].history.times[0]', '100.5')",
        "entry = json_set(entry, '$.consumption[0].history.amounts[1]', 1e999)",
        "entry = json_set(entry, '$.consumption[0].history.amounts[1]', -0.5)",
        "entry = json_set(entry, '$.consumption[0].history.amounts[1]', json('true'))",
        "entry = replace(entry, '89.5]', '1' || printf('%.400d', 0) || ']')",
        "entry = json_set(entry, '$.consumption[0].history.empty', json('[[900.25]]'))",
        "entry = json_set(entry, '$.consumption[0].history.empty', json('[[900.25, null]]'))",
        "entry = json_remove(entry, '$.consumption[0].since')",
        "provider = CAST(x'ff' AS TEXT)",
        "account = NULL",
    ],
)
def test_a_damaged_row_is_skipped_and_the_others_are_read(path: Path, damage: str) -> None:
    filled(path, 3)
    execute(path, f"UPDATE accounts SET {damage} WHERE account = 'account-1'")  # noqa: S608 -- our own text
    with closing(StateFile.open(path)) as opened:
        entries = opened.load()
        assert (entries.keys(), opened.skipped) == ({account(0), account(2)}, 1)
    assert repr(entries[account(2)]) == repr(RECORD)


def test_fields_that_an_older_version_did_not_write_have_their_defaults(path: Path) -> None:
    filled(path, 1)
    execute(path, "UPDATE accounts SET entry = json_remove(entry, '$.limited_until', '$.reading.credential_expires_at', '$.consumption')")
    assert repr(stored(path)[account(0)]) == repr(record(limited_until=None, consumption=()))


# The asynchronous interface


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


@pytest.fixture
async def state(path: Path) -> AsyncIterator[Persistence]:
    opened = await Persistence.open(path)
    yield opened
    await opened.close()


@pytest.fixture
async def gated(path: Path) -> AsyncIterator[tuple[Persistence, Gated]]:
    """A state whose first write, of account 0, hangs."""
    worker = ThreadPoolExecutor(1)
    file = worker.submit(Gated.open, path).result()
    opened = Persistence(path, worker, file=file, write_wait=0.001, close_wait=0.001)
    await opened.save(account(0), RECORD)
    assert await asyncio.to_thread(file.entered.wait, PATIENCE)
    yield opened, file
    file.gate.set()
    await opened.close()
    worker.shutdown()


async def test_saved_entries_are_restored_at_the_next_start(path: Path) -> None:
    state = await Persistence.open(path)
    assert (state.usable, await state.restore()) == (True, {})
    await state.save(KEY, RECORD)
    await state.save(KEY, record(next_poll_at=1660.0))
    await state.save(account(1), RECORD)
    await state.save(account(2), RECORD)
    await state.forget([account(2)])
    await state.close()
    again, log = await Persistence.open(path), Log()
    entries = await again.restore()
    await again.close()
    assert entries.keys() == {KEY, account(1)}
    assert repr(entries[KEY]) == repr(record(next_poll_at=1660.0))
    assert log.lines() == [{"event": "state restored", "level": "info", "accounts": 2, "skipped": 0}]


async def test_skipped_rows_are_counted_in_the_log(path: Path) -> None:
    filled(path, 3)
    execute(path, "UPDATE accounts SET entry = '?' WHERE account = 'account-1'")
    state, log = await Persistence.open(path), Log()
    assert len(await state.restore()) == 2
    await state.close()
    assert log.lines() == [{"event": "state restored", "level": "warning", "accounts": 2, "skipped": 1}]


async def test_a_write_is_on_disk_when_save_returns(path: Path, state: Persistence) -> None:
    await state.save(KEY, RECORD)
    shutil.copy(path, path.with_name("crashed.db"))
    shutil.copy(f"{path}-wal", path.with_name("crashed.db-wal"))
    assert repr(stored(path.with_name("crashed.db"))[KEY]) == repr(RECORD)


async def test_an_unusable_file_is_logged_once_and_does_not_stop_polling(tmp_path: Path) -> None:
    log = Log()
    state = await Persistence.open(tmp_path)
    await state.save(KEY, RECORD)
    await state.forget([KEY])
    assert (state.usable, await state.restore()) == (True, {})
    await state.close()
    error = "state.path: is not a state file and was left unchanged: move it away or change the path"
    assert log.lines() == [{"event": "state unusable", "level": "error", "error": error}]


async def test_a_file_that_could_not_be_opened_is_opened_by_a_later_write(tmp_path: Path) -> None:
    log, clock, path = Log(), FakeClock(), tmp_path / "later" / "state.db"
    state = await Persistence.open(path, clock.clock)
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


async def test_a_file_that_another_process_used_at_the_start_is_opened_when_it_is_free(path: Path) -> None:
    other, clock = StateFile.open(path), FakeClock()
    state = await Persistence.open(path, clock.clock)
    other.close()
    clock.now += REOPEN_WAIT
    await state.save(KEY, RECORD)
    await state.close()
    assert stored(path).keys() == {KEY}


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
    state = await Persistence.open(path, clock.clock)
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
    log, state = Log(), await Persistence.open(path)
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
    copy, state = path.with_name("copy.db"), await Persistence.open(path)
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
    copy, state = path.with_name("copy.db"), await Persistence.open(path)
    filled(copy, 3)
    for number in range(50):
        await state.save(account(number), record(mismatches={"ours" * number * 20: 1}))
    copy.replace(path)
    await state.close()
    assert stored(path).keys() == {account(number) for number in range(3)}
    assert [found.name for found in path.parent.iterdir()] == [path.name]


async def test_a_file_that_became_a_folder_is_opened_when_it_is_a_file_again(path: Path) -> None:
    log, clock = Log(), FakeClock()
    state = await Persistence.open(path, clock.clock)
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


async def test_closing_without_a_file_is_no_recovery(tmp_path: Path) -> None:
    log, state = Log(), await Persistence.open(tmp_path)
    await state.close()
    assert [line["event"] for line in log.lines()] == ["state unusable"]


async def test_without_a_file_nothing_is_saved_and_nothing_is_logged() -> None:
    log, state = Log(), Persistence.disabled()
    await state.save(KEY, RECORD)
    await state.forget([KEY])
    assert (state.usable, await state.restore()) == (False, {})
    await state.close()
    assert log.lines() == []


async def test_after_closing_nothing_is_written_and_nothing_raises(path: Path, state: Persistence) -> None:
    await state.save(KEY, RECORD)
    await state.close()
    await state.save(KEY, record(polls=8))
    await state.forget([KEY])
    await state.close()
    assert (state.usable, await state.restore()) == (False, {})
    assert repr(stored(path)[KEY]) == repr(RECORD)


async def test_a_full_disk_is_logged_once_and_so_is_the_recovery(state: Persistence) -> None:
    log, large = Log(), record(mismatches={"x" * 200_000: 1})
    await in_worker(state, "PRAGMA max_page_count=10")
    await state.save(KEY, large)
    await state.save(KEY, large)
    await in_worker(state, "PRAGMA max_page_count=1000000")
    await state.save(KEY, large)
    await state.save(KEY, RECORD)
    assert log.lines() == [
        {"event": "state write failed", "level": "error", "error": "database or disk is full", "remedy": REMEDY},
        {"event": "state write recovered", "level": "info"},
    ]
    assert repr((await state.restore())[KEY]) == repr(RECORD)


async def test_a_file_that_became_read_only_fails_every_write_and_keeps_its_rows(state: Persistence) -> None:
    await state.save(KEY, RECORD)
    log = Log()
    await in_worker(state, "PRAGMA query_only=1")
    await state.save(KEY, record(polls=8))
    await state.forget([KEY])
    assert log.lines() == [
        {"event": "state write failed", "level": "error", "error": "attempt to write a readonly database", "remedy": REMEDY}
    ]
    assert repr((await state.restore())[KEY]) == repr(RECORD)


async def test_an_entry_that_cannot_be_written_is_a_failed_write_that_does_not_quote_it(state: Persistence) -> None:
    log = Log()
    await state.save(AccountKey("liveavatar", "\ud800"), RECORD)
    assert log.lines() == [{"event": "state write failed", "level": "error", "error": "UnicodeEncodeError", "remedy": REMEDY}]


async def test_a_file_that_became_unreadable_restores_nothing(state: Persistence) -> None:
    await in_worker(state, "DROP TABLE accounts")
    log = Log()
    assert await state.restore() == {}
    assert log.lines() == [{"event": "state unreadable", "level": "error", "error": "no such table: accounts"}]


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
    worker = ThreadPoolExecutor(1)
    file = worker.submit(Gated.open, path).result()
    state = Persistence(path, worker, clock.clock, file=file, write_wait=0.001)
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
    clock, worker = FakeClock(), ThreadPoolExecutor(1)
    file = worker.submit(Gated.open, path).result()
    state = Persistence(path, worker, clock.clock, file=file, write_wait=2 * PATIENCE)
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


async def test_a_failed_write_that_several_callers_wait_for_is_counted_once(gated: tuple[Persistence, Gated]) -> None:
    state, file = gated
    for _ in range(3):
        await state.save(AccountKey("liveavatar", "\ud800"), RECORD)
    file.gate.set()
    await in_worker(state, "SELECT 1")
    await asyncio.sleep(0)
    assert state.writes
    assert state.writes.errors == 1


async def test_every_caller_returns_when_its_write_is_done(path: Path) -> None:
    worker = ThreadPoolExecutor(1)
    file = worker.submit(Gated.open, path).result()
    state = Persistence(path, worker, file=file, write_wait=60)
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


async def test_a_failure_after_save_has_returned_is_logged_too(gated: tuple[Persistence, Gated]) -> None:
    state, file = gated
    log = Log()
    await state.save(AccountKey("liveavatar", "\ud800"), RECORD)
    file.gate.set()
    await in_worker(state, "SELECT 1")
    await asyncio.sleep(0)
    assert [line["event"] for line in log.lines()] == ["state write failed"]


# Secrets


def everything_in(path: Path) -> bytes:
    return b"".join(found.read_bytes() for found in sorted(path.parent.iterdir()))


@pytest.mark.parametrize("provider", [account.provider for account in ACCOUNTS])
async def test_no_key_and_no_text_of_a_vendor_is_written_to_the_file(
    path: Path,
    state: Persistence,
    client: Client,
    simulator: Simulator,
    job: Callable[..., Job],
    provider: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API_KEY", CANARY)
    polled = job(provider)
    reading = await client.poll(polled)
    await state.save(polled.key, record(reading=reading, error=None))
    simulator.set_response(secret_of(provider), status=401, body={"code": CANARY, "message": CANARY, "detail": {"status": CANARY}})
    with pytest.raises(PollError) as caught:
        await client.poll(polled)
    await state.save(account(1), record(reading=reading, error=Failure.of(caught.value)))
    assert str(caught.value).encode() in everything_in(path)
    assert CANARY.encode() not in everything_in(path)


async def test_the_search_would_find_a_key_in_the_file(path: Path, state: Persistence) -> None:
    await state.save(KEY, record(mismatches={CANARY: 1}))
    assert CANARY.encode() in everything_in(path)
