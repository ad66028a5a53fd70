"""Vendors' bodies, changed in one place at a time, and JSON that Python's encoder would not write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]

_MARK = "raw JSON: "


def raw(text: str) -> str:
    """JSON text that `encode` writes as it is, such as `1e999`."""
    return _MARK + text


def encode(body: object) -> bytes:
    head, *rest = json.dumps(body).split(f'"{_MARK}')
    return (head + "".join(part.replace('"', "", 1) for part in rest)).encode()


def leaves(body: object, path: Path = ()) -> Iterator[Path]:
    """The places of text, numbers, booleans, null and empty lists."""
    children = _children(body)
    if isinstance(body, dict) or children:
        for key, value in children:
            yield from leaves(value, (*path, key))
    else:
        yield path


def objects(body: object, path: Path = ()) -> Iterator[Path]:
    """The places of objects, the body included."""
    return _containers(body, dict, path)


def lists(body: object, path: Path = ()) -> Iterator[Path]:
    """The places of lists, the body included."""
    return _containers(body, list, path)


def _containers(body: object, kind: type, path: Path) -> Iterator[Path]:
    if isinstance(body, kind):
        yield path
    for key, value in _children(body):
        yield from _containers(value, kind, (*path, key))


def _children(body: object) -> list[tuple[Any, Any]]:
    if isinstance(body, dict):
        return [*body.items()]
    return [*enumerate(body)] if isinstance(body, list) else []


def at(body: Any, path: Path) -> Any:
    """What is at a place; None where there is nothing."""
    for key in path:
        try:
            body = body[key]
        except (LookupError, TypeError):
            return None
    return body


def replaced(body: Any, path: Path, value: object) -> Any:
    """A body with another value at one place. What is not on the way there is not copied."""
    if not path:
        return value
    changed = body.copy()
    changed[path[0]] = replaced(body[path[0]], path[1:], value)
    return changed


def removed(body: Any, path: Path) -> Any:
    """A body without one key or element."""
    parent = at(body, path[:-1]).copy()
    del parent[path[-1]]
    return replaced(body, path[:-1], parent)
