"""A recorded response as an example file: what the vendor sends, and the expected result."""

from __future__ import annotations

import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from exporter.errors import PollError
from exporter.model import EXACT, Quota, Reading
from exporter.providers.definition import Definition
from exporter.providers.extract import extract
from exporter.providers.personal_data import without_personal_data
from exporter.providers.request_fields import Request
from exporter.providers.response import accept


def example_of(definition: Definition, request: Request, status: int, content: bytes) -> dict[str, Any]:
    """Return an example, with placeholders for personal data.

    It has no ends of periods, because an example does not depend on the time of its recording.
    """
    body = _body(content)
    content = json.dumps(body["body"]).encode() if "body" in body else content
    try:
        reading = extract([(request, accept(definition, request, status, content))])
        title, outcome = f"A response to {request.method} {request.path}.", {"reading": _reading(reading)}
    except PollError as error:
        title, outcome = f"A response with the status {status}.", {"failure": {"reason": str(error.reason)}}
    named = {"request": request.name} if request is not definition.requests[0] else {}
    return {"title": title, **named, "status": status, **body, **outcome}


def written_example(example: dict[str, Any]) -> str:
    """Write an example as all examples are written."""
    return json.dumps(example, indent=2, ensure_ascii=False) + "\n"


def _body(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content.decode("utf-8-sig"))
        json.dumps(body, allow_nan=False)
    except (ValueError, RecursionError):
        return {"content": content.decode("utf-8", "replace")}
    return {"body": without_personal_data(body)}


def _reading(reading: Reading) -> dict[str, Any]:
    parts = {
        "quotas": [_quota(quota) for quota in reading.quotas],
        "info": dict(reading.info),
        "status": reading.status.current if reading.status else None,
        "features": dict(reading.features),
        "auto_reload": _known(asdict(reading.auto_reload)) if reading.auto_reload else None,
        "created_at": reading.created_at,
        "credential_expires_at": reading.credential_expires_at,
        "mismatches": list(reading.mismatches),
    }
    return {name: value for name, value in parts.items() if value}


def _quota(quota: Quota) -> dict[str, Any]:
    return {name: value for name, value in _known(asdict(quota)).items() if value is not False}


def _known(block: dict[str, Any]) -> dict[str, Any]:
    return {
        name: f"{EXACT.normalize(value):f}" if isinstance(value, Decimal) else value for name, value in block.items() if value is not None
    }
