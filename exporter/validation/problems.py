"""From pydantic's errors to problems with dotted paths."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from pydantic import ValidationError

from exporter.errors import Problem
from exporter.validation.fields import dotted


def problems_of(error: ValidationError, keys_of: Callable[[Sequence[int | str]], Iterable[str]] = lambda _: ()) -> Iterator[Problem]:
    """Turn pydantic's findings into problems with dotted paths, without the values that were found: one may be a secret.

    `keys_of` names the keys that the block at a place knows, for suggestions.
    """
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        place, message = found["loc"], found["msg"]
        match found["type"]:
            case "extra_forbidden":
                close = difflib.get_close_matches(str(place[-1]), keys_of(place[:-1]), n=1)
                message = "unknown key" + (f"; did you mean {close[0]!r}?" if close else "")
            case "missing":
                message = "is required"
            case "value_error":
                message = message.removeprefix("Value error, ")
            case "model_type" | "model_attributes_type" | "dict_type":
                message = "expected a block of `key: value` lines"
            case _:
                message = re.sub("^Input should ", "should ", message)
        yield Problem(dotted(place), message)
