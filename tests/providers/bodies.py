"""Vendors' bodies, changed in one place at a time, and JSON that Python's encoder would not write."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

Path = tuple[str, ...]

_MARK = "raw JSON: "


def raw(text: str) -> str:
    """JSON text that `encode` writes as it is, such as `1e999`."""
    return _MARK + text


def encode(body: object) -> bytes:
    head, *rest = json.dumps(body).split(f'"{_MARK}')
    return (head + "".join(part.replace('"', "", 1) for part in rest)).encode()


def leaves(body: object, path: Path = ()) -> Iterator[Path]:
    """The places of text, numbers, booleans and null."""
    if isinstance(body, dict):
        for key, value in body.items():
            yield from leaves(value, (*path, key))
    else:
        yield path


def objects(body: object, path: Path = ()) -> Iterator[Path]:
    """The places of objects, the body included."""
    if isinstance(body, dict):
        yield path
        for key, value in body.items():
            yield from objects(value, (*path, key))


def at(body: object, path: Path) -> object:
    for key in path:
        body = body.get(key) if isinstance(body, dict) else None
    return body


def replaced(body: Any, path: Path, value: object) -> Any:
    """A copy with another value at one place."""
    changed = copy.deepcopy(body)
    _parent(changed, path)[path[-1]] = value
    return changed


def removed(body: Any, path: Path) -> Any:
    """A copy without one key."""
    changed = copy.deepcopy(body)
    del _parent(changed, path)[path[-1]]
    return changed


def _parent(body: Any, path: Path) -> Any:
    for key in path[:-1]:
        body = body[key]
    return body
