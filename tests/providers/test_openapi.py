"""Where a vendor publishes a description of its API, each selected field is in it, with a type that the definition can use.

`openapi/NAME.json` contains the names and the types of the fields of the responses that the definition reads.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.providers.inspection.declared import Kind
from exporter.providers.inspection.traces import general
from exporter.providers.request_fields import Request
from exporter.validation.problems import Place
from tests.providers.bodies import at, leaves, lists
from tests.providers.examples import DEFINITIONS, HAPPY
from tests.providers.fields import Field, fields_of

FOLDER: Final = Path(__file__).parent / "openapi"
CUTS: Final = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.iterdir())}
COMPATIBLE: Final[dict[Kind, set[str]]] = {
    "number": {"number", "integer", "string"},
    "time": {"number", "integer", "string"},
    "text": {"string", "integer", "number"},
    "boolean": {"boolean"},
    "list": {"list"},
}
ANY_KEY: Final = "*"
"""The key for all fields of an object whose names are not fixed."""
UNDESCRIBED: Final = {
    ("heygen", "data.wallet.auto_reload"): "a public client declares a boolean in place of the object",
    ("vast", "credit"): "the vendor's own page on this request shows it",
    ("vast", "autobill_threshold"): "the vendor's page on its command `set user` lists it",
    ("vast", "autobill_amount"): "public clients read it beside the threshold",
}
"""Places beyond the descriptions."""
DESCRIBED: Final = [
    (provider, request.name)
    for provider, cut in CUTS.items()
    for request in DEFINITIONS[provider].requests
    if f"{request.method} {request.path}" in cut["responses"]
]


def described(schema: Any, place: Place) -> Any:
    """What the description has at a place; None where there is nothing."""
    for key in place:
        if isinstance(key, int):
            schema = schema[0] if isinstance(schema, list) else None
        else:
            schema = schema.get(key, schema.get(ANY_KEY)) if isinstance(schema, dict) else None
    return schema


def types_of(schema: Any) -> set[str]:
    if isinstance(schema, str):
        return set(schema.split(" or "))
    return {"list"} if isinstance(schema, list) else {"object"} if isinstance(schema, dict) else set()


def values_of(field: Field, body: Any) -> set[Place]:
    """The places of what a field selects, where the example has something."""
    if field.kind == "list":
        return field.reads(body) & {*lists(body)}
    return {place for place in leaves(body) if at(body, place) is not None and field.is_value(body, place)}


@pytest.mark.parametrize(("provider", "name"), DESCRIBED)
def test_the_vendor_s_description_has_every_selected_field_with_a_usable_type(provider: str, name: str) -> None:
    request = next(each for each in DEFINITIONS[provider].requests if each.name == name)
    schema = CUTS[provider]["responses"][f"{request.method} {request.path}"]
    bodies = [example.body for example in HAPPY if example.definition.name == provider and example.request is request]
    problems = {problem for field in fields_of(request) for problem in _problems(field, schema, bodies)}
    assert {place for place, _ in problems if (provider, place) not in UNDESCRIBED} == set(), problems


def _problems(field: Field, schema: Any, bodies: list[Any]) -> set[tuple[str, str]]:
    """The places that are not described, or have another type."""
    problems, values = set(), [(body, place) for body in bodies for place in values_of(field, body)]
    for body in bodies:
        read = {place for place in field.reads(body) if at(body, place) is not None}
        problems |= {(general(place), f"is not described, but {field.name} reads it") for place in read if described(schema, place) is None}
    for _, place in values:
        if not (types := types_of(described(schema, place))) & COMPATIBLE[field.kind]:
            problems.add((general(place), f"is {types}, but {field.name} is a {field.kind}"))
    return problems if values or field.kind == "list" else {*problems, (field.name, "is in no example")}


@pytest.mark.parametrize("provider", CUTS)
def test_a_description_says_where_it_is_from_and_belongs_to_requests(provider: str) -> None:
    cut = CUTS[provider]
    assert set(cut) == {"source", "date", "responses"}
    assert cut["source"].startswith("https://")
    assert date.fromisoformat(cut["date"]) <= date(2026, 11, 26)
    assert cut["responses"].keys() <= {f"{request.method} {request.path}" for request in DEFINITIONS[provider].requests}


def test_a_field_that_is_not_described_is_found() -> None:
    request: Request = DEFINITIONS["liveavatar"].requests[0]
    [field] = fields_of(request)
    body = {"data": {"credits_left": "5"}}
    assert _problems(field, {"data": {"credits_left": "string"}}, [body]) == set()
    assert _problems(field, {"data": {"credits": "string"}}, [body])
    assert _problems(field, {"data": {"credits_left": "boolean"}}, [body])
    assert _problems(field, {"data": {"credits_left": ["string"]}}, [body])
    assert _problems(field, {"data": {"credits_left": "string"}}, [])
