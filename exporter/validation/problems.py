"""From pydantic's errors to problems with dotted paths, in words that do not repeat what the file contains."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import UnionType
from typing import Annotated, Any, Final, NamedTuple, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from exporter.validation.fields import dotted, listed, strange_character

Place = tuple[str | int, ...]


class FieldProblem(NamedTuple):
    """A problem of one field; its file and line are not known yet."""

    place: str
    message: str


_WORDS: Final[Mapping[str, str]] = {
    "missing": "is required",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_parsing_size": "expected a smaller number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "decimal_type": "expected a number",
    "decimal_parsing": "expected a number",
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected {ge} or more",
    "less_than": "expected less than {lt}",
    "less_than_equal": "expected {le} or less",
    "string_type": "expected text",
    "string_too_short": "expected text, found none",
    "string_too_long": "expected {max_length} characters at most",
    "string_pattern_mismatch": "expected letters, digits and punctuation without spaces",
    "string_unicode": "expected text of complete characters",
    "literal_error": "expected {expected}",
    "enum": "expected {expected}",
    "path_type": "expected a path",
    "list_type": "expected a list: begin each entry with `- `",
    "tuple_type": "expected a list",
    "set_type": "expected a list",
    "frozen_set_type": "expected a list",
    "model_type": "expected a block of `key: value` lines",
    "model_attributes_type": "expected a block of `key: value` lines",
    "dict_type": "expected a block of `key: value` lines",
    "too_short": "expected one or more",
    "too_long": "expected {max_length} at most",
    "date_type": "expected a date such as 2026-11-26",
    "date_parsing": "expected a date such as 2026-11-26",
    "date_from_datetime_parsing": "expected a date such as 2026-11-26",
    "date_from_datetime_inexact": "expected a date such as 2026-11-26",
    "invalid_key": "the key is not text: put it in quotes",
}
"""By pydantic's type of error. Pydantic's own messages use terms such as string, input and regular expression."""
_QUOTED: Final = re.compile("'([^']*)'")
_MAX_LISTED: Final = 8
_CLOSE: Final = 0.7
"""How similar a name must be to be suggested. With difflib's 0.6, `openai` is suggested for `nope`, and `minimax` for `gemini`."""
_OTHER: Final = "expected another kind of value: see the documentation of this key"


def located(problems: Iterable[tuple[Place, str]]) -> ValidationError:
    """Return the error to raise in a validator that finds problems at places below its own."""
    errors = [
        InitErrorDetails(type=PydanticCustomError("value_error", "{message}", {"message": message}), loc=place, input=None)
        for place, message in problems
    ]
    return ValidationError.from_exception_data("", errors)


def problems_of(error: ValidationError, model: type[BaseModel]) -> Iterator[FieldProblem]:
    """Turn pydantic's errors into dotted paths and messages, without the values that were found: one may be a secret.

    `model` is that of the whole file, for suggestions of keys. A key that is missing because it is misspelt is one problem, not two.
    """
    errors = error.errors(include_url=False)
    misspelt = {
        (*found["loc"][:-1], close)
        for found in errors
        if found["type"] == "extra_forbidden" and (close := _closest(str(found["loc"][-1]), _keys_of(model, found["loc"][:-1])))
    }
    for found in errors:
        if found["type"] != "missing" or found["loc"] not in misspelt:
            yield FieldProblem(dotted(found["loc"]), _message(found, model))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a suggestion to add to a message; nothing if no known name is close, and the name has no strange character."""
    if strange := strange_character(name):
        return f"; the name contains {strange}"
    close = _closest(name, known)
    return f"; did you mean {close!r}?" if close else ""


def _closest(name: str, known: Iterable[str]) -> str | None:
    by_text = {each.lower(): each for each in known}
    return next((by_text[each] for each in difflib.get_close_matches(name.lower(), by_text, n=1, cutoff=_CLOSE)), None)


def _message(found: ErrorDetails, model: type[BaseModel]) -> str:
    kind, place = found["type"], found["loc"]
    match kind:
        case "value_error":
            return found["msg"].removeprefix("Value error, ")
        case "extra_forbidden":
            return f"unknown key{_hint(str(place[-1]), _kinds_at(model, place[:-1]))}"
        case "string_type" if isinstance(found["input"], bool | int | float | date):
            return "expected text: put it in quotes"
        case "enum" | "literal_error" if isinstance(found["input"], str):
            expected = found["ctx"]["expected"]
            values = _QUOTED.findall(expected)
            return f"expected {expected}{did_you_mean(found['input'], values) if len(values) > 1 else ''}"
        case "model_type" | "model_attributes_type":
            required = [name for each in _kinds_at(model, place) for name, field in each.model_fields.items() if field.is_required()]
            return f"{_WORDS[kind]}{f', such as `{required[0]}: ...`' if required else ''}"
        case _:
            return _WORDS.get(kind, _OTHER).format(**found.get("ctx", {}))


def _hint(name: str, kinds: Iterable[type[BaseModel]]) -> str:
    """Return what to write instead of an unknown key: where it belongs, the key that is meant, or the keys that exist."""
    for kind in kinds:
        if name in getattr(kind, "elsewhere", {}):
            return f"; {kind.elsewhere[name]}"  # type: ignore[attr-defined]  # only some models have it
    known = _names(kinds)
    is_short = 0 < len(known) <= _MAX_LISTED
    return did_you_mean(name, known) or (f"; expected {listed(known, 'or')}" if is_short else "; remove it or correct its name")


def _keys_of(model: type[BaseModel], place: Sequence[int | str]) -> set[str]:
    """Return the keys that the block at a place accepts."""
    return _names(_kinds_at(model, place))


def _names(kinds: Iterable[type[BaseModel]]) -> set[str]:
    return {field.alias or name for kind in kinds for name, field in kind.model_fields.items()}


def _kinds_at(model: type[BaseModel], place: Sequence[int | str]) -> list[type[BaseModel]]:
    kinds: set[Any] = {model}
    for part in place:
        kinds = {inner for kind in kinds for inner in _inside(kind, part)}
    return [kind for kind in kinds if _is_model(kind)]


def _inside(kind: Any, part: int | str) -> Iterator[Any]:
    """Yield the types of what a block contains under a key, or a list at an index."""
    if _is_model(kind):
        if part in kind.model_fields:
            yield from _alternatives(kind.model_fields[part].annotation)
    elif get_args(kind):
        yield from _alternatives(get_args(kind)[1 if get_origin(kind) is dict else 0])


def _alternatives(kind: Any) -> Iterator[Any]:
    """Yield the types of a union, without what annotates them."""
    if get_origin(kind) is Annotated:
        yield from _alternatives(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for each in get_args(kind):
            yield from _alternatives(each)
    else:
        yield kind


def _is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
