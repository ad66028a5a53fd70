"""JMESPath on JSON whose numbers are decimals; its functions accept them as numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.providers.selection import Selection
from exporter.providers.values import Mismatch, decode_json, to_decimal

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
        ("to_number(@)", "NaN"),
        ("to_number(@)", "1e999"),
        ("floor(@)", "1e400000000"),
        ("ceil(@)", "-1e400000000"),
        ("floor(@)", "1e5000"),
        ("max_by(@, &left)", '[{"left": 1}, {"left": NaN}]'),
    ],
)
def test_a_function_of_the_wrong_type_is_a_mismatch(expression: str, body: str) -> None:
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


@pytest.mark.parametrize("expression", ["(" * 100_000, "a" + "[" * 5_000, "!" * 100_000])
def test_an_expression_that_cannot_be_compiled_is_reported(expression: str) -> None:
    with pytest.raises(ValueError, match="is not a JMESPath expression: ") as caught:
        Selection(expression)
    assert len(str(caught.value)) < 500


FUNCTIONS = [
    *("floor(@)", "ceil(@)", "abs(@)", "to_number(@)", "to_string(@)", "sum([@])", "sum([@, @])", "avg([@, `3`])", "max([@, `1`])"),
    *("min([@, `1`])", "sort([@, `1`])", "max_by([{a: @}, {a: `1`}], &a)", "min_by([{a: @}], &a)", "sort_by([{a: @}, {a: `1`}], &a)"),
    *("@ > `1`", "@ == `1`", "[@][?@ < `5`] | [0]", "not_null(@)", "to_array(@)", "contains([`1`], @)", "floor(to_number(to_string(@)))"),
]
extreme_numbers = st.one_of(
    st.from_regex(r"-?[1-9][0-9]{0,3}(?:\.[0-9]{1,5})?[eE][+-]?[0-9]{1,10}", fullmatch=True),
    st.tuples(st.sampled_from(["", "-", "0.", "-0."]), st.integers(700, 6_000)).map(lambda parts: parts[0] + "9" * parts[1]),
    st.sampled_from(["NaN", "Infinity", "-Infinity", "1e-1000001", "1e400000000", "-1e5000", "0e999999999999999999999", "1e308", "5e-324"]),
)


@settings(deadline=None)
@given(st.sampled_from(FUNCTIONS), extreme_numbers)
def test_a_function_of_an_extreme_number_gives_a_bounded_number_or_a_mismatch(expression: str, number: str) -> None:
    try:
        found = to_decimal(Selection(expression).field_of(decode_json(number.encode())))
    except Mismatch:
        return
    assert found is None or (len(found.as_tuple().digits) <= 800 and abs(found.adjusted()) < 400)


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        *[
            ("wallet.left", body)
            for body in ('{"wallet": 5}', '{"wallet": "5"}', '{"wallet": []}', '{"wallet": [{"left": 5}]}', '{"wallet": true}')
        ],
        *[("wallet.left", body) for body in ("5", "[]", '"text"', "true")],
        ("left", "[]"),
        ("data.wallet.left", '{"data": {"wallet": 0}}'),
        ("data.wallet.left", '{"data": 0}'),
        ("not_null(a.b, c.d)", '{"a": 1, "c": {"d": 1}}'),
        ("pools[0].left", '{"pools": {"left": 1}}'),
        ("pools[0].left", '{"pools": [1]}'),
        ("pools[].left", '{"pools": 5}'),
        ("sum(pools[].left)", '{"pools": [1, 2]}'),
        ("sum(pools[*].left.now)", '{"pools": [{"left": 1}]}'),
        ("pools[?kind == 'api'].left", '{"pools": "none"}'),
        ("models.*.left", '{"models": [1]}'),
        ("wallet.left | [0]", '{"wallet": 5}'),
    ],
)
def test_a_path_through_a_value_of_another_type_is_a_mismatch(expression: str, body: str) -> None:
    with pytest.raises(Mismatch):
        Selection(expression).field_of(decode_json(body.encode()))


@pytest.mark.parametrize(
    ("expression", "body", "expected"),
    [
        *[("wallet.left", body, None) for body in ("null", "{}", '{"wallet": null}', '{"wallet": {}}', '{"wallet": {"left": null}}')],
        ("wallet.left", '{"wallet": {"left": 5}}', Decimal(5)),
        ("wallet | left", '{"wallet": true}', None),
        ("wallet | left", '{"wallet": {"left": 5}}', Decimal(5)),
        ("pools[0].left", '{"pools": [{"left": 5}]}', Decimal(5)),
        ("pools[0].left", '{"pools": []}', None),
        ("sum(pools[].left)", '{"pools": [{"left": 5}, {"left": 6}]}', Decimal(11)),
        ("pools[?kind == 'api'].left | [0]", '{"pools": [5, {"kind": "api", "left": 6}]}', Decimal(6)),
        ("models.*.left", '{"models": {"a": {"left": 1}, "total": 5}}', [Decimal(1)]),
        ("pools.length(@)", '{"pools": [1, 2]}', 2),
        ("[0].left", '[{"left": 5}]', Decimal(5)),
        ("length(@)", "[1]", 1),
    ],
)
def test_a_path_leads_through_objects_and_null(expression: str, body: str, expected: object) -> None:
    assert Selection(expression).field_of(decode_json(body.encode())) == expected


def test_a_selection_shows_its_expression() -> None:
    assert str(Selection("data.left | [0]")) == "data.left | [0]"


@pytest.mark.parametrize(
    "call",
    ["sum(rows[].cost)", "avg(rows[*].cost)", "max(rows[].cost)", "min(*.cost)", "sum(rows[?id].cost)", "max_by(rows[].part, &cost).cost"],
)
@pytest.mark.parametrize(
    "body",
    [
        '{"rows": [{"id": 1, "cost": 2, "part": {"cost": 1}}, {"id": 2}]}',
        '{"a": {"cost": 1}, "rows": [{"id": 1, "cost": null, "part": null}]}',
    ],
)
def test_a_function_of_a_whole_list_never_passes_over_an_element(call: str, body: str) -> None:
    """JMESPath drops an element whose field is absent or null. The sum of the others would be a wrong number."""
    with pytest.raises(Mismatch):
        Selection(call).field_of(decode_json(body.encode()))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("sum(rows[?cost != null].cost)", Decimal(3)),
        ("max(rows[?cost].cost)", Decimal(2)),
        ("sum(rows[?none].cost)", 0),
        ("length(rows[].cost)", 2),
    ],
)
def test_a_filter_leaves_elements_out_on_purpose(call: str, expected: object) -> None:
    assert Selection(call).field_of(decode_json(b'{"rows": [{"cost": 1}, {"cost": 2}, {"cost": null}, {}]}')) == expected
