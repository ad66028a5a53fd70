"""Expressions that do not pass over what is missing: the elements of a sum, and the conditions for `unlimited`.

JMESPath drops an element whose value is null, and an absent field equals null. So a sum could be wrong, and nothing would report it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from exporter.providers.expressions import compile_expression, expression_field
from exporter.providers.getters import CHECK, Node
from exporter.providers.selection import PROJECTIONS, Interpreter, Selection, checked, evaluate
from exporter.providers.values import Mismatch


class _StrictInterpreter(Interpreter):
    """Visits the nodes that `_with_complete_elements` and `_with_present_fields` put in."""

    def visit_known_comparator(self, node: Node, value: Any) -> Any:
        """Refuse to compare what an element does not have, unless it is compared with null."""
        if not any(_is_null(child) for child in node["children"]) and None in (self.visit(child, value) for child in node["children"]):
            raise Mismatch
        return self.visit_comparator(node, value)  # type: ignore[arg-type]  # the stubs know the library's own nodes only

    def visit_present_comparator(self, node: Node, value: Any) -> Any:
        """Return null where a field is absent: a response without the limit does not report that there is none."""
        if any(self._is_absent(child, value) for child in node["children"] if not _is_null(child)):
            return None
        return self.visit_comparator(node, value)  # type: ignore[arg-type]  # the stubs know the library's own nodes only

    def visit_known_list(self, node: Node, value: Any) -> Any:
        """Return null for a list all of whose parts are absent."""
        found = self.visit_multi_select_list(node, value)  # type: ignore[arg-type]  # as above
        return found if found and any(each is not None for each in found) else None

    def visit_flat_list(self, node: Node, value: Any) -> Any:
        """Return the elements of a list. None of them may be a list: JMESPath would drop an empty one."""
        found = self.visit(node["children"][0], value)
        if isinstance(found, list) and any(isinstance(each, list) for each in found):
            raise Mismatch
        return self.visit_flatten(node, value)  # type: ignore[arg-type]  # as above

    def visit_uniform_list(self, node: Node, value: Any) -> Any:
        """Merge lists, or return a list without any: a list beside other elements is refused."""
        found = self.visit(node["children"][0], value)
        if isinstance(found, list) and len({isinstance(each, list) for each in found}) > 1:
            raise Mismatch
        return self.visit_flatten(node, value)  # type: ignore[arg-type]  # as above

    def _is_absent(self, node: Node, value: Any) -> bool:
        if node["type"] == "subexpression":
            for child in node["children"][:-1]:
                value = self.visit(child, value)
            return self._is_absent(node["children"][-1], value)
        return node["type"] == "field" and not (isinstance(value, dict) and node["value"] in value)


_INTERPRETER: Final = _StrictInterpreter(Interpreter.OPTIONS)


class Elements(Selection):
    """The expression of `each`: a list, all of whose elements are there."""

    __slots__ = ("_strict",)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._strict = _with_complete_elements(checked(self.tree))

    def elements_of(self, body: Any) -> list[Any] | None:
        """Select the elements; None for an absent list.

        Raises:
            Mismatch: it is not a list, or an element is null or lacks what the expression selects in it.
        """
        found = evaluate(_INTERPRETER, self._strict, body)
        if found is None:
            return None
        if not isinstance(found, list) or any(each is None for each in found):
            raise Mismatch
        return found


class Condition(Selection):
    """An expression that selects true or false. A comparison with an absent field is neither."""

    __slots__ = ("_strict",)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._strict = _with_present_fields(self.tree)

    def holds(self, body: Any) -> bool:
        """Whether the expression selects true.

        Raises:
            Mismatch: it selects neither true nor false nor null.
        """
        found = evaluate(_INTERPRETER, self._strict, body)
        if found is None or isinstance(found, bool):
            return bool(found)
        raise Mismatch


def _with_complete_elements(node: Node, *, is_filter: bool = False) -> Node:
    kind, children = node["type"], [*node.get("children", ())]
    for index, child in enumerate(children):
        if isinstance(child, dict):
            children[index] = _with_complete_elements(child, is_filter=is_filter or (kind == "filter_projection" and index == 2))
    if kind in PROJECTIONS:
        children[1] = {"type": "required", "children": [children[1]]}
    is_merged = kind == "flatten" and _unchecked(children[0])["type"] in {*PROJECTIONS, "function_expression"}
    strict = {
        "multi_select_list": "known_list",
        "comparator": "known_comparator" if is_filter else kind,
        "flatten": "uniform_list" if is_merged else "flat_list",
    }
    kind = strict.get(kind, kind)
    return {**node, "type": kind, "children": children}


def _unchecked(node: Node) -> Node:
    return _unchecked(node["children"][0]) if node["type"] == CHECK else node


def _with_present_fields(node: Node) -> Node:
    children = [_with_present_fields(child) if isinstance(child, dict) else child for child in node.get("children", ())]
    return {**node, "type": "present_comparator" if node["type"] == "comparator" else node["type"], "children": children}


def _is_null(node: Node) -> bool:
    """Whether the expression is the value null, or the field of that name, which is used like it."""
    return (node["type"] == "literal" and node["value"] is None) or (node["type"] == "field" and node["value"] == "null")


def _compile_elements(text: str) -> Elements:
    compile_expression(text)
    return Elements(text)


ElementsField = Annotated[Elements, expression_field(_compile_elements)]
"""A field of a definition that selects a list."""
