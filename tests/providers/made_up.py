"""A vendor that does not exist, for cases that no real vendor has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.errors import ConfigError
from exporter.providers.definition import Definition
from exporter.providers.library import load_definition

ACME: Mapping[str, Any] = {
    "name": "acme",
    "title": "Acme",
    "docs_url": "https://docs.example.com/billing",
    "base_url": "https://api.example.com",
    "credentials": {"token": {"header": "Authorization", "scheme": "Bearer"}},
    "requests": [{"path": "/v1/balance", "expect": "data"}],
}
GET: dict[str, Any] = {"path": "/v1/balance", "expect": "data"}
WALLET: dict[str, Any] = {"resource": "wallet", "unit": "usd"}


def definition_of(changes: Mapping[str, Any]) -> Definition:
    return Definition.model_validate({**ACME, **changes})


def quota_of(**fields: Any) -> Definition:
    """A definition with one resource, read from the root of the body."""
    quota = {"resource": "wallet", "unit": "usd", **fields}
    return definition_of({"requests": [{"path": "/v1/balance", "expect": "@", "quotas": [quota]}]})


def with_quota(**fields: object) -> dict[str, Any]:
    return {"requests": [{**GET, "quotas": [{**WALLET, **fields}]}]}


def refusal_of(path: Path, content: object) -> str:
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_definition(path)
    return "\n".join(str(problem._replace(position=str(path))) for problem in caught.value.problems)
