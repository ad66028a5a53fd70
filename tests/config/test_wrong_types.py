"""Every key of every file with a value of every wrong kind: each problem says what is expected, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel, ValidationError

from exporter.config.account_files import AccountFile
from exporter.config.credentials import Login, SecretSource
from exporter.config.models import Account, Config, Defaults, RequestBudget, StateFields
from exporter.providers.credential import Credential
from exporter.providers.definition import Definition
from exporter.providers.quota_fields import QuotaFields
from exporter.providers.request_fields import Request
from exporter.validation.fields import dotted
from exporter.validation.problems import FieldProblem, problems_of
from exporter.web.web_config.blocks import Headers, Http, RateLimit, Tls, WebFile
from tests.config.support import ACCOUNT, CANARY
from tests.providers.made_up import ACME

FOREIGN: Final = re.compile(
    r"Input should|Field required|Extra inputs|valid (?:integer|string|number|boolean|dictionary|list|date|tuple)|(?:bool|int|float|string|list|dict|tuple|model|decimal|path)_(?:type|parsing)|extra_forbidden|"
    r"Value error|instance of|pydantic|NoneType|Decimal|dict\b|\bstr\b|\bint\b|tuple|mapping"
)
HELPFUL: Final = re.compile(
    r"expected|is required|unknown key; |\buse |did you mean|put it in quotes|choose|set (?:it|both)|remove|not both|needs|create one|must be|has no|is not|no such file; relative names"
)
VALUES: Final[dict[str, Any]] = {
    "nothing": None,
    "a truth value": True,
    "zero": 0,
    "a negative number": -1,
    "a large number": 10**30,
    "a fraction": 1.5,
    "infinity": float("inf"),
    "not a number": float("nan"),
    "a date": date(2026, 1, 1),
    "empty text": "",
    "text": CANARY,
    "long text": "x" * 5000,
    "half of a character": "\ud800",
    "a list": [],
    "a list of numbers": [1],
    "a list of lists": [[[]]],
    "a list of text": [CANARY],
    "a block": {},
    "a block with an unknown key": {"colour": "red"},
    "a block with a numeric key": {1: 1},
    "a block with an empty key": {"": None},
    "a block of blocks": {"a": {"b": {"c": []}}},
}
ROOTS: Final[dict[type[BaseModel], dict[str, Any]]] = {
    Config: {"accounts": [ACCOUNT]},
    Account: dict(ACCOUNT),
    Defaults: {},
    RequestBudget: {},
    StateFields: {"path": "state.db"},
    SecretSource: {},
    Login: {"client_id": "x", "refresh_token_file": "token"},
    AccountFile: {"accounts": []},
    Definition: dict(ACME),
    WebFile: {},
    Tls: {},
    Http: {},
    Headers: {},
    RateLimit: {},
}


def cases() -> Iterator[Any]:
    for model, body in ROOTS.items():
        yield pytest.param(model, [*VALUES.values()], id=model.__name__)
        for name, field in model.model_fields.items():
            key = field.alias or name
            yield pytest.param(model, [{**body, key: value} for value in VALUES.values()], id=f"{model.__name__}.{key}")


@pytest.mark.parametrize(("model", "wrong"), [*cases()])
def test_a_wrong_value_is_reported_with_what_is_expected(model: type[BaseModel], wrong: list[object], tmp_path: Path) -> None:
    found = [problem for data in wrong for problem in problems(model, data, tmp_path)]
    assert found
    assert [message for _, message in found if FOREIGN.search(message) or not HELPFUL.search(message)] == []
    assert not any("canary" in text for problem in found for text in problem)


def problems(model: type[BaseModel], data: object, folder: Path) -> list[FieldProblem]:
    try:
        model.model_validate(data, context=folder)
    except ValidationError as error:
        return list(problems_of(error, model))
    return []


FULL: Final[dict[str, Any]] = {
    **ACME,
    "requests": [{"path": "/v1/balance", "expect": "data", "quotas": [{"resource": "wallet", "unit": "usd", "remaining": "data.left"}]}],
}
INNER: Final[dict[tuple[str | int, ...], type[BaseModel]]] = {
    ("requests", 0): Request,
    ("requests", 0, "quotas", 0): QuotaFields,
    ("credentials", "token"): Credential,
}


def definition_cases() -> Iterator[Any]:
    """The blocks inside a definition, one key at a time."""
    for place, model in INNER.items():
        for key in model.model_fields:
            yield pytest.param((*place, key), id=dotted((*place, key)))


def replaced(data: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    copy = list(data) if isinstance(data, list) else dict(data)
    copy[place[0]] = replaced(copy[place[0]] if place[1:] else None, place[1:], value)
    return copy


@pytest.mark.parametrize("place", [*definition_cases()])
def test_a_wrong_value_in_a_definition_is_reported_with_what_is_expected(place: tuple[Any, ...], tmp_path: Path) -> None:
    found = [problem for value in VALUES.values() for problem in problems(Definition, replaced(FULL, place, value), tmp_path)]
    assert found
    assert [message for _, message in found if FOREIGN.search(message) or not HELPFUL.search(message)] == []
