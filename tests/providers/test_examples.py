"""Each example response has exactly the stated result, and together they use every declared field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exporter.errors import PollError
from exporter.model import Reason
from exporter.simulator.examples import packaged_examples
from exporter.simulator.vendor import packaged_vendor
from tests.providers.examples import ALL, DEFINITIONS, FOLDERS, HAPPY, Example, read
from tests.providers.fields import Field, declared
from tests.providers.figures import figures

QUOTA_KEYS = ["resource", "unit", "remaining", "used", "limit", "overage_limit", "unlimited", "resets_at"]
READING_KEYS = ["quotas", "info", "status", "features", "auto_reload", "created_at", "credential_expires_at", "mismatches"]


@pytest.mark.parametrize("example", [example for example in ALL if "reading" in example.document], ids=lambda example: example.id)
def test_a_good_response_gives_exactly_its_reading(example: Example) -> None:
    assert read(example.definition, example.status, example.content, example.request) == example.reading


@pytest.mark.parametrize("example", [example for example in ALL if "failure" in example.document], ids=lambda example: example.id)
def test_a_bad_response_gives_exactly_its_reason(example: Example) -> None:
    with pytest.raises(PollError) as caught:
        read(example.definition, example.status, example.content, example.request)
    assert caught.value.reason is example.reason


@pytest.mark.parametrize("provider", sorted({example.path.parent.name for example in ALL}))
def test_the_examples_of_a_provider_are_well_formed(provider: str) -> None:
    assert provider in DEFINITIONS
    for example in ALL:
        if example.path.parent.name == provider:
            _has_a_known_request(example)
            _has_its_keys_in_order(example)
            _has_a_well_formed_head(example)
            _has_a_well_formed_outcome(example)
            assert example.path.read_text(encoding="utf-8") == json.dumps(example.document, indent=2, ensure_ascii=False) + "\n", example.id


def _has_a_known_request(example: Example) -> None:
    names = {name for request in example.definition.requests for name in (request.path, request.name)}
    assert example.document.get("request", example.request.name) in names, example.id


def _has_its_keys_in_order(example: Example) -> None:
    document = example.document
    keys = ["title", "source", "request", "status", "headers", "content" if "content" in document else "body"]
    outcome = "failure" if "failure" in document else "reading"
    assert list(document) == [*(key for key in keys if key in document), outcome], example.id
    assert {"title", "status", keys[-1]} <= document.keys(), example.id


def _has_a_well_formed_head(example: Example) -> None:
    title, headers = example.document["title"], example.document.get("headers", {"any": "text"})
    assert title[0].isupper(), example.id
    assert title.endswith("."), example.id
    assert "\n" not in title, example.id
    assert isinstance(example.document.get("source", ""), str), example.id
    assert type(example.document["status"]) is int, example.id
    assert 200 <= example.status < 600, example.id
    assert headers, example.id
    assert all(isinstance(value, str) for value in headers.values()), example.id


def _has_a_well_formed_outcome(example: Example) -> None:
    if "failure" in example.document:
        assert list(example.document["failure"]) == ["reason"], example.id
        assert example.document["failure"]["reason"] in set(Reason), example.id
        return
    reading = example.document["reading"]
    assert list(reading) == [key for key in READING_KEYS if key in reading], example.id
    assert all(reading.values()), f"{example.id}: a key is there only when it says something"
    for quota in reading.get("quotas", []):
        assert list(quota) == [key for key in QUOTA_KEYS if key in quota], example.id
        _has_decimal_strings(quota, "remaining", "used", "limit", "overage_limit")
    _has_decimal_strings(reading.get("auto_reload", {}), "threshold", "amount")


def _has_decimal_strings(block: dict[str, Any], *names: str) -> None:
    assert all(isinstance(block[name], str) for name in names if name in block), block


@pytest.mark.parametrize("provider", DEFINITIONS)
def test_every_declared_field_is_exercised_by_a_happy_example(provider: str) -> None:
    shown: set[str] = set()
    for example in HAPPY:
        if example.definition.name == provider:
            shown |= figures(example.reading).keys()
    assert {field.name: missing for field in declared(DEFINITIONS[provider]) if (missing := _unexercised(field, shown))} == {}


def _unexercised(field: Field, shown: set[str]) -> set[str]:
    """The parts of a field that no example has. Any amount shows its unit and its list."""
    if field.is_unit or field.kind == "list":
        return set() if field.shows & shown else {field.name}
    return set(field.shows - shown)


@pytest.mark.parametrize("provider", DEFINITIONS)
def test_every_provider_has_happy_examples_and_failures(provider: str) -> None:
    own = [example for example in ALL if example.path.parent.name == provider]
    assert any(example.is_happy for example in own)
    assert any("failure" in example.document for example in own)


def test_the_folders_contain_only_examples_and_each_name_once() -> None:
    assert sorted(path for folder in FOLDERS for path in folder.rglob("*") if path.is_file()) == sorted(example.path for example in ALL)
    assert len({example.id for example in ALL}) == len(ALL)


@pytest.mark.parametrize("provider", DEFINITIONS)
def test_the_package_contains_no_failure_that_only_tests_read(provider: str) -> None:
    """The simulator sends one for each of some faults."""
    vendor = packaged_vendor(provider)
    sent = [response.body for response in (*vendor.refusals.values(), vendor.not_found)]
    assert [name for name, example in packaged_examples(provider).items() if "failure" in example and example["body"] not in sent] == []
