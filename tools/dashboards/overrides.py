"""Overrides for the series of a chart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting

from tools.dashboards.panels import Override, query
from tools.dashboards.units import GREY, REASON_COLORS, STATES, threshold_setting


def dashed_line(pattern: str, color: str) -> Override:
    """A dashed reference line without area."""
    return pattern, [
        Setting("color", {"mode": "fixed", "fixedColor": color}),
        Setting("custom.lineStyle", {"fill": "dash", "dash": [8, 6]}),
        Setting("custom.fillOpacity", 0),
        Setting("custom.lineWidth", 1),
    ]


def by_reason() -> list[Override]:
    """The color of each reason of a failed poll."""
    return [colored(reason, color) for reason, color in REASON_COLORS.items()]


def state_counts() -> list[Override]:
    """The color of the number of accounts in each state: no color if there are none."""
    return [(name, [threshold_setting(((None, GREY), (1, color)))]) for name, color in STATES.values()]


def count_states(states: str, which: Iterable[int]) -> Iterator[Dataquery]:
    """A query for the number of accounts in each of these states, the worst one first."""
    for ref, number in zip("ABCDEF", sorted(which, reverse=True), strict=False):
        yield query(f"sum({states} == bool {number})", STATES[number][0], ref=ref, instant=True)


def colored(pattern: str, color: str) -> Override:
    """A series with a fixed color."""
    return pattern, [Setting("color", {"mode": "fixed", "fixedColor": color})]
