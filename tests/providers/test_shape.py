"""Paths and kinds of a body, without values and without keys that may be data."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from exporter.providers.echo import Echo
from exporter.providers.extract import extract
from exporter.providers.inspection.findings import NO_ECHO
from exporter.providers.inspection.shape import kinds_of
from exporter.providers.inspection.traces import general, places, traced
from exporter.providers.request_fields import Request
from tests.providers.examples import HAPPY, Example

REQUEST = Request.model_validate(
    {
        "path": "/usage",
        "expect": "users",
        "quotas": [{"resource": "credits", "unit": "credits", "used": {"select": "users.main.used"}}],
    }
)


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ({"a": 1, "b": {"c": "x", "d": None}}, {"a": "a number", "b.c": "text", "b.d": "null"}),
        ({"list": [{"a": 1}, {"a": "1"}, {"a": True}]}, {"list[].a": "a number or text with a number or true or false"}),
        ({"alice@example.com": 1}, {"*": "a number"}),
        ({"4711-0815": 1, "550e8400-e29b-41d4-a716-446655440000": 2}, {"*": "a number"}),
        ({"sk-0123456789abcdef0123": 1}, {"*": "a number"}),
        ({"alice": {"used": 1}, "bob": {"used": 2}}, {"*.used": "a number"}),
        ({"users": {"alice": {"used": 1}, "bob": {"used": 2}}}, {"users.*.used": "a number"}),
        ({"users": {"main": {"used": 1}, "bob": {"used": 2}}}, {"users.main.used": "a number", "users.*.used": "a number"}),
        ({"credits": {"left": 1}, "plan": {"name": "x"}}, {"credits.left": "a number", "plan.name": "text"}),
        ({f"key{'a' * (number // 26)}{chr(97 + number % 26)}": 1 for number in range(60)}, {"*": "a number"}),
        ([1, [2]], {"[]": "a number", "[][]": "a number"}),
        (None, {"@": "null"}),
        (
            {"data": [], "plan": {}, "more": [[], {}]},
            {"data": "an empty list", "plan": "an empty object", "more[]": "an empty list or an empty object"},
        ),
    ],
)
def test_a_shape_has_paths_and_kinds(body: Any, kinds: dict[str, str]) -> None:
    assert kinds_of(body, REQUEST, NO_ECHO) == kinds


@pytest.mark.parametrize("key", ["canarycanary", "CANARYCANARY", "Bearer canarycanary", "Y2FuYXJ5Y2FuYXJ5"])
def test_a_key_of_an_object_that_contains_the_secret_is_not_shown(key: str) -> None:
    assert kinds_of({key: {"used": 1}}, REQUEST, Echo(SecretStr("canarycanary"))) == {"*.used": "a number"}


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3)
    )
)
def test_no_value_is_in_a_shape(body: Any) -> None:
    words = {"null", "a number", "text", "text with a number", "an empty list", "an empty object"}
    for kind in kinds_of(body, REQUEST, NO_ECHO).values():
        assert set(kind.split(" or ")) <= words


@pytest.mark.parametrize("example", HAPPY, ids=lambda example: example.id)
def test_every_place_that_a_definition_reads_is_shown(example: Example) -> None:
    trace = traced(example.document["body"])
    extract([(example.request, trace.body)])
    shown = kinds_of(example.document["body"], example.request, NO_ECHO)
    leaves = {place for place, _ in places(example.document["body"])}
    for place in leaves & trace.reads:
        assert any(re.fullmatch(re.escape(path).replace(r"\*", "[^.]+"), general(place)) for path in shown)
