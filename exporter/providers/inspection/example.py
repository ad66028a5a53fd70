"""Example files: a recorded response of a vendor, and the expected result."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from exporter.errors import PollError
from exporter.model import EXACT, Quota, Reading
from exporter.providers.definition import Definition
from exporter.providers.extract import extract
from exporter.providers.inspection.personal_data import without_personal_data
from exporter.providers.quota_fields import AMOUNTS
from exporter.providers.request_fields import Request
from exporter.providers.response import accept

_KEYS: Final = frozenset({"title", "request", "status", "body", "content", "headers", "source", "reading", "failure"})

_NUMBERS: Final = frozenset({*AMOUNTS, "threshold", "amount"})


def example_of(definition: Definition, request: Request, status: int, content: bytes) -> dict[str, Any]:
    """Return an example, with placeholders for personal data.

    It has no ends of periods, because an example does not depend on the time of its recording.
    """
    body = _body(content)
    outcome = outcome_of(definition, request, status, content_of(body))
    title = f"A response to {request.method} {request.path}." if "reading" in outcome else f"A response with the status {status}."
    named = {"request": request.name} if request is not definition.requests[0] else {}
    return {"title": title, **named, "status": status, **body, **outcome}


def outcome_of(definition: Definition, request: Request, status: int, content: bytes) -> dict[str, Any]:
    """Return the result of a poll with one response, as an example contains it: `reading` or `failure`."""
    try:
        return {"reading": _reading(extract([(request, accept(definition, request, status, content))]))}
    except PollError as error:
        return {"failure": {"reason": str(error.reason)}}


def parse_example(content: bytes) -> dict[str, Any]:
    """Return an example; an empty one if the content is not an example file."""
    try:
        example = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(example, dict) or not example.keys() <= _KEYS or "title" not in example or type(example.get("status")) is not int:
        return {}
    return example if len({"body", "content"} & example.keys()) == len({"reading", "failure"} & example.keys()) == 1 else {}


def content_of(example: Mapping[str, Any]) -> bytes:
    """Return the body of the response that an example contains, as the vendor sends it."""
    return (json.dumps(example["body"]) if "body" in example else str(example["content"])).encode()


def expected_of(example: Mapping[str, Any]) -> dict[str, Any]:
    """Return the expected result of an example, as `outcome_of` returns one."""
    return {name: example[name] for name in ("reading", "failure") if name in example}


def differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    """Yield how the result of a poll differs from that of an example, one line each."""
    one, other = dict(_flat(expected)), dict(_flat(found))
    for name in dict.fromkeys((*one, *other)):
        if one.get(name) != other.get(name):
            yield f"{name}: expected {one.get(name, 'nothing')}, found {other.get(name, 'nothing')}"


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the parts of a result by their names."""
    if isinstance(value, Mapping):
        is_quota = {"resource", "unit"} <= value.keys()
        for key, inner in value.items():
            if not is_quota:
                yield from _flat(inner, f"{name}.{key}".removeprefix("."))
            elif key not in {"resource", "unit"}:
                yield from _flat(inner, f"{value['resource']} in {value['unit']}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{name}[{number}]")
    else:
        is_number = name.rpartition(".")[2] in _NUMBERS or (isinstance(value, int | float) and not isinstance(value, bool))
        yield name, _number(str(value)) if is_number else str(value)


def _number(text: str) -> str:
    try:
        return f"{EXACT.normalize(Decimal(text)):f}"
    except InvalidOperation:
        return text


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
