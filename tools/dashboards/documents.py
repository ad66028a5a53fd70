"""The dashboard files that Grafana provisions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from tools.dashboards.account import account
from tools.dashboards.fleet import fleet
from tools.dashboards.health import health
from tools.dashboards.panels import Json


def documents() -> Mapping[str, str]:
    """The text of each generated file by its path in the repository."""
    boards = {"fleet": fleet(), "account": account(), "exporter-health": health()}
    return {f"grafana/dashboards/{name}.json": f"{json.dumps(board, indent=2, ensure_ascii=False)}\n" for name, board in boards.items()}


def queries(board: Json) -> Iterator[tuple[str, str]]:
    """Every PromQL expression of a dashboard, with its place."""
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for annotation in board["annotations"]["list"]:
        if "expr" in annotation:
            yield f"annotation {annotation['name']}", annotation["expr"]
