"""A vendor that does not exist, for cases that no real vendor has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.providers.definition import Definition

ACME: Mapping[str, Any] = {
    "name": "acme",
    "title": "Acme",
    "docs_url": "https://docs.example.com/billing",
    "base_url": "https://api.example.com",
    "credentials": {"token": {"header": "Authorization", "scheme": "Bearer"}},
    "requests": [{"path": "/v1/balance", "expect": "data"}],
}


def definition_of(changes: Mapping[str, Any]) -> Definition:
    return Definition.model_validate({**ACME, **changes})


def quota_of(**fields: Any) -> Definition:
    """A definition with one resource, read from the root of the body."""
    quota = {"resource": "wallet", "unit": "usd", **fields}
    return definition_of({"requests": [{"path": "/v1/balance", "expect": "@", "quotas": [quota]}]})
