"""Panels of each kind, with what all of ours have in common."""

# ruff: noqa: FBT003 -- the builders of the SDK take switches by position
from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BarGaugeNamePlacement,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TableSortByFieldState,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, FieldColorModeId, ThresholdsMode, ValueMapping
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from tools.dashboards.units import GREY, PLAIN, Steps, nothing, thresholds

Json = dict[str, Any]
Override = tuple[str, Sequence[Setting]]
Panel = TypeVar("Panel", stat.Panel, timeseries.Panel, table.Panel, bargauge.Panel)
SOURCE = DataSourceRef("prometheus", "${datasource}")


@dataclass(frozen=True, slots=True)
class Face:
    """What a panel says and how; an override's pattern between slashes is one for names, else it is a name."""

    title: str
    description: str
    nothing: str = field(kw_only=True)
    """What an empty panel says: what that means, or what to do."""
    unit: str = "short"
    steps: Steps = PLAIN
    mappings: Sequence[ValueMapping] = ()
    overrides: Sequence[Override] = ()
    empty: str = GREY
    """The colour of what an empty one says."""
    decimals: int | None = None
    floor: float | None = None
    ceiling: float | None = None
    links: Sequence[tuple[str, str]] = field(default=())
    """Titles and addresses of where a click on a value leads."""


def encoded(builder: cog.Builder[Any]) -> Json:
    """The JSON that Grafana reads."""
    document: Json = json.loads(json.dumps(builder.build(), cls=JSONEncoder))
    return document


def query(expr: str, legend: str = "", *, ref: str = "A", at_end: bool = False, step: str | None = None) -> prometheus.Dataquery:
    """A query of a range, or `at_end`, of its last moment alone."""
    made = prometheus.Dataquery().expr(expr).legend_format(legend or "__auto").ref_id(ref)
    made = made.instant() if at_end else made.range()
    return made.interval(step) if step else made


def frame(ref: str, expr: str) -> prometheus.Dataquery:
    """A query whose labels become columns."""
    return query(expr, ref=ref, at_end=True).format(PromQueryFormat.TABLE)


def stat_panel(face: Face, *targets: prometheus.Dataquery, named: bool = False, spark: bool = False, background: bool = False) -> Json:
    """Large figures; `named` ones stand beside the names of their series."""
    panel = (
        _dressed(stat.Panel(), face, targets)
        .color_mode(BigValueColorMode.BACKGROUND_SOLID if background else BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.AREA if spark else BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE_AND_NAME if named else BigValueTextMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .wide_layout(False)
    )
    return encoded(panel)


def lines(
    face: Face,
    *targets: prometheus.Dataquery,
    bars: bool = False,
    stacked: bool = False,
    beside: bool = False,
    area: bool = False,
    limits: str = "off",
) -> Json:
    """Figures over time; `beside` puts the legend to the right, and `limits` says how thresholds are drawn."""
    legend = common.VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.TABLE if beside else LegendDisplayMode.LIST)
    legend = legend.placement(LegendPlacement.RIGHT if beside else LegendPlacement.BOTTOM).calcs(["lastNotNull"] if beside else [])
    panel = (
        _dressed(timeseries.Panel(), face, targets)
        .legend(legend)
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .draw_style(GraphDrawStyle.BARS if bars else GraphDrawStyle.LINE)
        .fill_opacity(70 if bars else 12 if area else 0)
        .line_width(1 if bars else 2)
        .show_points(VisibilityMode.NEVER)
        .stacking(common.StackingConfig().mode(StackingMode.NORMAL if stacked else StackingMode.NONE).group("A"))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
    )
    made = encoded(panel)
    made["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] = {"mode": limits}
    return made


def bar_panel(face: Face, *targets: prometheus.Dataquery) -> Json:
    """Horizontal bars, one for each series."""
    panel = (
        _dressed(bargauge.Panel(), face, targets)
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .name_placement(BarGaugeNamePlacement.LEFT)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .show_unfilled(True)
        .text(common.VizTextDisplayOptions().title_size(12).value_size(15))
    )
    return encoded(panel)


def table_panel(
    face: Face, *targets: prometheus.Dataquery, transformations: Iterable[DataTransformerConfig], sort: Sequence[tuple[str, bool]] = ()
) -> Json:
    """Rows; `sort` names columns, and whether the largest comes first."""
    order: list[cog.Builder[TableSortByFieldState]] = [common.TableSortByFieldState().display_name(name).desc(desc) for name, desc in sort]
    panel = _dressed(table.Panel(), face, targets).transformations(list(transformations)).show_header(True).sort_by(order)
    made = encoded(panel)
    made["options"]["cellHeight"] = "sm"
    made["fieldConfig"]["defaults"]["mappings"] = []  # what an empty panel says is not what an empty cell says
    return made


def columns(order: Sequence[str], names: dict[str, str]) -> DataTransformerConfig:
    """The order and the names of a table's columns; one without a name is left out."""
    hidden = {name: True for name in order if name not in names}
    indexes = {name: index for index, name in enumerate(order)}
    return DataTransformerConfig("organize", options={"excludeByName": hidden, "indexByName": indexes, "renameByName": names})


def _dressed(panel: Panel, face: Face, targets: Sequence[prometheus.Dataquery]) -> Panel:
    panel = panel.title(face.title).description(face.description).datasource(SOURCE).unit(face.unit).no_value(face.nothing)
    panel = panel.thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(thresholds(face.steps)))
    panel = panel.mappings([*face.mappings, *nothing(face.nothing, face.empty)]).color_scheme(
        dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS)
    )
    panel = panel.data_links([dashboard.DashboardLink(title).url(url) for title, url in face.links])
    panel = panel.targets([target.datasource(SOURCE) for target in targets])
    panel = panel if face.decimals is None else panel.decimals(face.decimals)
    panel = panel if face.floor is None else panel.min(face.floor)
    panel = panel if face.ceiling is None else panel.max(face.ceiling)
    for name, settings in face.overrides:
        panel = panel.override_by_regexp(name, list(settings)) if name.startswith("/") else panel.override_by_name(name, list(settings))
    return panel
