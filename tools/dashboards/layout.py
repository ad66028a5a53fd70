"""Builds a dashboard from rows of panels, variables and annotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tools.dashboards.panels import Json

WIDTH = 24
TAG = "ai-account-exporter"
TITLES: Mapping[str, str] = {
    "ai-account-fleet": "AI accounts / Fleet",
    "ai-account-account": "AI accounts / Account",
    "ai-account-exporter-health": "AI accounts / Exporter health",
}
"""Title by uid. A uid never changes: bookmarks and links contain it."""


@dataclass(frozen=True, slots=True)
class PanelRow:
    """Panels side by side, each with its width."""

    height: int
    panels: Sequence[tuple[int, Json]]


def row_heading(title: str) -> PanelRow:
    """A heading over the rows that follow."""
    return PanelRow(1, ((WIDTH, {"type": "row", "title": title, "collapsed": False, "panels": []}),))


def dashboard(
    uid: str, description: str, rows: Iterable[PanelRow], *, variables: Iterable[Json], annotations: Iterable[Json], since: str
) -> Json:
    """The classic JSON of a dashboard, as Grafana 12 and 13 read it."""
    return {
        "id": None,
        "uid": uid,
        "title": TITLES[uid],
        "description": description,
        "tags": [TAG],
        "schemaVersion": 42,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "browser",
        "time": {"from": since, "to": "now"},
        "refresh": "1m",
        "links": [_link(other) for other in TITLES if other != uid],
        "annotations": {"list": list(annotations)},
        "templating": {"list": list(variables)},
        "panels": placed(rows),
    }


def placed(rows: Iterable[PanelRow]) -> list[Json]:
    """The panels with their positions and ids."""
    panels: list[Json] = []
    top = 0
    for row in rows:
        left = 0
        for width, panel in row.panels:
            panels.append({"id": len(panels) + 1, **panel, "gridPos": {"x": left, "y": top, "w": width, "h": row.height}})
            left += width
        top += row.height
    return panels


def _link(uid: str) -> Json:
    return {
        "type": "link", "title": TITLES[uid].split(" / ")[1], "url": f"/d/{uid}", "icon": "dashboard", "tooltip": TITLES[uid],
        "keepTime": True, "includeVars": True, "targetBlank": False, "asDropdown": False, "tags": [],
    }  # fmt: skip
