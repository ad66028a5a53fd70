"""Any values are rejected with a message or rendered; no template fails with an internal error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helm.rendering import MINIMAL, VERSIONS, Answer, template
from tools.chart.schema import values_schema
from tools.chart.shapes import Schema

pytestmark = pytest.mark.e2e

REASONS = ("don't meet the specifications of the schema", "invalid values:")
LEFT_OUT = frozenset({"config", "extraObjects", "enabled"})  # `config` has its own tests, and `extraObjects` contains templates
ODD = st.sampled_from([None, True, 0, -1, 1e9, "", "a b", "{{ .Values }}", "é: [", [], [None], ["x"], {}, {"a": {"b": 1}}])
TEXT = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], max_codepoint=0x2FFF), max_size=20)  # characters that YAML allows

PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)

Path = tuple[str, ...]


def leaves(properties: Mapping[str, Schema], parents: Path = ()) -> Iterator[tuple[Path, Schema]]:
    for name, schema in properties.items():
        if parents or name not in LEFT_OUT:
            inner = schema.get("properties")
            yield from leaves(inner, (*parents, name)) if inner and "Probe" not in name else [((*parents, name), schema)]


def like(schema: Any) -> st.SearchStrategy[Any]:
    """Values that the schema accepts."""
    if schema is True or "anyOf" in schema:
        return st.just({})
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds: dict[str, Callable[[Schema], st.SearchStrategy[Any]]] = {
        "boolean": lambda _: st.booleans(),
        "integer": integers,
        "string": texts,
        "array": lists,
        "object": like_object,
    }
    return kinds[schema["type"]](schema)


def integers(schema: Schema) -> st.SearchStrategy[int]:
    return st.integers(schema["minimum"], schema.get("maximum", 10**6))


def texts(schema: Schema) -> st.SearchStrategy[str]:
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z"), fullmatch=True, alphabet=PRINTABLE)
    return TEXT.filter(lambda text: len(text) >= schema.get("minLength", 0))


def lists(schema: Schema) -> st.SearchStrategy[list[Any]]:
    return st.lists(like(schema["items"]), min_size=schema.get("minItems", 0), max_size=2, unique=schema.get("uniqueItems", False))


def like_object(schema: Schema) -> st.SearchStrategy[Any]:
    if required := schema.get("required"):
        return st.fixed_dictionaries({name: like(schema["properties"][name]) for name in required})
    more = schema.get("additionalProperties")
    return st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), like(more) if more else st.nothing(), max_size=2 if more else 0)


def put(values: Mapping[str, Any], path: Path, value: object) -> dict[str, Any]:
    """A copy with the value at that path."""
    key, *rest = path
    below = values.get(key)
    return {**values, key: put(below if isinstance(below, dict) else {}, tuple(rest), value) if rest else value}


LEAVES = dict(leaves(values_schema()["properties"]))
SWITCHES = st.fixed_dictionaries({path: st.booleans() for path in LEAVES if path[-1] == "enabled"})
CHANGES = st.sampled_from(sorted(LEAVES)).flatmap(lambda path: st.tuples(st.just(path), like(LEAVES[path])))
ODDITIES = st.tuples(st.sampled_from(sorted(LEAVES)), ODD)


def is_answered(answer: Answer) -> bool:
    return bool(answer.objects) if answer.code == 0 else any(reason in answer.errors for reason in REASONS)


@settings(max_examples=40)
@given(version=st.sampled_from(VERSIONS), switches=SWITCHES, changes=st.lists(CHANGES, max_size=12))
def test_values_that_the_schema_accepts_are_rendered_or_rejected(
    version: str, switches: dict[Path, bool], changes: list[tuple[Path, Any]]
) -> None:
    values: dict[str, Any] = dict(MINIMAL)
    for path, value in [*switches.items(), *changes]:
        values = put(values, path, value)
    answer = template(values, version)
    assert is_answered(answer), answer.errors
    assert REASONS[0] not in answer.errors


@settings(max_examples=20)
@given(version=st.sampled_from(VERSIONS), odd=ODDITIES)
def test_values_of_another_type_are_rendered_or_rejected(version: str, odd: tuple[Path, Any]) -> None:
    answer = template(put(MINIMAL, *odd), version)
    assert is_answered(answer), answer.errors
