"""Facts as JSON. Unknown values are left out, and every number is a valid JSON number."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from exporter.overview.facts import Overview


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """Return the serializer of a kind of facts; it takes a moment to build."""
    return TypeAdapter(kind)


def encode(overview: Overview) -> bytes:
    """Return the body of `/api/v1/accounts`: ASCII only, for any text that vendors send."""
    # pydantic's own writer refuses lone surrogates, which an account's name may contain.
    return json.dumps(to_plain(overview), separators=(",", ":"), allow_nan=False).encode("ascii")


def encode_problems(problems: Iterable[str]) -> bytes:
    """Return the body of the response to a query that is not valid."""
    return json.dumps({"problems": [*problems]}, separators=(",", ":")).encode("ascii")


def to_plain(facts: Any) -> dict[str, Any]:
    """Return facts of any kind as data for JSON."""
    kind: Any = type(facts)
    plain: dict[str, Any] = adapter(kind).dump_python(facts, by_alias=True, exclude_none=True)
    return plain
