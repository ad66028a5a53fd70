"""Which kinds of values a body contains, and where: what people may share, since it contains no value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from exporter.providers.echo import Echo
from exporter.providers.expressions import IDENTIFIER
from exporter.providers.inspection.declared import declared_fields
from exporter.providers.inspection.personal_data import is_personal
from exporter.providers.inspection.selection_text import kind_of
from exporter.providers.inspection.traces import general, places
from exporter.providers.request_fields import Request

_PLAIN_KEY: Final = re.compile(r"(?!.*[0-9]{4})[A-Za-z_][A-Za-z0-9_-]{0,39}")
_MAX_KEYS: Final = 50
"""An object with more keys has data as keys, such as the names of users."""


class _Empty(str):
    """What is shown of a list or an object without values."""

    __slots__ = ()


def kinds_of(body: Any, request: Request, echo: Echo) -> Mapping[str, str]:
    """Return the kinds of the values of a body by place, one for all elements of a list.

    A key of an object that may be data, such as the name of a user, is written as `*`, unless the expressions of the request name it.
    """
    named = frozenset(_words(request))
    kinds: dict[str, list[str]] = {}
    for place, value in places(_without_data_in_keys(body, named, echo)):
        kind, known = value if isinstance(value, _Empty) else kind_of(value), kinds.setdefault(general(place), [])
        known += [kind] if kind not in known else []
    return {place: " or ".join(found) for place, found in kinds.items()}


def _words(request: Request) -> Iterator[str]:
    """Yield the words of all expressions of a request."""
    for text in (str(request.expect), *(field.text for field in declared_fields(request))):
        yield from IDENTIFIER.findall(text)


def _without_data_in_keys(body: Any, named: frozenset[str], echo: Echo) -> Any:
    if body in ([], {}):
        return _Empty("an empty list" if isinstance(body, list) else "an empty object")
    if isinstance(body, list):
        return [_without_data_in_keys(each, named, echo) for each in body]
    if not isinstance(body, dict):
        return body
    is_data = len(body) > _MAX_KEYS or _is_map(body)
    shown: dict[str, Any] = {}
    for key, value in body.items():
        is_plain = key in named or (_PLAIN_KEY.fullmatch(key) and not is_personal(key) and not is_data)
        is_shown = is_plain and not echo.is_in(key)
        shown.setdefault(key if is_shown else "*", _without_data_in_keys(value, named, echo))
    return shown


def _is_map(body: Mapping[str, Any]) -> bool:
    """Whether the values are objects of one form, as where each is about the user or the project that is its key."""
    forms = {frozenset(value) if isinstance(value, dict) else None for value in body.values()}
    return len(body) > 1 and len(forms) == 1 and None not in forms and frozenset() not in forms
