"""YAML to data: what cannot be read is reported with its position and never with its text."""

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
from tests.config.support import CANARY, write

IN_BRACES = "inside braces and brackets, a value that contains [, ], {, } or a comma needs quotes"
BELONGS = "this line does not belong to the lines above it: check its indentation; or a bracket closes nothing"


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_document(path)
    [problem] = caught.value.problems
    return str(problem)


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


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "a: {b: c #1}\nd: e\n",
            "the { of line 1 is not closed: add the } that is missing; a # after a space starts a comment: put a value that contains it in quotes",
        ),
        (
            "a: [b, c #1]\n",
            "the [ of line 1 is not closed: add the ] that is missing; a # after a space starts a comment: put a value that contains it in quotes",
        ),
        (
            "a:\u00a0b\nc: d\n",
            "a key is not allowed here: check the indentation of the line; a value that contains a colon and a space needs quotes; line 1 contains a space that is not a plain one: replace it",
        ),
        (
            "a: b\n\u200bc\nd: e\n",
            "expected `key: value`: add the colon and a space, or check the indentation of the line; line 2 contains a space that is not a plain one: replace it",
        ),
        (
            "a: {b: \u201cc, d\u201d: [}\n",
            "a value is missing here: write it, or close what is open; inside braces and brackets, a value that contains [, ], {, } or a comma needs quotes; line 1 contains a quotation mark that YAML does not accept: use \" or '",
        ),
        ("a: {b: c", "the { of line 1 is not closed: add the } that is missing"),
        ("a:\n  b: {c: d\n  e: f\n", "the { of line 2 is not closed: add the } that is missing"),
        ("a: [b,\n  c\nd: e\n", "the [ of line 1 is not closed: add the ] that is missing"),
        ("a: 1\nb: 'c\nd: e\n", "the quotation mark of line 2 is not closed: add the one that is missing"),
        ('a: 1\nb: "c\n---\nd: e\n', "the quotation mark of line 2 is not closed: add the one that is missing"),
        ("a: [b, c: d: e", f"expected a comma or ] here; {IN_BRACES}"),
        ("a: [\n", f"a value is missing here: write it, or close what is open; {IN_BRACES}"),
        ("\ta: 1", "a tab is not allowed here: use spaces"),
        ("a: 1\n\tb: 2", "a tab is not allowed here: use spaces"),
        ("a: 1\nb\nc: 3\n", "expected `key: value`: add the colon and a space, or check the indentation of the line"),
        ("a:\n  b: 1\n c: 2\n", BELONGS),
        ("- a\nb: 1\n", BELONGS),
        ("a: 1\n- b\n", BELONGS),
        ("a: - b\n", "an entry is not allowed here: start it on a line of its own, indented like the others"),
        (
            "a: 1\n  b: 2\n",
            "a key is not allowed here: check the indentation of the line; a value that contains a colon and a space needs quotes",
        ),
        ('a: "\\s"\n', "inside double quotes, \\ starts an escape that does not exist here; use single quotes, or write \\\\"),
        ('a: "\\xzz"\n', "inside double quotes, \\ starts an escape that does not exist here; use single quotes, or write \\\\"),
        ("a: 1\n---\nb: 2\n", "a second document starts here: keep one, and remove the line `---`"),
        ("a: {b: 1}}\n", BELONGS),
        ("? [a]\n: b\n", "a key is a list or a block: expected text; put braces that belong to the text in quotes"),
        ("a: {<<: 5}\n", "<< adds the keys of another block: expected a block, or a list of blocks"),
        ("%a: 1\n", "a value that starts with % needs quotes"),
        (f"a: !{CANARY} 1", "! starts a tag, which is not supported; a value that starts with ! needs quotes"),
        (
            f"a: *{CANARY.replace('/', '')}",
            "* names an anchor (`&`) that is not above it: write the anchor first; a value that starts with * or & needs quotes",
        ),
    ],
)
def test_a_syntax_error_is_reported_in_plain_words_and_without_text_of_the_file(tmp_path: Path, text: str, problem: str) -> None:
    assert refusal(write(tmp_path, text)).endswith(f"is not valid YAML: {problem}")


def test_a_document_of_more_than_two_mebibytes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "#" * (2 * 1024 * 1024) + "\n")
    assert refusal(path) == f"{path}: cannot be read: larger than 2097152 bytes"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{select: a[0].b, scale: 0.01}", "inside braces and brackets, a value that contains [, ], {, } or a comma needs quotes"),
        ("{select: a || b[?c], x: 1}", "inside braces and brackets, a value that contains [, ], {, } or a comma needs quotes"),
        ("{path: /a/{b}, c: 1}", "inside braces and brackets, a value that contains [, ], {, } or a comma needs quotes"),
        ("{path: {b}/c}", "inside braces and brackets, a value that contains [, ], {, } or a comma needs quotes"),
        ("each: @", "a value that starts with this character needs quotes"),
        ("each: `3`", "a value that starts with this character needs quotes"),
        ("expect: !errors", "a value that starts with ! needs quotes"),
        ("each: *.left", "a value that starts with * or & needs quotes"),
        ("expect: | a", "a value that starts with | or > needs quotes"),
        ("each: [a, b][?@]", "a value that continues after a quote or a bracket needs quotes around all of it"),
        ('used: "a".b', "a value that continues after a quote or a bracket needs quotes around all of it"),
        ("path: {team}/costs", "a value that continues after a quote or a bracket needs quotes around all of it"),
        ("title: Acme: the vendor", "a value that contains a colon and a space needs quotes"),
    ],
)
def test_a_value_that_needs_quotes_is_reported_with_that(tmp_path: Path, text: str, hint: str) -> None:
    assert refusal(write(tmp_path, text)).endswith(f"; {hint}")


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


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        (f"key: {CANARY}: x", "2:20"),
        (f"\tkey: {CANARY}", "2:1"),
        (f"key: @{CANARY}", "2:6"),
        (f"key: 'x' {CANARY}", "2:10"),
        (f'key: "{CANARY}\\q"', "2:22"),
        (f"key: [{CANARY}", "3:5"),
        (f"? [{CANARY}]\n: x", "2:3"),
        (f"key: <<{CANARY}\n--- \n{CANARY}: x", "3:1"),
        (f"key: !!python/object/apply:os.system [{CANARY}]", "2:6"),
        (f"key: !{CANARY}", "2:6"),
        (f"key: !{CANARY}!x y", "2:6"),
        (f"key: *{CANARY}", "2:6"),
        (f"key: {CANARY}\x1b", r"2:\d+"),
        (f"key: {CANARY}\x00", r"2:\d+"),
        (f"key: [{CANARY}, 2001-99-99]", r"2:\d+"),
        (f"key: [{CANARY}, {'1' * 5000}]", r"2:\d+"),
        (f"key: !!int {CANARY}", r"2:\d+"),
        (f"key: !!bool {CANARY}", r"2:\d+"),
        (f"key: !!timestamp {CANARY}", r"2:\d+"),
        (f"key: [{CANARY}, !!float '']", r"2:\d+"),
    ],
    ids=lambda text: text[:30],
)
def test_invalid_yaml_is_reported_with_line_and_column_and_without_its_text(tmp_path: Path, broken: str, place: str) -> None:
    path = write(tmp_path, f"first: a\n{broken}\nlast: b\n")
    message = refusal(path)
    assert re.match(f"{re.escape(str(path))}:{place}: is not valid YAML: .", message), message
    assert "canary" not in message


@pytest.mark.parametrize("broken", ["2001-99-99", "1" * 5000, "!!int x", "\x1b", "\x00"])
def test_an_impossible_value_is_reported_without_its_text(tmp_path: Path, broken: str) -> None:
    path = write(tmp_path, f"secret: {CANARY}\nkey: [{broken}, {CANARY}]\n")
    message = refusal(path)
    assert message.startswith(str(path))
    assert "is not valid YAML: " in message
    assert "canary" not in message
    assert broken not in message


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
