"""Operators between two plans, and aggregations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from benchmarks.warning.grid import Floats, Labels
from benchmarks.warning.promql.series import Groups, Plan, signature
from benchmarks.warning.promql.syntax import Aggregation, Binary, Matching, Unsupported

ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.fmod, "^": np.power,
}  # fmt: skip
COMPARISON: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": np.equal, "!=": np.not_equal, "<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal,
}  # fmt: skip


def binary(node: Binary, left: Plan, right: Plan, steps: int) -> Plan:
    """Return the plan of an operator."""
    if node.op == "or":
        return _either(node.matching, left, right, steps)
    if node.op in {"and", "unless"}:
        return _filtered(node, left, right, steps)
    if left.labels is None or right.labels is None:
        return _with_scalar(node, left, right, steps)
    return _matched(node, left, right, steps)


def aggregation(node: Aggregation, plan: Plan, steps: int) -> Plan:
    """Return the plan of an aggregation."""
    groups = Groups(plan.rows, node.matching)

    def compute(first: int, end: int) -> Floats:
        data = plan.run(first, end)
        if not len(data):
            return data
        there = groups.reduce((~np.isnan(data)).astype(float), np.add)
        return np.where(there > 0, _aggregated(node.op, data, groups, there), np.nan)

    return Plan(list(groups.index), compute, steps, is_live=plan.is_live)


def _aggregated(op: str, data: Floats, groups: Groups, there: Floats) -> Any:
    if op == "count":
        return there
    if op == "group":
        return np.ones_like(there)
    if op in {"min", "max"}:
        return groups.reduce(data, np.fmin if op == "min" else np.fmax)
    total = groups.reduce(np.nan_to_num(data), np.add)
    return total / there if op == "avg" else total


def _operated(node: Binary, left: Floats, right: Floats, kept: Floats) -> Floats:
    """Return the result of arithmetic, or `kept` where a comparison holds."""
    if node.op in ARITHMETIC:
        result: Floats = ARITHMETIC[node.op](left, right)
        return result
    holds = COMPARISON[node.op](left, right)
    if node.is_bool:
        return np.where(np.isnan(left) | np.isnan(right), np.nan, holds.astype(float))
    return np.where(holds, kept, np.nan)


def _with_scalar(node: Binary, left: Plan, right: Plan, steps: int) -> Plan:
    labels = right.labels if left.labels is None else left.labels
    if labels is None and node.op not in ARITHMETIC and not node.is_bool:
        raise Unsupported("comparison of scalars")

    def compute(first: int, end: int) -> Floats:
        x, y = left.run(first, end), right.run(first, end)
        return _operated(node, x, y, y if left.labels is None else x)

    return Plan(labels, compute, steps, is_live=left.is_live or right.is_live)


def _matched(node: Binary, left: Plan, right: Plan, steps: int) -> Plan:
    """One row of the right side for each signature; of the left side one as well, or many with group_left."""
    few = Groups(right.rows, node.matching)
    many = Groups(left.rows, None if node.group_left else node.matching)
    keys = left.rows if node.group_left else list(many.index)
    pairs = [(row, few.index[key]) for row, each in enumerate(keys) if (key := signature(each, node.matching)) in few.index]
    lefts, rights = np.array([pair[0] for pair in pairs], dtype=int), np.array([pair[1] for pair in pairs], dtype=int)

    def compute(first: int, end: int) -> Floats:
        if not pairs:
            return np.empty((0, end - first))
        x, y = left.run(first, end), few.one(right.run(first, end))[rights]
        x = (x if node.group_left else many.one(x))[lefts]
        return _operated(node, x, y, x)

    return Plan([keys[row] for row in lefts], compute, steps, is_live=left.is_live or right.is_live)


def _filtered(node: Binary, left: Plan, right: Plan, steps: int) -> Plan:
    """Return `and` and `unless`."""
    groups = Groups(right.rows, node.matching)
    index = np.array([groups.index.get(signature(each, node.matching), -1) for each in left.rows], dtype=int)

    def compute(first: int, end: int) -> Floats:
        x = left.run(first, end)
        if not len(x):
            return x
        if not right.rows:
            return x if node.op == "unless" else np.full_like(x, np.nan)
        there = groups.present(right.run(first, end))[index] & (index >= 0)[:, None]
        return np.where(there == (node.op == "and"), x, np.nan)

    return Plan(left.rows, compute, steps, is_live=left.is_live or right.is_live)


def _either(matching: Matching | None, left: Plan, right: Plan, steps: int) -> Plan:
    """Return `or`: the rows of the left side, and those of the right side whose signature has no value on the left."""
    groups = Groups(left.rows, matching)
    index = np.array([groups.index.get(signature(each, matching), -1) for each in right.rows], dtype=int)
    places: dict[Labels, int] = {}
    for each in (*left.rows, *right.rows):
        places.setdefault(each, len(places))
    targets = np.array([places[each] for each in right.rows], dtype=int)

    def compute(first: int, end: int) -> Floats:
        x, y = left.run(first, end), right.run(first, end)
        out = np.full((len(places), end - first), np.nan)
        out[: len(x)] = x
        if len(y):
            if len(x):
                y = np.where((index >= 0)[:, None] & groups.present(x)[index], np.nan, y)
            out[targets] = np.where(np.isnan(y), out[targets], y)
        return out

    return Plan(list(places), compute, steps, is_live=left.is_live or right.is_live)
