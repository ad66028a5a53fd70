"""The state file: what one process writes, another one reads, also after a crash and with another schema."""

from __future__ import annotations

import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from exporter.accounts.state_file import APPLICATION_ID, MIGRATIONS, StateError, StateFile
from tests.accounts.state import execute, filled, refusal, stored
from tests.accounts.support import KEY, RECORD, account, record


def test_the_last_save_of_an_account_is_kept(path: Path, file: StateFile) -> None:
    file.save(KEY, RECORD)
    file.save(KEY, record(polls=8, begun_at=None, next_poll_at=None, error=None))
    assert repr(file.load()[KEY]) == repr(record(polls=8, begun_at=None, next_poll_at=None, error=None))


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


NEXT_MIGRATION = ("ALTER TABLE accounts ADD COLUMN note TEXT DEFAULT 'new'",)


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
