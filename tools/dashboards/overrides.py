"""Overrides for the series of a chart."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting

from tools.dashboards.panels import Override


def dashed_line(pattern: str, color: str) -> Override:
    """A dashed reference line without area."""
    return pattern, [
        Setting("color", {"mode": "fixed", "fixedColor": color}),
        Setting("custom.lineStyle", {"fill": "dash", "dash": [8, 6]}),
        Setting("custom.fillOpacity", 0),
        Setting("custom.lineWidth", 1),
    ]


def colored(pattern: str, color: str) -> Override:
    """A series with a fixed color."""
    return pattern, [Setting("color", {"mode": "fixed", "fixedColor": color})]
