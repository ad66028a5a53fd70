"""Overrides for series of a chart."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting

from tools.dashboards.panels import Override
from tools.dashboards.units import money_overrides


def line_of(pattern: str, colour: str) -> Override:
    """A mark to measure by: a dashed line without area."""
    return pattern, [
        Setting("color", {"mode": "fixed", "fixedColor": colour}),
        Setting("custom.lineStyle", {"fill": "dash", "dash": [8, 6]}),
        Setting("custom.fillOpacity", 0),
        Setting("custom.lineWidth", 1),
    ]


def coloured(pattern: str, colour: str) -> Override:
    """A series of a colour that means something."""
    return pattern, [Setting("color", {"mode": "fixed", "fixedColor": colour})]


def same_unit() -> list[Override]:
    """Series whose legend ends in their unit, written in it."""
    return list(money_overrides())
