"""Vendors' bodies, changed in one place at a time, and JSON that Python's encoder would not write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from exporter.simulator.json_values import replaced
from exporter.validation.problems import Place

_MARK = "raw JSON: "


def raw(text: str) -> str:
    """JSON text that `encode` writes as it is, such as `1e999`."""
    return _MARK + text


def encode(body: object) -> bytes:
    head, *rest = json.dumps(body).split(f'"{_MARK}')
    return (head + "".join(part.replace('"', "", 1) for part in rest)).encode()


def leaves(body: object, place: Place = ()) -> Iterator[Place]:
    """The places of text, numbers, booleans, null and empty lists."""
    children = _children(body)
    if isinstance(body, dict) or children:
        for key, value in children:
            yield from leaves(value, (*place, key))
    else:
        yield place


def objects(body: object, place: Place = ()) -> Iterator[Place]:
    """The places of objects, the body included."""
    return _containers(body, dict, place)


def lists(body: object, place: Place = ()) -> Iterator[Place]:
    """The places of lists, the body included."""
    return _containers(body, list, place)


def _containers(body: object, kind: type, place: Place) -> Iterator[Place]:
    if isinstance(body, kind):
        yield place
    for key, value in _children(body):
        yield from _containers(value, kind, (*place, key))


def _children(body: object) -> list[tuple[Any, Any]]:
    if isinstance(body, dict):
        return [*body.items()]
    return [*enumerate(body)] if isinstance(body, list) else []


def at(body: Any, place: Place) -> Any:
    """What is at a place; None where there is nothing."""
    for key in place:
        try:
            body = body[key]
        except (LookupError, TypeError):
            return None
    return body


def removed(body: Any, place: Place) -> Any:
    """A body without one key or element."""
    parent = at(body, place[:-1]).copy()
    del parent[place[-1]]
    return replaced(body, place[:-1], parent)
