"""What an expression reads in a body is recorded, and the expression selects the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from exporter.providers.inspection.traces import places, traced, written
from exporter.providers.selection import Selection

BODY: dict[str, Any] = {
    "data": {"left": Decimal(5), "list": [{"a": Decimal(1), "b": "x"}, {"a": Decimal(2), "b": "y"}], "numbers": [Decimal(3), Decimal(4)]},
    "other": None,
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("data.left", {"data", "data.left"}),
        ("data.absent", {"data", "data.absent"}),
        ("data.list[].a", {"data", "data.list", "data.list[0]", "data.list[1]", "data.list[0].a", "data.list[1].a"}),
        ("data.list[-1].a", {"data", "data.list", "data.list[1]", "data.list[1].a"}),
        ("data.numbers[5]", {"data", "data.numbers"}),
        ("data.numbers[:1]", {"data", "data.numbers", "data.numbers[0]"}),
        ("contains(data.numbers, `3`)", {"data", "data.numbers", "data.numbers[0]", "data.numbers[1]"}),
        ("type(data) == 'object' && length(data.list) > `1`", {"data", "data.list"}),
        ("keys(data)", {"data"}),
        ("values(data.list[0])", {"data", "data.list", "data.list[0]", "data.list[0].a", "data.list[0].b"}),
        ("other.deep", {"other"}),
    ],
)
def test_the_places_that_an_expression_reads_are_recorded(expression: str, expected: set[str]) -> None:
    trace = traced(BODY)
    assert Selection(expression).of(trace.body) == Selection(expression).of(BODY)
    assert {written(place) for place in trace.reads} == expected


def test_the_items_of_an_object_are_all_its_fields() -> None:
    trace = traced({"a": Decimal(1)})
    assert [*trace.body.items()] == [("a", Decimal(1))]
    assert trace.reads == {("a",)}


def test_the_wanted_values_of_a_body_are_found_with_their_places() -> None:
    found = {written(place): value for place, value in places(BODY, lambda value: isinstance(value, Decimal))}
    assert found == {
        "data.left": 5, "data.list[0].a": 1, "data.list[1].a": 2, "data.numbers[0]": 3, "data.numbers[1]": 4,
    }  # fmt: skip
    assert written(()) == "@"
