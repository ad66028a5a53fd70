"""YAML text to plain data. A key that occurs twice is refused, since the second would silently replace the first."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from exporter.errors import ConfigError, Problem
from exporter.validation.files import read_file

_QUOTED = re.compile(r"""'(?!<|\\.')[^']{2,}'|"(?!<)[^"]{2,}\"""")
_SHOWN = re.compile(r"[a-z][a-z_]{0,24}")
_MERGE = "tag:yaml.org,2002:merge"


class _RefusedError(yaml.MarkedYAMLError):
    """An error whose message contains no part of the file that could be a secret."""


class _Loader(yaml.SafeLoader):
    """SafeLoader, with the place of values that PyYAML fails on."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 -- as in PyYAML
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError):
            raise _refusal("a value cannot be read as the type that it is written as", node.start_mark) from None


def read_document(path: Path, *, pipes: bool = False) -> Any:
    """Read one YAML file; `pipes` is that of `read_file`.

    Raises:
        ConfigError: it cannot be read or is not YAML; the problem names the file, the line and the column, never the line's text.
    """
    try:
        return _parse(read_file(path, pipes=pipes).decode())
    except FileNotFoundError:
        raise ConfigError([Problem(str(path), "no such file")]) from None
    except OSError as error:
        raise ConfigError([Problem(str(path), f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem(str(path), "is not UTF-8 text")]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ConfigError([Problem(place, f"is not valid YAML: {_message(error)}")]) from None
    except RecursionError:
        raise ConfigError([Problem(str(path), "is nested too deeply")]) from None


def _parse(text: str) -> Any:
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        mark = yaml.Mark("", 0, before.count("\n"), error.position - before.rfind("\n") - 1, None, 0)
        raise _refusal("contains a character that YAML does not allow", mark) from None
    try:
        node = loader.get_single_node()
        _refuse_duplicates(node, set())
        return loader.construct_document(node) if node is not None else None
    except yaml.reader.ReaderError:
        raise _refusal("contains a character that YAML does not allow", loader.get_mark()) from None
    finally:
        loader.dispose()


def _refuse_duplicates(node: yaml.Node | None, seen: set[int]) -> None:
    """Check the keys as they are written, before merges (`<<`) are applied."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(item, seen)
    elif isinstance(node, yaml.MappingNode):
        keys = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in keys:
                    shown = f"the key {key.value!r}" if _SHOWN.fullmatch(key.value) else "a key"
                    raise _refusal(f"{shown} occurs twice", key.start_mark)
                keys.add(key.value)
            _refuse_duplicates(key, seen)
            _refuse_duplicates(value, seen)


def _refusal(problem: str, mark: yaml.Mark | None) -> _RefusedError:
    return _RefusedError(None, None, problem, mark)


def _message(error: yaml.MarkedYAMLError) -> str:
    """Return PyYAML's message without text of the file, which it puts in quotes: it may be a secret."""
    return str(error.problem) if isinstance(error, _RefusedError) else _QUOTED.sub("...", str(error.problem))
