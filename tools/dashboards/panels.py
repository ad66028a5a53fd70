"""Panels of each kind, with the options that all panels share."""

# ruff: noqa: FBT003 -- the builders of the SDK take booleans by position
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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

from tools.dashboards.units import GREY, PLAIN, Steps, null_mapping, threshold_steps

Json = dict[str, Any]
Override = tuple[str, Sequence[Setting]]
Panel = TypeVar("Panel", stat.Panel, timeseries.Panel, table.Panel, bargauge.Panel)
NO_DATA = "No data yet in this time range."
SOURCE = DataSourceRef("prometheus", "${datasource}")


@dataclass(frozen=True, slots=True)
class Options:
    """Title, texts and field options of a panel. The name of an override is a regular expression if it begins with a slash."""

    title: str
    description: str
    no_value: str = field(kw_only=True)
    """The text of an empty panel: what that means, or what to do."""
    unit: str = "short"
    thresholds: Steps = PLAIN
    mappings: Sequence[ValueMapping] = ()
    overrides: Sequence[Override] = ()
    no_value_color: str = GREY
    decimals: int | None = None
    min_value: float | None = None
    max_value: float | None = None
    links: Sequence[tuple[str, str]] = field(default=())
    """Titles and URLs of the links on a value."""


def encoded(builder: cog.Builder[Any]) -> Json:
    """The JSON that Grafana reads."""
    document: Json = json.loads(json.dumps(builder.build(), cls=JSONEncoder))
    return document


def query(expr: str, legend: str = "", *, ref: str = "A", instant: bool = False) -> prometheus.Dataquery:
    """A range query, or an instant query at the end of the range."""
    made = prometheus.Dataquery().expr(expr).legend_format(legend or "__auto").ref_id(ref)
    return made.instant() if instant else made.range()


def table_query(ref: str, expr: str) -> prometheus.Dataquery:
    """A query whose labels become the columns of a table."""
    return query(expr, ref=ref, instant=True).format(PromQueryFormat.TABLE)


def stat_panel(
    options: Options, *targets: prometheus.Dataquery, named: bool = False, background: bool = False, below: bool = False
) -> Json:
    """Large values; `named` shows the name of each series too. `below` puts several values below each other."""
    panel = (
        _with_options(stat.Panel(), options, targets)
        .color_mode(BigValueColorMode.BACKGROUND_SOLID if background else BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE_AND_NAME if named else BigValueTextMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .wide_layout(False)
        .orientation(VizOrientation.HORIZONTAL if below else VizOrientation.AUTO)
    )
    return encoded(panel)


def time_series_panel(
    options: Options,
    *targets: prometheus.Dataquery,
    stacked: bool = False,
    beside: bool = False,
    area: bool = False,
    limits: str = "off",
    shade: str = "",
) -> Json:
    """Values over time. `area` fills the area below each line, as `stacked` does; `beside` puts the legend to the right.

    `limits` is the style of thresholds, and `shade` is the color that all series have shades of.
    """
    color = dashboard.FieldColor().mode(FieldColorModeId.SHADES if shade else FieldColorModeId.PALETTE_CLASSIC)
    panel = (
        _with_options(timeseries.Panel(), options, targets)
        .legend(_legend(beside=beside))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .draw_style(GraphDrawStyle.LINE)
        .fill_opacity(60 if stacked else 12 if area else 0)
        .line_width(1 if stacked else 2)
        .show_points(VisibilityMode.AUTO)
        .stacking(common.StackingConfig().mode(StackingMode.NORMAL if stacked else StackingMode.NONE).group("A"))
        .color_scheme(color.fixed_color(shade) if shade else color)
    )
    made = encoded(panel)
    made["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] = {"mode": limits}
    return made


def bar_panel(options: Options, *targets: prometheus.Dataquery) -> Json:
    """Horizontal bars, one per series."""
    panel = (
        _with_options(bargauge.Panel(), options, targets)
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .name_placement(BarGaugeNamePlacement.LEFT)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .show_unfilled(True)
        .text(common.VizTextDisplayOptions().title_size(12).value_size(15))
        .display_name("${__series.name}")  # else a single bar has no name
    )
    return encoded(panel)


def table_panel(
    options: Options,
    *targets: prometheus.Dataquery,
    order: Sequence[str],
    names: Mapping[str, str],
    sort: Sequence[tuple[str, bool]] = (),
) -> Json:
    """A table with columns in this order and with these names; a column without a name is hidden.

    `sort` has the names of columns and whether the largest value comes first.
    """
    hidden = {name: True for name in order if name not in names}
    indexes = {name: index for index, name in enumerate(order)}
    columns = DataTransformerConfig("organize", options={"excludeByName": hidden, "indexByName": indexes, "renameByName": names})
    by: list[cog.Builder[TableSortByFieldState]] = [common.TableSortByFieldState().display_name(name).desc(desc) for name, desc in sort]
    panel = _with_options(table.Panel(), options, targets).show_header(True).sort_by(by)
    panel = panel.transformations([DataTransformerConfig("merge", options={}), columns])
    made = encoded(panel)
    made["options"]["cellHeight"] = "sm"
    made["fieldConfig"]["defaults"]["mappings"] = []  # the text of an empty panel does not fit into an empty cell
    return made


def _legend(*, beside: bool) -> common.VizLegendOptions:
    legend = common.VizLegendOptions().show_legend(True)
    if not beside:
        return legend.display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).calcs([])
    table = legend.display_mode(LegendDisplayMode.TABLE).placement(LegendPlacement.RIGHT).calcs(["lastNotNull"])
    return table.sort_by("Last *").sort_desc(False)


def _with_options(panel: Panel, options: Options, targets: Sequence[prometheus.Dataquery]) -> Panel:
    panel = panel.title(options.title).description(options.description).datasource(SOURCE).unit(options.unit).no_value(options.no_value)
    panel = panel.thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(threshold_steps(options.thresholds)))
    panel = panel.mappings([*options.mappings, *null_mapping(options.no_value, options.no_value_color)]).color_scheme(
        dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS)
    )
    panel = panel.data_links([dashboard.DashboardLink(title).url(url) for title, url in options.links])
    panel = panel.targets([target.datasource(SOURCE) for target in targets])
    panel = panel if options.decimals is None else panel.decimals(options.decimals)
    panel = panel if options.min_value is None else panel.min(options.min_value)
    panel = panel if options.max_value is None else panel.max(options.max_value)
    for name, settings in options.overrides:
        panel = panel.override_by_regexp(name, list(settings)) if name.startswith("/") else panel.override_by_name(name, list(settings))
    return panel
