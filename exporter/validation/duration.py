"""Durations as Prometheus writes them: `30s`, `5m`, `1h30m`.

Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/ (the generic placeholder `<duration>`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from exporter.model import Seconds

_UNITS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_PATTERN = "^" + "".join(f"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS) + "$"
_DURATION = re.compile(_PATTERN)


def parse_duration(text: object) -> Seconds:
    """Turn `1h30m` into 5400.0.

    Raises:
        ValueError: it is not a duration, or it is zero; the message shows what one looks like.
    """
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    milliseconds = sum(int(amount or 0) * unit for amount, unit in zip(found.groups(), _UNITS.values(), strict=True)) if found else 0
    if not milliseconds:
        raise ValueError("expected a duration such as 30s, 5m or 1h30m")
    return Seconds(milliseconds / 1000)


def format_duration(seconds: float) -> str:
    """Write a duration in the shortest form that `parse_duration` reads back: 5400 becomes `1h30m`."""
    rest = round(seconds * 1000)
    text = ""
    for name, unit in _UNITS.items():
        amount, rest = divmod(rest, unit)
        text += f"{amount}{name}" if amount else ""
    return text or "0s"


Duration = Annotated[
    Seconds,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "minLength": 2, "examples": ["30s", "5m", "1h30m"]}),
]
"""Seconds, written as a Prometheus duration."""


def default_duration(text: str) -> Any:
    """Return a field with a default: seconds for the program, and text for the JSON Schema."""
    return Field(default=parse_duration(text), json_schema_extra={"default": text})
