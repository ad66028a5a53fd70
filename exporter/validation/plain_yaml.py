"""Reads plain YAML three times as fast as through nodes, and with a tenth of the memory. What is not plain is left to PyYAML's own reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

MAX_DEPTH: Final = 50
"""Deeper nesting is not plain. libyaml does not bound it."""
MAX_DIGITS: Final = 1000
"""A longer number is not plain: Python takes long to read it."""
PLAIN_INT: Final = re.compile(r"0|-?[1-9][0-9]*")
"""An integer as a key. Other forms, such as `007`, stay text."""
_STR: Final = "tag:yaml.org,2002:str"
_INT: Final = "tag:yaml.org,2002:int"
NUMBERS: Final = frozenset({_INT, "tag:yaml.org,2002:float"})
OTHER_BASE: Final = re.compile(r"[-+]?0[0-9_]+|.*:.*")
"""Numbers to the base 8 or 60 in YAML 1.1, such as `0500` and `1:30`. Nobody means 320 and 90."""
_READ_OTHERWISE: Final = re.compile(r"\t|!(?=[\s,\]}]|$)")
"""Tabs, and `!` without a name: libyaml accepts more of the former, and reads the value after the latter as text."""


class NotPlainError(Exception):
    """The text has to be read another way, which also finds what is wrong with it."""


def is_read_alike(text: str) -> bool:
    """Whether libyaml reads a valid text as PyYAML does."""
    return not _READ_OTHERWISE.search(text)


def read_plain(text: str) -> Any:
    """Return the data of a document without anchors, tags and merges, whose keys are words or decimal numbers and occur once.

    Raises:
        NotPlainError: it is another document, or none.
    """
    if not is_read_alike(text):
        raise NotPlainError
    parser = yaml.CSafeLoader(text)
    try:
        return _Reader(parser.get_event).document()
    except yaml.YAMLError:
        raise NotPlainError from None
    finally:
        parser.dispose()


class _Reader:
    """Builds data from the events of libyaml."""

    def __init__(self, event: Callable[[], Any]) -> None:
        self._event = event
        self._resolve: Callable[[type[yaml.Node], str, tuple[bool, bool]], str] = Resolver().resolve
        self._construct: Callable[[yaml.Node], Any] = SafeConstructor().construct_object
        self._scalars: dict[str, Any] = {}
        """Values by their text, as far as they were written without quotes."""

    def document(self) -> Any:
        """Return the data of the only document; None if there is none."""
        self._event()
        start = self._event()
        if isinstance(start, yaml.StreamEndEvent):
            return None
        if start.version or start.tags:
            raise NotPlainError
        data = self._value(self._event(), 0)
        self._event()
        if not isinstance(self._event(), yaml.StreamEndEvent):
            raise NotPlainError
        return data

    def _value(self, event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is yaml.AliasEvent or event.anchor is not None or event.tag is not None or depth > MAX_DEPTH:
            raise NotPlainError
        if kind is yaml.MappingStartEvent:
            return self._mapping(depth + 1)
        if kind is yaml.SequenceStartEvent:
            return self._sequence(depth + 1)
        return self._scalar(event.value) if event.implicit[0] else event.value

    def _mapping(self, depth: int) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        count, next_event = 0, self._event
        while type(event := next_event()) is not yaml.MappingEndEvent:
            key = self._key(event)
            found[key] = self._value(next_event(), depth)
            count += 1
        if len(set(map(str, found))) != count:
            raise NotPlainError
        return found

    def _key(self, event: Any) -> Any:
        if type(event) is not yaml.ScalarEvent or event.anchor is not None or event.tag is not None:
            raise NotPlainError
        key = self._scalar(event.value) if event.implicit[0] else event.value
        if type(key) is not str and not (type(key) is int and PLAIN_INT.fullmatch(event.value)):
            raise NotPlainError
        return key

    def _sequence(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while type(event := self._event()) is not yaml.SequenceEndEvent:
            found.append(self._value(event, depth))
        return found

    def _scalar(self, text: str) -> Any:
        """Return the value of a text without quotes."""
        if text not in self._scalars:
            self._scalars[text] = self._typed(text)
        return self._scalars[text]

    def _typed(self, text: str) -> Any:
        tag = self._resolve(yaml.ScalarNode, text, (True, False))
        if tag == _STR:
            return text
        if (tag == _INT and len(text) > MAX_DIGITS) or (tag in NUMBERS and OTHER_BASE.fullmatch(text)):
            raise NotPlainError
        try:
            return self._construct(yaml.ScalarNode(tag, text))
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError):
            raise NotPlainError from None
