"""From dashboards to the files of the repository, in two forms: to provision, and to import by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tools.dashboards.account import account
from tools.dashboards.fleet import fleet
from tools.dashboards.health import health
from tools.dashboards.panels import Json

VARIABLE, INPUT = "${datasource}", "${DS_PROMETHEUS}"
LINKED = "&${datasource:queryparam}"
OLDEST = "12.0.0"


def documents() -> Mapping[str, str]:
    """Every file that is written from here: its path in the repository and its text."""
    files: dict[str, str] = {}
    for name, board in (("fleet", fleet()), ("account", account()), ("exporter-health", health())):
        files[f"grafana/dashboards/{name}.json"] = _text(board)
        files[f"grafana/grafana-com/{name}.json"] = _text(importable(board))
    return files


def importable(board: Json) -> Json:
    """The form for Grafana's import dialog, which asks for the data source; provisioned from a file it would not find one."""
    variables = [each for each in board["templating"]["list"] if each["type"] != "datasource"]
    plain = {**board, "templating": {"list": variables}}
    kinds = sorted({panel["type"] for panel in board["panels"]} - {"row"})
    asked = {
        "name": "DS_PROMETHEUS",
        "label": "Prometheus",
        "description": "",
        "type": "datasource",
        "pluginId": "prometheus",
        "pluginName": "Prometheus",
    }
    return {
        "__inputs": [asked],
        "__elements": {},
        "__requires": [
            {"type": "grafana", "id": "grafana", "name": "Grafana", "version": OLDEST},
            {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
            *({"type": "panel", "id": kind, "name": kind, "version": ""} for kind in kinds),
        ],
        **_replaced(plain),
    }


def _replaced(value: Any) -> Any:
    match value:
        case str():
            return value.replace(LINKED, "").replace(VARIABLE, INPUT)
        case dict():
            return {key: _replaced(each) for key, each in value.items()}
        case list():
            return [_replaced(each) for each in value]
        case _:
            return value


def queries(board: Json) -> Iterator[tuple[str, str]]:
    """Every PromQL expression of a dashboard, with where it stands."""
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for annotation in board["annotations"]["list"]:
        if "expr" in annotation:
            yield f"annotation {annotation['name']}", annotation["expr"]


def _text(board: Json) -> str:
    return f"{json.dumps(board, indent=2, ensure_ascii=False)}\n"
