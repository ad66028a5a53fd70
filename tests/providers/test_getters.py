"""A compiled expression selects what JMESPath's own interpreter selects."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.providers.selection import Interpreter, Selection, checked, evaluate
from exporter.providers.values import Mismatch, decode_json

INTERPRETER = Interpreter(Interpreter.OPTIONS)

NAMES = st.sampled_from("abc")
LITERALS = st.sampled_from(["`0`", "`1`", "`true`", "`null`", "'x'", "`[]`", '`{"a": 1}`'])
STEPS = st.sampled_from([".a", ".b", ".c", "[0]", "[-1]", "[]", "[*]", ".*", "[1:]", "[?a == `1`]", "[?b].c", " | a", " | [0]", ".[a, b]"])
FUNCTIONS = st.sampled_from(
    ["type(%s)", "to_number(%s)", "to_string(%s)", "not_null(%s, b)", "sum(%s)", "max(%s)", "length(%s)", "keys(%s)", "sort_by(%s, &a)"]
)
EXPRESSIONS = st.recursive(
    NAMES | LITERALS | st.just("@"),
    lambda inner: st.one_of(
        st.tuples(inner, STEPS).map("".join),
        st.tuples(inner, st.sampled_from([" || ", " && ", " == ", " != ", " < ", " >= ", " | "]), inner).map("".join),
        inner.map("!{}".format),
        inner.map("({})".format),
        st.tuples(FUNCTIONS, inner).map(lambda parts: parts[0] % parts[1]),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: f"[{', '.join(parts)}]"),
        inner.map("{{a: {}, b: c}}".format),
    ),
    max_leaves=6,
)
TEXTS = st.recursive(
    st.sampled_from(["null", "true", "false", "0", "1", "-1.5", "1e999", '"x"', '"1"', '""']),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]")
        | st.dictionaries(NAMES, inner, max_size=3).map(
            lambda parts: "{" + ",".join(f'"{key}":{value}' for key, value in parts.items()) + "}"
        )
    ),
    max_leaves=8,
)
PATHS = st.lists(NAMES | st.sampled_from(["[0]", "[-1]"]), min_size=1, max_size=5).map(lambda parts: ".".join(parts).replace(".[", "["))


def outcome(select: Any, *arguments: Any) -> str:
    """What was selected, with its types: 0 equals false in Python."""
    try:
        return repr(select(*arguments))
    except Mismatch:
        return "mismatch"


@settings(max_examples=700)
@given(EXPRESSIONS | PATHS, TEXTS)
@example("a.b.c", '{"a": {"b": {"c": 1}}}')
@example("a.b", '{"a": [1]}')
@example("!a", '{"a": 0}')
@example("a < b", '{"a": 1e999, "b": 1}')
@example("[?a > `0`].b | [0]", '[{"a": 1, "b": 2}]')
def test_it_selects_what_the_interpreter_selects(expression: str, text: str) -> None:
    selection, body = Selection(expression), decode_json(text.encode())
    assert outcome(selection.of, body) == outcome(evaluate, INTERPRETER, selection.tree, body)
    assert outcome(selection.field_of, body) == outcome(evaluate, INTERPRETER, checked(selection.tree), body)
