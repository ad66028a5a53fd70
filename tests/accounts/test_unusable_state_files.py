"""A file that is damaged, or not a state file, is refused and not changed."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from exporter.accounts.state_file import MIGRATIONS, StateError
from tests.accounts.state import execute, filled, refusal, stored


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


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", "is not a state file and was left unchanged: move it away or change the path"),
        ("missing/state.db", "the folder does not exist: create it, or change the path"),
        ("a\0b", r"cannot be used \(.*embedded null.*\): fix that, or change the path"),
        pytest.param(
            "/proc/self/state.db",
            r"cannot be used \(.+\): fix that, or change the path",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that takes no files even from root"),
        ),
    ],
)
def test_a_path_that_cannot_be_a_file_is_refused_with_the_reason(tmp_path: Path, name: str, message: str) -> None:
    assert re.fullmatch(f"state.path: {message}", refusal(tmp_path / name))


def test_a_file_of_a_newer_version_is_refused_and_keeps_its_rows(path: Path) -> None:
    filled(path, 1)
    execute(path, f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    assert refusal(path) == "state.path: was written by a newer version of this program: install that, or move the file away"
    assert execute(path, "SELECT account FROM accounts") == [("account-0",)]
