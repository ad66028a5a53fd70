"""JMESPath over JSON whose numbers are exact decimals.

Source: https://jmespath.org/specification.html. JSON numbers arrive here as `Decimal`, a type that the library does not support.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation, localcontext
from functools import partial
from typing import Any, Final

import jmespath
from jmespath import exceptions, functions
from jmespath.visitor import TreeInterpreter

from exporter.model import EXACT
from exporter.providers.getters import CHECK, Getter, Node, compiled
from exporter.providers.values import Mismatch, to_decimal

_OPERANDS: Final = {
    "subexpression": dict,
    "value_projection": dict,
    "index_expression": list,
    "flatten": list,
    "projection": list,
    "filter_projection": list,
}
"""What a step of a path descends into: `a` in `a.b` must be an object, in `a[0]` a list."""
PROJECTIONS: Final = frozenset({"projection", "filter_projection", "value_projection"})
_AGGREGATES: Final = frozenset({"sum", "avg", "min", "max", "min_by", "max_by"})
"""Functions of a whole list. JMESPath drops an element in which nothing is selected: a sum without it would be a wrong number."""


class _Functions(functions.Functions):
    """The standard functions, for which a Decimal is a number."""

    def _get_allowed_pytypes(self, types: list[str]) -> tuple[list[str], list[Any]]:
        allowed, subtypes = super()._get_allowed_pytypes(types)  # type: ignore[misc]  # missing in the stubs
        return [*allowed, "Decimal"] if "float" in allowed else allowed, [(*s, "Decimal") if "float" in s else s for s in subtypes]

    def _convert_to_jmespath_type(self, name: str) -> str:
        return "number" if name == "Decimal" else str(super()._convert_to_jmespath_type(name))  # type: ignore[misc]  # missing in the stubs

    @functions.signature({"types": []})
    def _func_to_number(self, value: Any) -> Decimal | None:
        try:
            return to_decimal(value)
        except Mismatch:
            if isinstance(value, Decimal):
                raise
            return None

    @functions.signature({"types": []})
    def _func_to_string(self, value: Any) -> str:
        return str(value) if isinstance(value, Decimal) else str(super()._func_to_string(value))  # type: ignore[misc]  # missing in the stubs

    @functions.signature({"types": []})
    def _func_type(self, value: Any) -> str:
        return "number" if isinstance(value, Decimal) else str(super()._func_type(value))  # type: ignore[misc]  # missing in the stubs


class Interpreter(TreeInterpreter):
    """The library's interpreter, with the checks that `checked` adds, and with nodes that are compiled."""

    OPTIONS: Final = jmespath.Options(custom_functions=_Functions())

    def visit_check(self, node: Node, value: Any) -> Any:
        """Raise Mismatch unless the result is null or of the node's kind."""
        found = self.visit(node["children"][0], value)
        if found is not None and not isinstance(found, node["kind"]):
            raise Mismatch
        return found

    def visit_required(self, node: Node, value: Any) -> Any:
        """Refuse an element in which nothing is selected."""
        found = self.visit(node["children"][0], value)
        if found is None:
            raise Mismatch
        return found

    def visit_compiled(self, node: Node, value: Any) -> Any:
        """Return what the node's function selects."""
        return node["get"](value)


_INTERPRETER: Final = Interpreter(Interpreter.OPTIONS)
_PLAIN_FUNCTIONS: Final = frozenset({"type", "not_null", "to_number", "to_string", "length", "keys", "values", "starts_with", "ends_with"})
"""Functions whose result does not depend on the context of decimals."""


class Selection:
    """One compiled JMESPath expression."""

    __slots__ = ("_get", "_get_field", "text", "tree")

    def __init__(self, text: str) -> None:
        """Compile; raises ValueError with the place of the fault in the expression."""
        self.text = text
        try:
            self.tree: Node = {**jmespath.compile(text).parsed}
            self._get, self._get_field = _getter(self.tree), _getter(checked(self.tree))
        except exceptions.JMESPathError as error:
            raise ValueError(f"is not a JMESPath expression: {_fault(error)}") from None
        except (ValueError, RecursionError):
            raise ValueError("is not a JMESPath expression: it is nested too deeply, or a literal is not valid") from None

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selection) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def is_path(self) -> bool:
        """Whether the expression is a path of fields, such as `data.left`."""
        return re.fullmatch(r"[\w.]+", self.text) is not None

    def of(self, body: Any) -> Any:
        """Select from decoded JSON. Return None if nothing is selected.

        Raises:
            Mismatch: a function of the expression received a value of a kind that it does not accept.
        """
        return _selected(self._get, body)

    def field_of(self, body: Any) -> Any:
        """Select the value of a declared field: as `of`, but a path must not lead through a value of another kind.

        In `wallet.balance`, `wallet` is an object or null. `wallet | balance` accepts everything, as in the specification.

        Raises:
            Mismatch: it does, such as an amount in place of the block that contains it, or as in `of`.
        """
        return _selected(self._get_field, body)


def _fault(error: exceptions.JMESPathError) -> str:
    """Return where an expression is wrong, in plain words."""
    at, token = getattr(error, "lex_position", None), getattr(error, "token_value", None)
    if isinstance(error, exceptions.IncompleteExpressionError) or at is None:
        return "it ends too early"
    if token and str(token)[0] in "'`\"" and len(str(token)) > 1:
        return f"a quote is not closed: {token}"
    return f"{token!r} is not expected as character {at + 1}" if token else f"character {at + 1} is not expected"


def evaluate(interpreter: Interpreter, tree: Node, body: Any) -> Any:
    """Select with exact numbers.

    Raises:
        Mismatch: as in `Selection.field_of`.
    """
    return _selected(_exactly(partial(interpreter.visit, tree)), body)  # type: ignore[arg-type]  # the stubs know the library's own nodes only


def _selected(get: Getter, body: Any) -> Any:
    try:
        return get(body)
    except (exceptions.JMESPathError, ArithmeticError, TypeError, ValueError, RecursionError):
        raise Mismatch from None


def _getter(tree: Node) -> Getter:
    get = compiled(tree, _INTERPRETER)
    return _exactly(get) if _is_arithmetic(tree) else get


def _exactly(get: Getter) -> Getter:
    def get_exactly(body: Any) -> Any:
        with localcontext(EXACT) as context:
            context.traps[InvalidOperation] = True  # so that a comparison with NaN raises
            return get(body)

    return get_exactly


def _is_arithmetic(node: Node) -> bool:
    """Whether the expression computes or orders numbers."""
    if node["type"] == "function_expression" and node["value"] not in _PLAIN_FUNCTIONS:
        return True
    if node["type"] == "comparator" and node["value"] not in {"eq", "ne"}:
        return True
    return any(_is_arithmetic(child) for child in node.get("children", ()) if isinstance(child, dict))


def checked(tree: Node) -> Node:
    """Return the expression with a check of what its paths start from, and of each value that one of them descends into."""
    return _checked_input(_checked(tree))


def _checked(node: Node) -> Node:
    """Return the expression with a check of each value that one of its paths descends into."""
    children = [_checked(child) if isinstance(child, dict) else child for child in node.get("children", ())]
    kind = _OPERANDS.get(node["type"])
    if kind:
        steps = {"subexpression": children[1:], "index_expression": children[1:]}.get(node["type"], [None])
        for index, step in enumerate(steps):
            if step is None or step["type"] in {"field", "index", "slice"}:
                children[index] = _check(children[index], kind)
    if node["type"] in {"projection", "filter_projection"}:
        children[1] = _checked_input(children[1])
    if node["type"] == "function_expression" and node["value"] in _AGGREGATES:
        children = [with_required_elements(child) for child in children]
    return {**node, "children": children}


def with_required_elements(node: Node) -> Node:
    """Return the expression with a check that no list drops an element in which nothing is selected."""
    children = [with_required_elements(child) if isinstance(child, dict) else child for child in node.get("children", ())]
    if node["type"] in PROJECTIONS:
        children[1] = {"type": "required", "children": [children[1]]}
    return {**node, "children": children}


def _check(node: Node, kind: type) -> Node:
    """Let the result of a node be null or of this kind. What a path starts from may be anything, as in `[0] || left`."""
    return node if node["type"] in {"identity", "current"} else {"type": CHECK, "kind": kind, "children": [node]}


def _checked_input(node: Node) -> Node:
    """Add the check that what a path starts from is an object."""
    first = node
    while first["type"] in {*_OPERANDS, CHECK, "pipe"}:
        first = first["children"][0]
    if first["type"] != "field":
        return node
    return {"type": "pipe", "children": [{"type": CHECK, "kind": dict, "children": [{"type": "current", "children": []}]}, node]}
