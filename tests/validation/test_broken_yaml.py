"""YAML with a mistake: the problem is in plain words, with its position and without text of the file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.config.support import CANARY, write
from tests.validation.support import refusal

IN_BRACES = "inside braces and brackets, a value that contains [, ], {, } or a comma needs quotes"
BELONGS = "this line does not belong to the lines above it: check its indentation; or a bracket closes nothing"


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


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{select: a[0].b, scale: 0.01}", IN_BRACES),
        ("{select: a || b[?c], x: 1}", IN_BRACES),
        ("{path: /a/{b}, c: 1}", IN_BRACES),
        ("{path: {b}/c}", IN_BRACES),
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
