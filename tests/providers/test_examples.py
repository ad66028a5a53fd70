"""Each example response has exactly the stated result, and together they use every declared field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import exporter.simulator
from exporter.errors import PollError
from exporter.model import Reason
from exporter.providers.library import EXAMPLES
from tests.providers.examples import ALL, DEFINITIONS, FOLDERS, HAPPY, Example, read
from tests.providers.fields import Field, declared
from tests.providers.figures import figures

QUOTA_KEYS = ["resource", "unit", "remaining", "used", "limit", "overage_limit", "unlimited", "resets_at"]
READING_KEYS = ["quotas", "info", "status", "features", "auto_reload", "created_at", "credential_expires_at", "mismatches"]

each_example = pytest.mark.parametrize("example", ALL, ids=lambda example: example.id)


@pytest.mark.parametrize("example", [example for example in ALL if "reading" in example.document], ids=lambda example: example.id)
def test_a_good_response_gives_exactly_its_reading(example: Example) -> None:
    assert read(example.definition, example.status, example.content, example.request) == example.reading


@pytest.mark.parametrize("example", [example for example in ALL if "failure" in example.document], ids=lambda example: example.id)
def test_a_bad_response_gives_exactly_its_reason(example: Example) -> None:
    with pytest.raises(PollError) as caught:
        read(example.definition, example.status, example.content, example.request)
    assert caught.value.reason is example.reason


@each_example
def test_an_example_belongs_to_a_provider(example: Example) -> None:
    assert example.path.parent.name in DEFINITIONS


@each_example
def test_an_example_has_its_keys_in_the_agreed_order(example: Example) -> None:
    document = example.document
    body = "content" if "content" in document else "body"
    outcome = "failure" if "failure" in document else "reading"
    assert list(document) == [
        "title",
        *(["request"] if "request" in document else []),
        "status",
        *(["headers"] if "headers" in document else []),
        body,
        outcome,
    ]


@each_example
def test_the_head_of_an_example_is_well_formed(example: Example) -> None:
    title, headers = example.document["title"], example.document.get("headers", {"any": "text"})
    assert title[0].isupper()
    assert title.endswith(".")
    assert "\n" not in title
    assert type(example.document["status"]) is int
    assert 200 <= example.status < 600
    assert headers
    assert all(isinstance(value, str) for value in headers.values())


@each_example
def test_the_outcome_of_an_example_is_well_formed(example: Example) -> None:
    if "failure" in example.document:
        assert list(example.document["failure"]) == ["reason"]
        assert example.document["failure"]["reason"] in set(Reason)
        return
    reading = example.document["reading"]
    assert list(reading) == [key for key in READING_KEYS if key in reading]
    assert all(reading.values()), "a key is there only when it says something"
    for quota in reading.get("quotas", []):
        assert list(quota) == [key for key in QUOTA_KEYS if key in quota]
        _has_decimal_strings(quota, "remaining", "used", "limit", "overage_limit")
    _has_decimal_strings(reading.get("auto_reload", {}), "threshold", "amount")


def _has_decimal_strings(block: dict[str, Any], *names: str) -> None:
    assert all(isinstance(block[name], str) for name in names if name in block)


@each_example
def test_all_examples_have_the_same_layout(example: Example) -> None:
    assert example.path.read_text(encoding="utf-8") == json.dumps(example.document, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("provider", DEFINITIONS)
def test_every_declared_field_is_exercised_by_a_happy_example(provider: str) -> None:
    shown: set[str] = set()
    for example in HAPPY:
        if example.definition.name == provider:
            shown |= figures(example.reading).keys()
    assert {field.name: missing for field in declared(DEFINITIONS[provider]) if (missing := _unexercised(field, shown))} == {}


def _unexercised(field: Field, shown: set[str]) -> set[str]:
    """The parts of a field that no example has. Any amount with a unit shows the unit."""
    if field.name.endswith(".unit"):
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


def test_the_package_contains_no_example_that_only_tests_read() -> None:
    """The simulator sends some of them, and the documentation shows a normal one of each provider."""
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(exporter.simulator.__path__[0]).glob("*.py"))
    packaged = [example for example in ALL if EXAMPLES in example.path.parents]
    assert [example.id for example in packaged if not example.is_happy and f'"{example.path.stem}"' not in sources] == []
