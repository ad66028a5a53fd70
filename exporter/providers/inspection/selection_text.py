"""What an expression selects in a body, in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from exporter.providers.inspection.exported import shortened
from exporter.providers.inspection.traces import Trace, traced, written
from exporter.providers.selection import Selection
from exporter.providers.values import Mismatch, to_decimal
from exporter.validation.fields import dotted
from exporter.validation.problems import Place, did_you_mean

_ABSENT: Final = object()
_MAX_COMPARED: Final = 100


def select(selection: Selection, body: Any) -> Any:
    """Return what is selected; None where nothing can be selected."""
    try:
        return selection.field_of(body)
    except Mismatch:
        return None


def kind_of(value: Any) -> str:
    """Return the kind of a JSON value, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text with a number" if is_number(value) else "text"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "an object" if isinstance(value, dict) else "a number"


def described(value: Any) -> str:
    """Describe a JSON value by its kind, and by itself where it is short."""
    return kind_of(value) if value is None or isinstance(value, dict | list) else f"{kind_of(value)}: {_literal(value)}"


def places_read(selection: Selection, body: Any) -> dict[str, str]:
    """Return what is at the places that an expression reads, in the order of their depth. A place in an absent block is left out."""
    trace = traced(body)
    select(selection, trace.body)
    reads = sorted(trace.reads, key=lambda place: (len(place), str(place)))
    return {written(place): _absent(body, place) if at(body, place) is _ABSENT else described(at(body, place)) for place in reads}


def end_of_path(selection: Selection, body: Any) -> str | None:
    """Report which part of a path is absent, or is not an object; None if the path does not end early."""
    trace = traced(body)
    select(selection, trace.body)
    for place in sorted(trace.reads, key=len):
        if at(body, place) is _ABSENT:
            return f"{written(place)} is {_absent(body, place, tuple(selection.text.split('.')) if selection.is_path else None)}"
    last = max(trace.reads, key=lambda place: (len(place), at(body, place) is None, str(place)), default=())
    value = at(body, last)
    if select(selection, body) is not None or value is None or isinstance(value, dict):
        return None
    return "no element matches the filter" if "[?" in selection.text else f"{written(last)} is {kind_of(value)}"


def null_read(trace: Trace, body: Any) -> str | None:
    """Report the first place that was read and is null; None if there is none."""
    return next((f"{written(place)} is null" for place in sorted(trace.reads, key=str) if at(body, place) is None), None)


def _absent(body: Any, place: Place, path: Place | None = None) -> str:
    """Report that a place is absent; `path` is the whole path that an expression reads."""
    parent = at(body, place[:-1])
    hint = _elsewhere(body, path or place) or did_you_mean(str(place[-1]), parent if isinstance(parent, dict) else ())
    return f"absent{hint}"


def _elsewhere(body: Any, path: Place) -> str:
    """Return the most similar place whose last key is that of a path, as a suggestion; nothing if there is none."""
    found = (written(place) for place in _all_places(body) if place[-1] == path[-1] and written(place) == dotted(place))
    close = difflib.get_close_matches(written(path), islice(found, _MAX_COMPARED), n=1, cutoff=0)
    return f"; did you mean {close[0]!r}?" if close else ""


def _all_places(body: Any, place: Place = ()) -> Iterator[Place]:
    """Yield all places of a body, those of objects and lists too."""
    for key, value in body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ():
        yield (*place, key)
        yield from _all_places(value, (*place, key))


def at(body: Any, place: Place) -> Any:
    """Return the value at a place, or an object that is not a JSON value where there is none."""
    for key in place:
        try:
            body = body[key]
        except (LookupError, TypeError):
            return _ABSENT
    return body


def _literal(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{shortened(value)}"' if isinstance(value, str) else shortened(value)


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number or a text with one."""
    try:
        return value is not None and not isinstance(value, bool) and to_decimal(value) is not None
    except Mismatch:
        return isinstance(value, Decimal)
