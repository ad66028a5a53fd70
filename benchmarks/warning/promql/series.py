"""Series on the grid, and expressions with fixed rows of labels and values for any stretch of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.warning.grid import Bools, Floats, Labels, Series
from benchmarks.warning.promql.syntax import Matching, Unsupported

Compute = Callable[[int, int], Floats]


class Database:
    """Series by metric name, all from step 0 on. NaN is absence: what vanishes is marked stale at once, so nothing looks back."""

    def __init__(self, steps: int, series: Series | None = None) -> None:
        self.steps = steps
        self._families: dict[str, tuple[list[Labels], Floats]] = {}
        rows: dict[str, tuple[list[Labels], list[Floats]]] = {}
        for (name, labels), column in (series or {}).items():
            found = rows.setdefault(name, ([], []))
            found[0].append(labels)
            found[1].append(column[:steps])
        for name, (all_labels, columns) in rows.items():
            self.add(name, all_labels, np.array(columns))

    def add(self, name: str, labels: Sequence[Labels], data: Floats) -> None:
        """Add series of a name."""
        former, values = self.get(name)
        self._families[name] = ([*former, *labels], np.concatenate([values, data]) if former else data)

    def get(self, name: str) -> tuple[list[Labels], Floats]:
        """Return the labels of the rows, and rows by steps."""
        return self._families.get(name, ([], np.empty((0, self.steps))))


class Plan:
    """An expression. `labels` is None for a scalar; `is_live` means that it reads what its own rule recorded at earlier steps."""

    def __init__(self, labels: list[Labels] | None, compute: Compute, steps: int, *, is_live: bool = False) -> None:
        self.labels = labels
        self.is_live = is_live
        self._compute, self._steps = compute, steps
        self._whole: Floats | None = None

    def run(self, first: int, end: int) -> Floats:
        """Return rows by steps [first, end)."""
        if self.is_live:
            return self._compute(first, end)
        if self._whole is None:
            with np.errstate(all="ignore"):  # what cannot be computed is absent
                self._whole = self._compute(0, self._steps)
        return self._whole[:, first:end]

    def whole(self) -> Floats:
        """Return all steps."""
        return self.run(0, self._steps)

    @property
    def rows(self) -> list[Labels]:
        """The labels of each row of a vector."""
        if self.labels is None:
            raise Unsupported("a scalar in place of a vector")
        return self.labels


def signature(labels: Labels, matching: Matching | None) -> Labels:
    """Return the labels that two rows must have in common."""
    if matching is None:
        return labels
    return tuple(pair for pair in labels if (pair[0] in matching.names) == matching.on)


class Groups:
    """Rows by signature."""

    def __init__(self, labels: Sequence[Labels], matching: Matching | None) -> None:
        rows: dict[Labels, list[int]] = {}
        for row, each in enumerate(labels):
            rows.setdefault(signature(each, matching), []).append(row)
        self.index = {key: number for number, key in enumerate(rows)}
        self._order = np.array([row for group in rows.values() for row in group], dtype=int)
        self._starts = np.cumsum([0, *(len(group) for group in rows.values())])[:-1].astype(int)
        self._is_single = all(len(group) == 1 for group in rows.values())

    def reduce(self, data: Any, how: np.ufunc) -> Any:
        """Merge the rows of each group."""
        ordered = data[self._order]
        return ordered if self._is_single else how.reduceat(ordered, self._starts, axis=0)

    def present(self, data: Floats) -> Bools:
        """Return where a group has a value."""
        found: Bools = self.reduce(~np.isnan(data), np.logical_or)
        return found

    def one(self, data: Floats) -> Floats:
        """Return the one value of each group; Prometheus refuses two."""
        if not self._is_single and (self.reduce((~np.isnan(data)).astype(int), np.add) > 1).any():
            raise Unsupported("many-to-many matching")
        values: Floats = self.reduce(data, np.fmax)
        return values
