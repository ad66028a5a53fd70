"""From pydantic's errors to problems with dotted paths, in words that do not repeat what the file contains."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from exporter.errors import Problem
from exporter.validation.fields import dotted

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
    "string_pattern_mismatch": "contains a character that is not allowed here",
    "string_unicode": "contains a character that is not allowed here",
    "literal_error": "expected {expected}",
    "enum": "expected {expected}",
    "path_type": "expected a path",
    "list_type": "expected a list",
    "tuple_type": "expected a list",
    "set_type": "expected a list",
    "frozen_set_type": "expected a list",
    "model_type": "expected a block of `key: value` lines",
    "model_attributes_type": "expected a block of `key: value` lines",
    "dict_type": "expected a block of `key: value` lines",
    "too_short": "expected one or more",
    "too_long": "expected {max_length} at most",
    "invalid_key": "the key is not text: put it in quotes",
}
"""By pydantic's type of error. Pydantic's own messages use terms such as string, input and regular expression."""
_OTHER: Final = "is not valid here"


def problems_of(error: ValidationError, keys_of: Callable[[Sequence[int | str]], Iterable[str]] = lambda _: ()) -> Iterator[Problem]:
    """Turn pydantic's errors into problems with dotted paths, without the values that were found: one may be a secret.

    `keys_of` returns the keys that the block at a place accepts, for suggestions.
    """
    for found in error.errors(include_url=False):
        yield Problem(dotted(found["loc"]), _message(found, keys_of))


def _message(found: ErrorDetails, keys_of: Callable[[Sequence[int | str]], Iterable[str]]) -> str:
    kind, place = found["type"], found["loc"]
    match kind:
        case "value_error":
            return found["msg"].removeprefix("Value error, ")
        case "extra_forbidden":
            close = difflib.get_close_matches(str(place[-1]), keys_of(place[:-1]), n=1)
            return "unknown key" + (f"; did you mean {close[0]!r}?" if close else "")
        case "string_type" if isinstance(found["input"], bool | int | float | date):
            return "expected text: put it in quotes"
        case _:
            return _WORDS.get(kind, _OTHER).format(**found.get("ctx", {}))
