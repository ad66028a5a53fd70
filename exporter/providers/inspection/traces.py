"""Which places of a body an expression reads."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, ValuesView
from typing import Any, NamedTuple

from exporter.validation.problems import Place


class Trace(NamedTuple):
    """A body that records what is read in it."""

    body: Any
    reads: set[Place]
    """Places that were read, also where nothing was."""


def traced(body: Any) -> Trace:
    """Return a copy of decoded JSON that records each place that is read."""
    reads: set[Place] = set()
    return Trace(_copied(body, (), reads), reads)


def places(body: Any, is_wanted: Callable[[Any], bool] = lambda _: True, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield the wanted values of decoded JSON that are neither objects nor lists, with their places."""
    if isinstance(body, dict | list):
        for key, value in body.items() if isinstance(body, dict) else enumerate(body):
            yield from places(value, is_wanted, (*place, key))
    elif is_wanted(body):
        yield place, body


def written(place: Place) -> str:
    """Write a place as JMESPath does, such as `data[0].amount`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).removeprefix(".") or "@"


def general(place: Place) -> str:
    """Write a place, with `[]` for every index."""
    return written(tuple("[]" if isinstance(key, int) else key for key in place)).replace(".[]", "[]")


def _copied(body: Any, place: Place, reads: set[Place]) -> Any:
    if isinstance(body, dict):
        return _Object({key: _copied(value, (*place, key), reads) for key, value in body.items()}, place, reads)
    if isinstance(body, list):
        return _List([_copied(value, (*place, index), reads) for index, value in enumerate(body)], place, reads)
    return body


class _Object(dict[str, Any]):
    """An object whose fields are read as JMESPath reads them."""

    def __init__(self, content: dict[str, Any], place: Place, reads: set[Place]) -> None:
        super().__init__(content)
        self._place, self._reads = place, reads

    def get(self, key: str, default: Any = None) -> Any:
        self._reads.add((*self._place, key))
        return super().get(key, default)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]  # the type of a subclass is not that of a dict
        self._reads.update((*self._place, key) for key in self)
        return super().values()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]  # as above
        self._reads.update((*self._place, key) for key in self)
        return super().items()


class _List(list[Any]):
    """A list whose elements are read as JMESPath reads them."""

    def __init__(self, content: list[Any], place: Place, reads: set[Place]) -> None:
        super().__init__(content)
        self._place, self._reads = place, reads

    def __iter__(self) -> Iterator[Any]:
        for index, value in enumerate(super().__iter__()):
            self._reads.add((*self._place, index))
            yield value

    def __getitem__(self, index: Any) -> Any:
        read = [*range(len(self))][index if isinstance(index, slice) else slice(index, index + 1 or None)]
        self._reads.update((*self._place, each) for each in read)
        return super().__getitem__(index)

    def __contains__(self, value: object) -> bool:
        self._reads.update((*self._place, index) for index in range(len(self)))
        return super().__contains__(value)


_Object.__name__, _List.__name__ = "dict", "list"  # JMESPath's functions accept types by their names
