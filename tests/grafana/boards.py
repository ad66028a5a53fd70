"""The dashboards, and their queries with variables filled in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.dashboards.documents import documents

Json = dict[str, Any]
ROOT = Path(__file__).parent.parent.parent
FILES = documents()
BOARDS: Mapping[str, Json] = {name: json.loads(text) for name, text in FILES.items()}
ANY = {
    "job": ".*",
    "instance": ".*",
    "provider": ".*",
    "account": ".*",
    "resource": ".*",
    "unit": "credits",
    "__rate_interval": "1m",
    "__interval": "5m",
}


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with values in place of variables."""
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(f"${name}", values[name])
    return text


def expressions(values: Mapping[str, str] = ANY) -> Iterator[tuple[str, str, str]]:
    """The file, place and PromQL of every query."""
    for name, board in BOARDS.items():
        for place, expression in queries(board):
            yield name.rpartition("/")[2].removesuffix(".json"), place, filled(expression, values)


def panels(board: Json) -> list[Json]:
    """The panels, without headings."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(board: Json) -> Iterator[tuple[str, str]]:
    """Every PromQL expression of a dashboard, with its place."""
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for annotation in board["annotations"]["list"]:
        if "expr" in annotation:
            yield f"annotation {annotation['name']}", annotation["expr"]
