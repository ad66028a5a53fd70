"""The placeholders of a request: `{project}` is a param of the account, `{month_start:unix}` is a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from exporter.providers.times import FORMATS, NAMES, format_time, is_time
from exporter.validation.fields import listed
from exporter.validation.problems import did_you_mean

_PLACEHOLDER: Final = re.compile(r"\{([^\s{}]*)\}")
"""Braces with white space inside, as in GraphQL, are no placeholder."""
_PARAM: Final = re.compile(r"(?!\.{1,2}$)(?! )[^/\\%\x00-\x1f\x7f-\x9f]{1,128}(?<! )")


def is_param(value: str) -> bool:
    """Whether the value is one segment of a path for every server, whatever it decodes before it splits the path."""
    return _PARAM.fullmatch(value) is not None and value.isprintable()


def fill(text: str, params: Mapping[str, str], now: float | None = None, write: Callable[[str], str] = str) -> str:
    """Replace the placeholders. `write` encodes what replaces them."""

    def value(found: re.Match[str]) -> str:
        return write(params[found[1]] if now is None or found[1] in params else format_time(found[1], now))

    return _PLACEHOLDER.sub(value, text)


def fill_path(path: str, params: Mapping[str, str]) -> str:
    """Replace the placeholders; each becomes a part of one segment, percent-encoded."""
    return fill(path, params, write=lambda value: quote(value, safe=""))


def fill_all(value: Any, params: Mapping[str, str], now: float) -> Any:
    """Replace the placeholders in all texts of a JSON value, except keys."""
    if isinstance(value, str):
        return fill(value, params, now)
    if isinstance(value, dict):
        return {key: fill_all(inner, params, now) for key, inner in value.items()}
    return [fill_all(inner, params, now) for inner in value] if isinstance(value, list) else value


def texts_in(value: Any) -> Iterator[str]:
    """All texts of a JSON value, except keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_in(inner)


def names_in(text: str) -> set[str]:
    """What the placeholders of a text name."""
    return {found[1] for found in _PLACEHOLDER.finditer(text)}


def problem_of(text: str, params: Collection[str], *, times: bool) -> str | None:
    """Return what is wrong with the first placeholder that cannot be filled; None if all can."""
    for name in sorted(names_in(text)):
        if name in params or (times and is_time(name)):
            continue
        first = re.split(r"[-+:]", name)[0]
        if first in NAMES:
            return _problem_of_time(name, first) if times else f"{{{name}}} is a time: a time can only be in `query` or `body`"
        close = did_you_mean(name, [*params, *(NAMES if times else ())])
        hint = close or "; define it in `params`, or put a space after a brace that starts no placeholder"
        return f"{{{name}}} is not a param{' or a time' if times else ''}{hint}"
    return None


def _problem_of_time(name: str, first: str) -> str:
    if ":" not in name:
        return f"{{{name}}} has no format: write {{{name}:unix}}, or another of {listed(FORMATS)}"
    return f"{{{name}}} is not a time: expected {{{first}:FORMAT}} or {{{first}-30d:FORMAT}}, with {listed(FORMATS, 'or')}"
