"""Compiles a JMESPath expression to a function. The library visits every node again for each value, which takes ten times as long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final

from jmespath.visitor import TreeInterpreter

from exporter.providers.values import Mismatch

Node = dict[str, Any]
"""A node of the library's syntax tree."""
Getter = Callable[[Any], Any]

CHECK: Final = "check"
"""The type of a node that JMESPath does not have: the result of its child must be null or of the type `kind`."""
_SEQUENCES: Final = frozenset({"subexpression", "index_expression", "pipe"})
_NO_STEPS: Final = _SEQUENCES | {"identity", "current"}


def compiled(node: Node, interpreter: TreeInterpreter) -> Getter:
    """Return a function that selects what the interpreter selects, and raises what it raises."""
    steps = [*_steps(node)]
    if path := _path(steps):
        return path
    getters = [_step(step, interpreter) for step in steps]

    def get(value: Any) -> Any:
        for getter in getters:
            value = getter(value)
        return value

    return getters[0] if len(getters) == 1 else get


def _steps(node: Node) -> Iterator[Node]:
    """Yield the steps of an expression in the order in which they are taken."""
    if node["type"] in _SEQUENCES or node["type"] == CHECK:
        for child in node["children"]:
            yield from _steps(child)
    if node["type"] == CHECK:
        yield {**node, "children": [{"type": "current"}]}
    elif node["type"] not in _NO_STEPS:
        yield node


def _path(steps: Iterable[Node]) -> Getter | None:
    """Return a function for a dotted path, each step of which may be checked; None for any other expression."""
    names, is_checked = [], False
    for step in steps:
        if step["type"] == "field":
            names.append((step["value"], is_checked))
        elif step["type"] != CHECK or step["kind"] is not dict:
            return None
        is_checked = step["type"] == CHECK
    if is_checked or not names:
        return None

    def get(value: Any) -> Any:
        for name, must_be_object in names:
            if isinstance(value, dict):
                value = value.get(name)
            elif value is not None and must_be_object:
                raise Mismatch
            else:
                return None
        return value

    return get


def _step(node: Node, interpreter: TreeInterpreter) -> Getter:
    """Let the interpreter combine the results of the node's parts, which are compiled."""
    children = [
        {**child, "type": "compiled", "get": compiled(child, interpreter)} if isinstance(child, dict) else child
        for child in node.get("children", ())
    ]
    return partial(getattr(interpreter, f"visit_{node['type']}"), {**node, "children": children})
