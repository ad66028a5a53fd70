"""JMESPath selects from JSON whose numbers are decimals, and its functions know them as numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.providers.selection import Selection
from exporter.providers.values import Mismatch, decode_json

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4)


@pytest.mark.parametrize(
    ("expression", "body", "expected"),
    [
        ("data.left", '{"data": {"left": 42.10}}', Decimal("42.1")),
        ("data.left", '{"data": null}', None),
        ("data.left", '{"data": [1]}', None),
        ("data.left", "5", None),
        ("sum(pools[].left)", '{"pools": [{"left": 0.1}, {"left": 0.2}, {"left": 3}]}', Decimal("3.3")),
        ("max(@)", "[1.5, 20, 3]", Decimal(20)),
        ("min(@)", "[1.5, 20, 3]", Decimal("1.5")),
        ("avg(@)", "[1, 2]", Decimal("1.5")),
        ("abs(@)", "-1.5", Decimal("1.5")),
        ("sort(@)", "[3, 1, 2]", [Decimal(1), Decimal(2), Decimal(3)]),
        ("to_number(@)", '"1010.00"', Decimal(1010)),
        ("to_number(@)", "12.5", Decimal("12.5")),
        ("to_number(@)", "null", None),
        ("to_number(@)", '"many"', None),
        ("to_number(@)", '"NaN"', None),
        ("to_number(@)", '"1e999"', None),
        ("to_number(@)", "NaN", None),
        ("to_number(@)", "1e999", None),
        ("to_number(@)", "true", None),
        ("to_number(@)", "[1]", None),
        ("type(@)", "1.5", "number"),
        ("type(@)", "NaN", "number"),
        ("type(@)", '"1.5"', "string"),
        ("type(@)", "true", "boolean"),
        ("type(@)", "[]", "array"),
        ("type(@)", "{}", "object"),
        ("type(@)", "null", "null"),
        ("not_null(a, b)", '{"a": null, "b": 0}', Decimal(0)),
        ("pools[?left > `1`].name", '{"pools": [{"left": 1, "name": "a"}, {"left": 1.01, "name": "b"}]}', ["b"]),
        ("pools[?left == `0`].name", '{"pools": [{"left": 0.0, "name": "a"}, {"left": 1, "name": "b"}]}', ["a"]),
        ("@ <= `5`", "5.0", True),
        ("@ < `5`", "5.0", False),
        ("@ != `5`", "5.5", True),
        ("contains(@, `5`)", "[5.0]", True),
    ],
)  # fmt: skip
def test_an_expression_selects(expression: str, body: str, expected: object) -> None:
    assert Selection(expression).of(decode_json(body.encode())) == expected


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        ("sum(@)", "null"),
        ("sum(@)", "5"),
        ("sum(@)", '["1"]'),
        ("sum(@)", "[1, null]"),
        ("sum(pools[].left)", "{}"),
        ("max(@)", '[1, "2"]'),
        ("max(@)", "[1, NaN]"),
        ("max(@)", "[true]"),
        ("length(@)", "5"),
        ("abs(@)", "true"),
        ("@ > `1`", "NaN"),
        ("no_such_function(@)", "1"),
        ("sum(@, @)", "[1]"),
    ],
)
def test_a_function_over_the_wrong_kind_is_a_mismatch(expression: str, body: str) -> None:
    with pytest.raises(Mismatch):
        Selection(expression).of(decode_json(body.encode()))


@settings(deadline=None)
@given(st.lists(amounts, min_size=1))
def test_sums_and_extremes_are_exact(numbers: list[Decimal]) -> None:
    assert Selection("sum(@)").of(numbers) == sum(numbers)
    assert Selection("[max(@), min(@)]").of(numbers) == [max(numbers), min(numbers)]


@settings(deadline=None)
@given(amounts, amounts)
def test_decimals_compare_by_value(one: Decimal, other: Decimal) -> None:
    compared = Selection("[a < b, a <= b, a == b, a != b, a >= b, a > b]").of({"a": one, "b": other})
    assert compared == [one < other, one <= other, one == other, one != other, one >= other, one > other]


def test_one_and_zero_are_no_booleans() -> None:
    assert Selection("[a == `true`, b == `false`]").of({"a": Decimal(1), "b": Decimal(0)}) == [False, False]


@pytest.mark.parametrize("expression", ["", "data..left", "data[", "sum(", "a b", "'open", "data.left |"])
def test_a_bad_expression_is_refused_when_it_is_compiled(expression: str) -> None:
    with pytest.raises(ValueError, match="JMESPath") as caught:
        Selection(expression)
    assert "\n" not in str(caught.value)


def test_a_selection_shows_its_expression() -> None:
    assert str(Selection("data.left | [0]")) == "data.left | [0]"
