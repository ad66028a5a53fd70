"""The placeholders of a request: `{project}` is a param of the account, `{month_start:unix}` is a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote

from pydantic import BeforeValidator

from exporter.providers.times import FORMATS, NAMES, format_time, is_time
from exporter.validation.fields import listed
from exporter.validation.problems import Place, did_you_mean

_PLACEHOLDER: Final = re.compile(r"\{([^\s{}]*)\}")
"""Braces with white space inside, as in GraphQL, are not a placeholder."""
_OTHER_STYLES: Final = re.compile(r"\$\{([^\s{}]*)\}|\{\{([^\s{}]*)\}\}")
"""As shells and templates write placeholders: the `$` or the outer braces would be sent."""
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


def texts_in(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yield all texts of a JSON value with their places, except keys."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts_in(inner, (*place, key))


def unfilled_in(value: Any, params: Collection[str], place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yield the placeholders of a JSON value that would be sent as they are: YAML reads one without quotes as a block, and keys have none."""
    if isinstance(value, dict) and (name := next((name for name in _without_quotes(value) if name in params or is_time(name)), None)):
        yield place, _needs_quotes(name)
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if names_in(str(key)):
                yield place, f"a key cannot contain a placeholder, as in {str(key)!r}"
            yield from unfilled_in(inner, params, (*place, key))


def names_in(text: str) -> set[str]:
    """Return what the placeholders of a text name."""
    return {found[1] for found in _PLACEHOLDER.finditer(text)}


def has_time(value: Any, params: Collection[str]) -> bool:
    """Whether a text of a JSON value contains a time."""
    return any(names_in(text).difference(params) for _, text in texts_in(value))


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
    if found := _OTHER_STYLES.search(text):
        return f"a placeholder has one pair of braces and no $: write {{{found[1] or found[2]}}} instead of {found[0]}"
    return None


def _problem_of_time(name: str, first: str) -> str:
    if ":" not in name:
        return f"{{{name}}} has no format: write {{{name}:unix}}, or another of {listed(FORMATS)}"
    return f"{{{name}}} is not a time: expected {{{first}:FORMAT}} or {{{first}-30d:FORMAT}}, with {listed(FORMATS, 'or')}"


def _without_quotes(block: Mapping[Any, Any]) -> Iterator[str]:
    """Yield what may be placeholders: YAML reads `{today:date}` as a key without a value, and `{today: date}` as a key and a value."""
    for key, value in block.items():
        name = str(key) if value is None else f"{key}:{value}"
        if (value is None and _PLACEHOLDER.fullmatch(f"{{{name}}}") and name.isprintable()) or (key in NAMES and value in FORMATS):
            yield name


def _needs_quotes(name: str) -> str:
    return f'a placeholder needs quotes: "{{{name}}}"'


def _as_text(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1 and (name := next(_without_quotes(value), None)):
        raise ValueError(_needs_quotes(name))
    return value


Template = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str)]
"""A text that may contain placeholders."""
