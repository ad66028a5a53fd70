"""YAML text to plain data. A key that occurs twice is refused, since the second would silently replace the first."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.composer import Composer

from exporter.errors import ConfigError, Problem
from exporter.validation.fields import dotted
from exporter.validation.files import read_file
from exporter.validation.plain_yaml import MAX_DIGITS, NUMBERS, OTHER_BASE, PLAIN_INT, NotPlainError, is_read_alike, read_plain
from exporter.validation.yaml_errors import RefusedError, message_of

MAX_DOCUMENT: Final = 2 * 1024 * 1024
"""Bytes. PyYAML takes 150 MB of memory for a megabyte."""
MAX_VALUES: Final = 500_000
"""With aliases (`*`) counted as what they repeat: aliases of aliases, and merges (`<<`) of merges, grow exponentially."""
MAX_PLACES: Final = 200_000
"""How many places of an invalid file have a line: aliases of aliases grow exponentially."""
_SHOWN = re.compile(r"[a-z][a-z_]{0,24}")
_LAST_PART = re.compile(r"(?:^|\.|\[)[^.\[]*$")
_TAG = "tag:yaml.org,2002:"
_MERGE, _INT, _BOOL = f"{_TAG}merge", f"{_TAG}int", f"{_TAG}bool"
_EQUAL_TO_NUMBERS = {_BOOL, f"{_TAG}float"}
"""In Python, `True` and `1.0` are the same key as `1`."""


def write_document(data: Any) -> str:
    """Write plain data as YAML, in its own order."""
    writer = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(data, Dumper=writer, sort_keys=False, allow_unicode=True, width=120))


class _Limits(yaml.constructor.SafeConstructor):
    """Adds the place of values that PyYAML fails on, and a limit for what takes it long."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 -- as in PyYAML
        if node.tag == _INT and len(node.value) > MAX_DIGITS:
            raise _refusal(f"a number has more than {MAX_DIGITS} digits: put it in quotes if it is text", node.start_mark)
        if node.tag in NUMBERS and OTHER_BASE.fullmatch(node.value):
            raise _refusal(
                "YAML reads this as a number to the base 8 or 60: write it without 0 in front and without :, or put it in quotes",
                node.start_mark,
            )
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError):
            raise _refusal("a value cannot be read as the type that it is written as: put it in quotes", node.start_mark) from None


class _Loader(_Limits, yaml.SafeLoader):
    """The loader whose errors are shown."""


class _FastLoader(_Limits, Composer, yaml.CSafeLoader):
    """Reads with libyaml, five times as fast. PyYAML's own composer ends deep nesting with an error, and libyaml's with a crash."""

    def __init__(self, text: str) -> None:
        yaml.CSafeLoader.__init__(self, text)
        Composer.__init__(self)


@dataclass(frozen=True)
class Document:
    """The data of a YAML file, and where its parts are written."""

    path: Path
    data: Any
    _text: str = field(default="", repr=False)

    def problem(self, place: str, message: str, account: str = "") -> Problem:
        """Return a problem of a place, such as `accounts[2].interval`, with the line of the closest part that is written."""
        line, part = self._lines.get(place), place
        while line is None and part:
            part = _LAST_PART.sub("", part)
            line = self._lines.get(part)
        return Problem(place, message, f"{self.path}:{line}" if line else str(self.path), account)

    @cached_property
    def _lines(self) -> Mapping[str, int | None]:
        """The lines by place; None for places that cannot be distinguished. The text is read again: most files have no problem."""
        found: dict[str, int | None] = {}
        for place, line in itertools.islice(_lines_below(_composed(self._text), (), ()), MAX_PLACES):
            found[place] = line if found.setdefault(place, line) == line else None
        return found


def read_document(path: Path) -> Any:
    """Return the data of one YAML file. Raises ConfigError, as `load_document`."""
    return load_document(path).data


def load_document(path: Path, *, pipes: bool = False) -> Document:
    """Read one YAML file; `pipes` is that of `read_file`.

    Raises:
        ConfigError: it cannot be read or is not YAML; the problem names the file, the line and the column, never the line's text.
    """
    try:
        text = read_file(path, MAX_DOCUMENT, pipes=pipes).decode()
        return Document(path, _parse(text), text)
    except FileNotFoundError:
        raise ConfigError([Problem("", "no such file", str(path))]) from None
    except OSError as error:
        raise ConfigError([Problem("", f"cannot be read: {error.strerror}", str(path))]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem("", "is not UTF-8 text: save it in this encoding", str(path))]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ConfigError([Problem("", f"is not valid YAML: {message_of(error)}", place)]) from None
    except RecursionError:
        raise ConfigError([Problem("", "is nested too deeply", str(path))]) from None


def _parse(text: str) -> Any:
    with suppress(NotPlainError):
        return read_plain(text)
    if is_read_alike(text):
        with suppress(yaml.YAMLError):
            return _load(_FastLoader(text))
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        mark = yaml.Mark("", 0, before.count("\n"), error.position - before.rfind("\n") - 1, None, 0)
        raise _refusal("contains a character that YAML does not allow: remove the control character", mark) from None
    try:
        return _load(loader)
    except yaml.reader.ReaderError:
        raise _refusal("contains a character that YAML does not allow: remove the control character", loader.get_mark()) from None


def _load(loader: _Loader | _FastLoader) -> Any:
    try:
        node = loader.get_single_node()
        _check_keys(node, {})
        return loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()


def _composed(text: str) -> yaml.Node | None:
    """Return the nodes of a text that was read before."""
    if is_read_alike(text):
        with suppress(yaml.YAMLError):
            return yaml.compose(text, _FastLoader)
    return yaml.compose(text, _Loader)


def _lines_below(node: yaml.Node | None, place: tuple[str | int, ...], above: tuple[yaml.Node | None, ...]) -> Iterator[tuple[str, int]]:
    """Yield the places below a node with their lines, counted from 1. What an alias (`*`) refers to has the lines of its anchor."""
    if any(node is each for each in above):
        return
    parts: list[tuple[str | int, yaml.Node, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        parts = [(str(key.value), key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
    elif isinstance(node, yaml.SequenceNode):
        parts = [(index, value, value) for index, value in enumerate(node.value)]
    for name, mark, value in parts:
        yield dotted((*place, name)), mark.start_mark.line + 1
        yield from _lines_below(value, (*place, name), (*above, node))


def _check_keys(node: yaml.Node | None, sizes: dict[int, int]) -> int:
    """Refuse keys that occur twice as they are written, before merges (`<<`) are applied, and keep `007` and `on` as text.

    Returns the number of values in a node. `sizes` contains that of the nodes that were checked; an alias repeats one of them.
    """
    if node is None or id(node) in sizes:
        return 0 if node is None else sizes[id(node)]
    sizes[id(node)] = size = 1
    if isinstance(node, yaml.SequenceNode):
        size += sum(_check_keys(item, sizes) for item in node.value)
    elif isinstance(node, yaml.MappingNode):
        keys = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in keys:
                    shown = f"the key {key.value!r}" if _SHOWN.fullmatch(key.value) else "a key"
                    raise _refusal(f"{shown} occurs twice: remove one of them", key.start_mark)
                keys.add(key.value)
            size += _check_keys(key, sizes) + _check_keys(value, sizes)
        node.value = [(_as_written(key), value) for key, value in node.value]
        tags = {key.tag: key for key, _ in node.value}
        if _INT in tags and (others := _EQUAL_TO_NUMBERS & tags.keys()):
            raise _refusal("a key is not text: put it in quotes", tags[others.pop()].start_mark)
    if size > MAX_VALUES:
        raise _refusal(f"the file contains more than {MAX_VALUES} values, with what aliases (`*`) repeat: repeat less", node.start_mark)
    sizes[id(node)] = size
    return size


def _as_written(key: yaml.Node) -> yaml.Node:
    """Return a key as text whose number is written in another form than decimal, such as `007` or `0x1F`, or that is a word such as `on`."""
    is_scalar = isinstance(key, yaml.ScalarNode)
    is_other_form = is_scalar and key.tag == _INT and not PLAIN_INT.fullmatch(key.value)
    is_word = is_scalar and key.tag == _BOOL and key.value.lower() not in {"true", "false"}  # YAML 1.2 has only these two
    return yaml.ScalarNode(f"{_TAG}str", key.value, key.start_mark, key.end_mark) if is_other_form or is_word else key


def _refusal(problem: str, mark: yaml.Mark | None) -> RefusedError:
    return RefusedError(None, None, problem, mark)
