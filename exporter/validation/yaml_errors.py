"""What is wrong in a YAML file, in words of our own. PyYAML's messages quote the file, which may contain a secret."""

from __future__ import annotations

import re
from typing import Final

import yaml

from exporter.validation.fields import strange_character

_IN_BRACES: Final = "inside braces and brackets, a value that contains [, ], {, } or a comma needs quotes"
_TAG: Final = "! starts a tag, which is not supported; a value that starts with ! needs quotes"
_ESCAPE: Final = "inside double quotes, \\ starts an escape that does not exist here; use single quotes, or write \\\\"
_COMMENT: Final = "; a # after a space starts a comment: put a value that contains it in quotes"
_UNCLOSED: Final = "is not closed: add the {} that is missing"

_WORDS: Final[tuple[tuple[str, str], ...]] = (
    (r"second occurrence", "an anchor (`&`) occurs twice: give each a name of its own"),
    (r"expected ',' or '(?P<close>[]}])'", f"expected a comma or {{close}} here; {_IN_BRACES}"),
    (r"expected the node content", f"a value is missing here: write it, or close what is open; {_IN_BRACES}"),
    (r"found character '\\t'", "a tab is not allowed here: use spaces"),
    (r"found character", "this character has a meaning in YAML; a value that starts with this character needs quotes"),
    (r"could not determine a constructor for the tag|found undefined tag handle|expected '!'|expected URI", _TAG),
    (r"expected alphabetic or numeric character", "* and & start a name of letters and digits; a value that starts with * or & needs quotes"),
    (
        r"found undefined alias",
        "* names an anchor (`&`) that is not above it: write the anchor first; a value that starts with * or & needs quotes",
    ),
    (
        r"expected (?:chomping or indentation|indentation indicator|a comment or a line break)",
        "| and > start text on the next lines; a value that starts with | or > needs quotes",
    ),
    (
        r"expected <block end>, but found '(?:\[|<scalar>|\{)'",
        "a value ends before this text; a value that continues after a quote or a bracket needs quotes around all of it",
    ),
    (r"expected <block end>", "this line does not belong to the lines above it: check its indentation; or a bracket closes nothing"),
    (
        r"mapping values are not allowed",
        "a key is not allowed here: check the indentation of the line; a value that contains a colon and a space needs quotes",
    ),
    (r"(?:sequence entries|mapping keys) are not allowed", "an entry is not allowed here: start it on a line of its own, indented like the others"),
    (r"could not find expected ':'", "expected `key: value`: add the colon and a space, or check the indentation of the line"),
    (r"found unknown escape|expected escape sequence|expected URI escape", _ESCAPE),
    (r"found unhashable key|acceptable key", "a key is a list or a block: expected text; put braces that belong to the text in quotes"),
    (r"but found another document", "a second document starts here: keep one, and remove the line `---`"),
    (r"expected '<document start>'", "this line does not continue the lines above it: check its indentation; or a bracket or a quotation mark closes too early"),
    (r"found duplicate YAML directive|found incompatible YAML|duplicate tag handle", "a value that starts with % needs quotes"),
    (r"expected a mapping .*for merging|expected a mapping for merging", "<< adds the keys of another block: expected a block, or a list of blocks"),
    (r"found unconstructable recursive node", "an anchor (`&`) contains itself: remove the * inside it"),
)  # fmt: skip
"""By what PyYAML's message begins with or contains; the first that matches."""
_OTHER: Final = "it cannot be read from here on: check the indentation, and put values with special characters in quotes"


class RefusedError(yaml.MarkedYAMLError):
    """An error of our own, whose message contains no part of the file that could be a secret."""


def message_of(error: yaml.MarkedYAMLError) -> str:
    """Return what is wrong and how to correct it, without any text of the file."""
    if isinstance(error, RefusedError):
        return str(error.problem)
    return _message(error, str(error.problem)) + _strange_character(error.problem_mark)


def _message(error: yaml.MarkedYAMLError, problem: str) -> str:
    if "directive" in str(error.context):
        return "a value that starts with % needs quotes"
    if opened := _unclosed(error, problem):
        return opened
    for pattern, words in _WORDS:
        if found := re.match(pattern, problem):
            return words.replace("{close}", found.groupdict().get("close", ""))
    return _OTHER


def _unclosed(error: yaml.MarkedYAMLError, problem: str) -> str | None:
    """Return which brace or quotation mark is not closed, if a later line shows that."""
    found, start, at = re.match(r"expected ',' or '([]}])'", problem), error.context_mark, error.problem_mark
    if start is None or at is None:
        return None
    if found and (start.line != at.line or "<stream end>" in problem):
        hint = _COMMENT if re.search(r"\s#", _text(start, at)) else ""
        return f"the {'[' if found[1] == ']' else '{'} of line {start.line + 1} {_UNCLOSED.format(found[1])}{hint}"
    if re.match("found unexpected (?:end of stream|document separator)", problem):
        return f"the quotation mark of line {start.line + 1} {_UNCLOSED.format('one')}"
    return None


def _text(start: yaml.Mark, end: yaml.Mark) -> str:
    """Return what is between two places of the text."""
    return (start.buffer or "")[start.pointer : end.pointer]


def _strange_character(mark: yaml.Mark | None) -> str:
    """Report a character that only looks like one of YAML's, in the line of the error or the one above; empty if there is none."""
    lines = (mark.buffer or "").split("\n") if mark else []
    for number in (mark.line, mark.line + 1) if mark else ():  # counted from 1: the line above comes first
        if 0 < number <= len(lines) and (strange := strange_character(lines[number - 1])):
            return f"; line {number} contains {strange}"
    return ""
