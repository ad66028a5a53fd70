"""Prometheus's rule manager: recording rules, and alerts with `for` and `keep_firing_for`."""

from __future__ import annotations

from math import ceil

import numpy as np

from benchmarks.warning.grid import STEP, Bools, Floats, Labels, spans
from benchmarks.warning.promql.compiler import Compiler
from benchmarks.warning.promql.parser import parse
from benchmarks.warning.promql.series import Database
from benchmarks.warning.promql.syntax import Node, mentions

Firing = dict[Labels, Bools]


def record(database: Database, name: str, expression: str, labels: dict[str, str]) -> None:
    """Evaluate a recording rule at every step, and add what it records."""
    tree = parse(expression)
    with np.errstate(all="ignore"):
        rows, data = _by_itself(database, name, tree) if mentions(tree, name) else _at_once(database, tree)
    if labels:
        rows = [tuple(sorted((dict(each) | labels).items())) for each in rows]
    database.add(name, rows, data)


def alert(database: Database, expression: str, wait: float, keep: float) -> Firing:
    """Return at which steps which labels fire."""
    plan = Compiler(database).compile(parse(expression))
    holds = ~np.isnan(plan.whole())
    firing: Firing = {}
    for row in np.flatnonzero(holds.any(axis=1)):
        fires = _fires(holds[row], wait, keep)
        if fires.any():
            firing[plan.rows[row]] = fires
    return firing


def _at_once(database: Database, tree: Node) -> tuple[list[Labels], Floats]:
    plan = Compiler(database).compile(tree)
    return [()] if plan.labels is None else plan.labels, plan.whole()


def _by_itself(database: Database, name: str, tree: Node) -> tuple[list[Labels], Floats]:
    """Evaluate a rule that reads its own last values: step by step, on the rows that it needs."""
    rows: list[Labels] = []
    while True:
        compiler = Compiler(database, name, rows)
        plan = compiler.compile(tree)
        if plan.rows == rows:
            break
        rows = list(plan.rows)
    for step in range(database.steps):
        compiler.own_data[:, step] = plan.run(step, step + 1)[:, 0]
    return rows, compiler.own_data


def _fires(holds: Bools, wait: float, keep: float) -> Bools:
    fires = np.zeros(len(holds), dtype=bool)
    wait_steps, keep_steps, until = ceil(wait / STEP), ceil(keep / STEP), -1
    for first, end in spans(holds):
        start = first if first <= until else first + wait_steps  # an alert that still fires does not wait again
        if start < end:
            until = end + keep_steps
            fires[start:until] = True
    return fires
