"""YAML to data: what is read, and what is refused although it is YAML."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.validation import document
from exporter.validation.document import read_document
from tests.config.support import write
from tests.validation.support import refusal


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: 1\nb: [x, 'y']\n", {"a": 1, "b": ["x", "y"]}),
        ("", None),
        ("# nothing\n", None),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("\ufeffa: é🎬\n", {"a": "é🎬"}),
        ("---\na: 1\n...\n", {"a": 1}),
        ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
        ("a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}\n", {"a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 3}}),
        ("a: &x {k: 1}\nb: &y {<<: *x, k: 2}\nc: {<<: *y}\n", {"a": {"k": 1}, "b": {"k": 2}, "c": {"k": 2}}),
        ("deep:\n  deeper:\n    b: &y {<<: {k: 1}, k: 2}\nc: {<<: *y}\n", {"deep": {"deeper": {"b": {"k": 2}}}, "c": {"k": 2}}),
    ],
)
def test_valid_yaml_is_read(tmp_path: Path, text: str, data: Any) -> None:
    assert read_document(write(tmp_path, text)) == data


@pytest.mark.parametrize("key", ["007", "0x1F", "1_000", "+5", "017", "0b11", "1:30", "-0", "00", "-007", "1e3", "0o17"])
def test_a_key_that_is_another_form_of_a_number_stays_as_it_is_written(tmp_path: Path, key: str) -> None:
    assert read_document(write(tmp_path, f"{key}: a\nx: [{{{key}: b}}]\n")) == {key: "a", "x": [{key: "b"}]}


OTHER_BASE = "YAML reads this as a number to the base 8 or 60: write it without 0 in front and without :, or put it in quotes"


TOO_MANY = "the file contains more than 500000 values, with what aliases (`*`) repeat: repeat less"


ALIASES = "x0: &x0 [a, b, c, d]\n" + "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 60))


REPEATED = "a: &x [" + "b, " * 1_000 + "]\nc: [" + "*x, " * 1_000 + "]\n"


MERGES = "m0: &m0 {k: 1, l: 2}\n" + "".join(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        (MERGES, r"[0-9]+:[0-9]+", TOO_MANY),
        (ALIASES, "[0-9]+:[0-9]+", TOO_MANY),
        (REPEATED, "2:4", TOO_MANY),
        (f"a: [0x{'f' * 2000}]\n", "1:5", "a number has more than 1000 digits: put it in quotes if it is text"),
        ("usd: 0500", "1:6", OTHER_BASE),
        ("[-010]", "1:2", OTHER_BASE),
        ("a: &x {b: 1:30}", "1:11", OTHER_BASE),
        ("a: 1_0:30.5", "1:4", OTHER_BASE),
        ("1:30.5: a", "1:1", OTHER_BASE),
        ("a: 1" + ":59" * 100_000, "1:4", "a number has more than 1000 digits: put it in quotes if it is text"),
        ("a: &x 1\nb: &x 2\n", "2:4", "an anchor (`&`) occurs twice: give each a name of its own"),
    ],
    ids=[
        "merges",
        "aliases of aliases",
        "aliases of a long list",
        "base 8",
        "base 8 below 0",
        "base 60 beside an anchor",
        "base 60 with a fraction",
        "base 60 as a key",
        "hexadecimal",
        "base 60",
        "anchors",
    ],
)
def test_what_would_take_long_or_is_ambiguous_is_refused(tmp_path: Path, text: str, place: str, problem: str) -> None:
    path = write(tmp_path, text)
    assert re.fullmatch(f"{re.escape(str(path))}:{place}: is not valid YAML: {re.escape(problem)}", refusal(path))


def test_a_document_of_more_than_two_mebibytes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "#" * (2 * 1024 * 1024) + "\n")
    assert refusal(path) == f"{path}: cannot be read: larger than 2097152 bytes"


@pytest.mark.parametrize("key", ["on", "off", "yes", "no", "On", "NO"])
def test_a_word_that_yaml_once_took_for_a_boolean_is_text_as_a_key(tmp_path: Path, key: str) -> None:
    assert read_document(write(tmp_path, f"1: a\n{key}: b\n")) == {1: "a", key: "b"}


@pytest.mark.parametrize("key", ["true", "False", "1.0"])
def test_a_key_that_python_takes_for_the_same_number_is_refused(tmp_path: Path, key: str) -> None:
    problem = refusal(write(tmp_path, f"1: a\n{key}: b\n"))
    assert problem == f"{tmp_path}/config.yaml:2:1: is not valid YAML: a key is not text: put it in quotes"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1),
        ("a: 1\n'a': 3\n", 2, 1),
        ("list:\n  - {k: 1, l: 2, k: 3}\n", 2, 18),
        ("x:\n  y:\n    k: 1\n    k: 1\n", 4, 5),
        ("base: &b {k: 1}\nx: {<<: *b, l: 1, l: 2}\n", 2, 19),
    ],
)
def test_a_duplicate_key_is_refused_at_any_level(tmp_path: Path, text: str, line: int, column: int) -> None:
    path = write(tmp_path, text)
    assert re.fullmatch(
        re.escape(f"{path}:{line}:{column}: is not valid YAML: the key ") + "'[akl]' occurs twice: remove one of them", refusal(path)
    )


def test_a_missing_file_is_reported_with_its_path(tmp_path: Path) -> None:
    assert refusal(tmp_path / "config.yaml") == f"{tmp_path}/config.yaml: no such file"


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"


@pytest.mark.parametrize("content", [b"key: \xff", "key: x".encode("utf-16"), "key: é".encode("latin-1")])
def test_encodings_other_than_utf_8_are_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(write(tmp_path, content)) == f"{tmp_path}/config.yaml: is not UTF-8 text: save it in this encoding"


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 5000, "- " * 5000, "\n".join(" " * depth + "a:" for depth in range(2000))])
def test_deep_nesting_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(write(tmp_path, text)) == f"{tmp_path}/config.yaml: is nested too deeply"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("document")


TOKENS = [
    "a",
    "b: ",
    "\n",
    "\n  ",
    "- ",
    "? ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&x ",
    "*x",
    "<<: ",
    "!x ",
    "#",
    "|",
    ">",
    "'",
    '"',
    "\\",
    "%",
    "---",
    "\t",
    "1:9",
    "=",
    "~",
]


@example("&x [*x]")
@example("&x {<<: *x}")
@example("&x {? *x : 1}")
@given(st.text() | st.binary() | st.lists(st.sampled_from(TOKENS), max_size=20).map("".join))
def test_any_bytes_are_read_or_refused(scratch: Path, content: str | bytes) -> None:
    path = write(scratch, content)
    try:
        read_document(path)
    except ConfigError as error:
        assert [problem.position.startswith(str(path)) for problem in error.problems] == [True]  # noqa: PT017 -- most texts do not raise, some do


@example("a: !")
@example("! 5")
@example("a\t")
@example("[!, 1]")
@given(st.text() | st.lists(st.sampled_from(TOKENS), max_size=20).map("".join))
def test_a_document_is_read_as_without_libyaml(scratch: Path, text: str) -> None:
    try:
        expected = document._load(document._Loader(text))
    except (yaml.YAMLError, RecursionError):
        return
    assert repr(read_document(write(scratch, text))) == repr(expected)


def calls_of(read: Callable[[], object]) -> int:
    """The number of calls of Python functions: unlike a time, it is always the same."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        read()
    finally:
        sys.setprofile(None)
    return count


def test_a_large_document_is_read_by_libyaml(tmp_path: Path) -> None:
    text = "\n".join(f"- {{name: a{number}, provider: heygen, labels: {{team: video}}}}" for number in range(500))
    path = write(tmp_path, text)
    assert calls_of(lambda: read_document(path)) * 15 < calls_of(lambda: yaml.safe_load(text))
