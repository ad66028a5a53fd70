"""The example responses for tests: what the vendor sends, and the expected result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from exporter.model import AutoReload, Quota, Reading, Reason, Status
from exporter.providers.definition import Definition
from exporter.providers.extract import extract
from exporter.providers.inspection.example import content_of
from exporter.providers.library import EXAMPLES, packaged_definitions
from exporter.providers.quota_fields import AMOUNTS
from exporter.providers.request_fields import Request
from exporter.providers.response import accept
from tests.providers.fields import Field, fields_of

DEFINITIONS = packaged_definitions()
FOLDERS = (EXAMPLES, Path(__file__).parent / "responses")
"""The examples of the package, which the simulator sends, and further cases."""
PATHS = sorted(path for folder in FOLDERS for path in folder.glob("*/*.json"))


@dataclass(frozen=True)
class Example:
    path: Path
    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.path.parent.name]

    @property
    def request(self) -> Request:
        """The request of this response: the first of the definition, unless the example names another, by its path or with its query."""
        first, *_ = requests = self.definition.requests
        return next((request for request in requests if self.document.get("request") in (request.path, request.name)), first)

    @property
    def status(self) -> int:
        return int(self.document["status"])

    @property
    def content(self) -> bytes:
        return content_of(self.document)

    @property
    def is_happy(self) -> bool:
        return "reading" in self.document and "body" in self.document and "mismatches" not in self.document["reading"]

    @property
    def body(self) -> Any:
        return self.document["body"]

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields that this response can have."""
        return tuple(fields_of(self.request))

    @property
    def reading(self) -> Reading:
        return _reading(self.document["reading"], self.request)

    @property
    def reason(self) -> Reason:
        return Reason(self.document["failure"]["reason"])


def read(definition: Definition, status: int, content: bytes, request: Request | None = None) -> Reading:
    """Read one response; to the first request, unless another is given."""
    request = request or definition.requests[0]
    return extract([(request, accept(definition, request, status, content))])


def _reading(expected: Mapping[str, Any], request: Request) -> Reading:
    status, auto_reload = expected.get("status"), expected.get("auto_reload")
    return Reading(
        quotas=tuple(Quota(**_with_decimals(quota, *AMOUNTS)) for quota in expected.get("quotas", [])),
        info=expected.get("info", {}),
        status=Status(status, request.status.states) if status and request.status else None,
        features=expected.get("features", {}),
        auto_reload=AutoReload(**_with_decimals(auto_reload, "threshold", "amount")) if auto_reload else None,
        created_at=expected.get("created_at"),
        credential_expires_at=expected.get("credential_expires_at"),
        mismatches=tuple(expected.get("mismatches", [])),
    )


def _with_decimals(block: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: Decimal(value) if name in names else value for name, value in block.items()}


ALL = [Example(path, json.loads(path.read_text(encoding="utf-8"))) for path in PATHS]
HAPPY = [example for example in ALL if example.is_happy]
