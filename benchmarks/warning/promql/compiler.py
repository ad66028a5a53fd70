"""Trees to plans over the series of a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.warning.grid import STEP, Floats, Labels
from benchmarks.warning.promql.operators import aggregation, binary
from benchmarks.warning.promql.series import Database, Plan
from benchmarks.warning.promql.syntax import Aggregation, Binary, Call, Node, Number, Range, Selector, Unsupported
from benchmarks.warning.promql.windows import FUNCTIONS, OVER_SUBQUERY, delayed, over_subquery


class Compiler:
    """Compiles expressions. `own` is the name of a rule that reads its own last values, `own_data` what it has recorded so far."""

    def __init__(self, database: Database, own: str = "", own_labels: Sequence[Labels] = ()) -> None:
        self._database, self._own, self._own_labels = database, own, list(own_labels)
        self._steps = database.steps
        self.own_data: Floats = np.full((len(own_labels), database.steps), np.nan)

    def compile(self, node: Node) -> Plan:
        """Return the plan of an expression."""
        match node:
            case Number():
                return Plan(None, lambda first, end: np.full((1, end - first), node.value), self._steps)
            case Selector():
                return self._selector(node)
            case Call():
                return self._call(node)
            case Aggregation():
                return aggregation(node, self.compile(node.inner), self._steps)
            case Binary():
                return binary(node, self.compile(node.left), self.compile(node.right), self._steps)
            case _:
                raise Unsupported("a range outside of a function")

    def _selector(self, node: Selector) -> Plan:
        is_live = node.name == self._own
        labels, data = (self._own_labels, self.own_data) if is_live else self._database.get(node.name)
        rows = [row for row, each in enumerate(labels) if _accepted(node, each)]
        if node.offset:
            if is_live:
                raise Unsupported("an offset of a rule's own values")
            data = delayed(data, _steps(node.offset))
        whole = len(rows) == len(labels)

        def compute(first: int, end: int) -> Floats:
            return data[:, first:end] if whole else data[rows, first:end]

        return Plan([labels[row] for row in rows], compute, self._steps, is_live=is_live)

    def _call(self, node: Call) -> Plan:
        if node.name == "time":
            return Plan(None, _time, self._steps)
        if node.name in _ELEMENTWISE:
            return self._elementwise(node)
        if node.name not in FUNCTIONS or not node.arguments or not isinstance(node.arguments[0], Range):
            raise Unsupported(f"function {node.name}")
        return self._over_range(node, node.arguments[0])

    def _elementwise(self, node: Call) -> Plan:
        plans = [self.compile(each) for each in node.arguments]
        function = _ELEMENTWISE[node.name]

        def compute(first: int, end: int) -> Floats:
            return function(*(plan.run(first, end) for plan in plans))

        return Plan(plans[0].labels, compute, self._steps, is_live=any(plan.is_live for plan in plans))

    def _over_range(self, node: Call, over: Range) -> Plan:
        plan, width, shift = self.compile(over.inner), _steps(over.window), _steps(over.offset)
        further = [each.value for each in node.arguments[1:] if isinstance(each, Number)]
        if over.resolution is not None:
            if plan.is_live or node.name not in OVER_SUBQUERY:
                raise Unsupported(f"{node.name} of this subquery")
            every = _steps(over.resolution)
            return Plan(plan.rows, lambda *_: over_subquery(node.name, plan.whole(), width, every, shift), self._steps)
        if not isinstance(over.inner, Selector):
            raise Unsupported("a range of no selector")
        if plan.is_live:
            if node.name != "last_over_time" or shift:
                raise Unsupported(f"{node.name} of a rule's own values")
            return Plan(plan.rows, lambda first, end: _own_last(plan, width, first, end), self._steps, is_live=True)

        def compute(_first: int, _end: int) -> Floats:
            data = plan.whole()
            return delayed(FUNCTIONS[node.name](data, width, *further), shift) if len(data) else data

        return Plan(plan.rows, compute, self._steps)


def _steps(duration: float) -> int:
    if duration % STEP:
        raise Unsupported(f"{duration} s is no multiple of the grid")
    return int(duration // STEP)


def _accepted(node: Selector, labels: Labels) -> bool:
    named = dict(labels)
    return all(matcher.accepts(named) for matcher in node.matchers)


def _own_last(plan: Plan, width: int, first: int, end: int) -> Floats:
    """Return the newest value of each window, looked for from the newest step on: the steps are computed one by one."""
    out = np.full((len(plan.rows), end - first), np.nan)
    for step in range(first, end):
        for back in range(min(width, step) + 1):
            here = out[:, step - first]
            out[:, step - first] = np.where(np.isnan(here), plan.run(step - back, step - back + 1)[:, 0], here)
    return out


def _time(first: int, end: int) -> Floats:
    return np.arange(first, end, dtype=np.float64)[None, :] * STEP


def _clamp(values: Floats, low: Floats, high: Floats) -> Floats:
    return np.where(np.isnan(values), np.nan, np.minimum(np.maximum(values, low), high))


_INFINITE = np.full((1, 1), np.inf)
_ELEMENTWISE: dict[str, Callable[..., Floats]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "clamp": _clamp,
    "clamp_min": lambda values, low: _clamp(values, low, _INFINITE),
    "clamp_max": lambda values, high: _clamp(values, -_INFINITE, high),
}
