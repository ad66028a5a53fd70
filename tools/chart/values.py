"""Reads values.yaml of the chart: each value with its default and the comment above it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parents[2] / "helm" / "ai-account-exporter"
_KEY = re.compile(r"(?P<indent> *)(?P<key>\w+):")


@dataclass(frozen=True, slots=True)
class Value:
    """A documented value."""

    path: str
    """Its keys, separated by dots."""
    default: object
    description: str


def read_values() -> dict[str, Any]:
    """The chart's defaults."""
    values: dict[str, Any] = yaml.safe_load(text_of())
    return values


def text_of() -> str:
    """The text of values.yaml."""
    return (CHART / "values.yaml").read_text("utf-8")


def documented(text: str) -> Iterator[Value]:
    """Every key below a comment that begins with `# --`, in the order of the file."""
    values = yaml.safe_load(text)
    parents: list[tuple[int, str]] = []
    comment: list[str] | None = None
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            comment = _read(comment, stripped)
        elif found := _KEY.match(line):
            parents = [*(each for each in parents if each[0] < len(found["indent"])), (len(found["indent"]), found["key"])]
            if comment:
                keys = [key for _, key in parents]
                yield Value(".".join(keys), _at(values, keys), " ".join(comment))
            comment = None


def _read(comment: list[str] | None, line: str) -> list[str] | None:
    if line.startswith("# -- "):
        return [line.removeprefix("# -- ")]
    return [*comment, line.removeprefix("# ")] if comment else None


def _at(values: Mapping[str, Any], keys: list[str]) -> object:
    found: Any = values
    for key in keys:
        found = found[key]
    return found
