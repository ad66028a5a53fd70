"""Writes the copies of the dashboards for grafana.com, which a release attaches: `python -m tools.grafana_com FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]
DASHBOARDS = Path(__file__).resolve().parents[1] / "grafana" / "dashboards"
VARIABLE, INPUT = "${datasource}", "${DS_PROMETHEUS}"
LINKED = "&${datasource:queryparam}"
OLDEST = "12.0.0"


def main(folder: str) -> None:
    """Write one file per dashboard."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for path in sorted(DASHBOARDS.glob("*.json")):
        board = importable(json.loads(path.read_text(encoding="utf-8")))
        (Path(folder) / f"dashboard-{path.name}").write_text(f"{json.dumps(board, indent=2, ensure_ascii=False)}\n", encoding="utf-8")


def importable(board: Json) -> Json:
    """The dashboard for the import dialog, which asks for the data source. A provisioned file cannot: nothing would answer."""
    variables = [each for each in board["templating"]["list"] if each["type"] != "datasource"]
    kinds = sorted({panel["type"] for panel in board["panels"]} - {"row"})
    source = {
        "name": "DS_PROMETHEUS",
        "label": "Prometheus",
        "description": "",
        "type": "datasource",
        "pluginId": "prometheus",
        "pluginName": "Prometheus",
    }
    return {
        "__inputs": [source],
        "__elements": {},
        "__requires": [
            {"type": "grafana", "id": "grafana", "name": "Grafana", "version": OLDEST},
            {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
            *({"type": "panel", "id": kind, "name": kind, "version": ""} for kind in kinds),
        ],
        **_replaced({**board, "templating": {"list": variables}}),
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


if __name__ == "__main__":
    main(*sys.argv[1:])
