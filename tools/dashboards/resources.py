"""The table of resources, worst first, on two dashboards."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting
from grafana_foundation_sdk.models.dashboard import ValueMapping

from tools.dashboards import units
from tools.dashboards.expressions import Expressions
from tools.dashboards.panels import Json, Options, Override, table_panel, table_query

FIELDS = {
    "provider": "Provider",
    "account": "Account",
    "resource": "Resource",
    "Value #A": "State",
    "Value #E": "Ends in",
    "Value #B": "Left",
    "unit": "Unit",
    "Value #C": "Of limit",
    "Value #D": "Used in 24 h",
    "Value #F": "Resets in",
    "Value #G": "Data age",
    "reason": "Last error",
}
ACCOUNT_LINK = (
    "/d/ai-account-account?${__url_time_range}&${datasource:queryparam}&${job:queryparam}&${instance:queryparam}"
    '&var-provider=${__data.fields["Provider"]}&var-account=${__data.fields["Account"]}&var-resource=${__data.fields["Resource"]}'
)
HINT = "No states of accounts. Check that Prometheus scrapes the exporter (see Exporter health) and loads rules/recording.yaml."


def resource_table(of: Expressions, title: str, *, fleet: bool) -> Json:
    """One row per resource, and one per account without any."""
    description = (
        "Worst first. Left is the last known value, and Data age is its age. Of limit is what is left of the limit or, if that is less, of your budget. Used in 24 h is what the exporter has observed. Ends in is the exporter's "
        "forecast: no forecast means that no end is expected before the reset or auto reload, or that too little is known yet. Click a name to open the account."
    )
    names = FIELDS if fleet else {key: name for key, name in FIELDS.items() if key not in {"provider", "account"}}
    frames = (
        table_query("A", of.state()),
        table_query("B", f"round({of.remaining()}, 0.01)"),
        table_query("C", of.share_or_reason()),
        table_query("D", f"{of.consumed('1d')} and {of.state()}"),
        table_query("E", of.ends_in_or_reason()),
        table_query("F", of.until_reset()),
        table_query("G", of.on_rows(of.age())),
        table_query("H", of.on_rows(of.reason(), "reason")),
    )
    order = ["Time", *FIELDS, "Value #H"]
    options = Options(title, description, no_value=HINT, overrides=_cells(links=fleet))
    return table_panel(options, *frames, order=order, names=names, sort=[("State", True), ("Ends in", False)])


def _cells(*, links: bool) -> list[Override]:
    link = Setting("links", [{"title": "Show ${__data.fields.Account}", "url": ACCOUNT_LINK}])
    named = [("Provider", [Setting("custom.width", 100)]), ("Account", [Setting("custom.minWidth", 140), link])] if links else []
    return [
        *named,
        ("Resource", [Setting("custom.minWidth", 130), Setting("noValue", "-"), *([link] if links else [])]),
        ("State", [*_colored(85, "color-background"), Setting("mappings", _json(units.value_mappings(units.STATES)))]),
        ("Left", [*_figure(85), Setting("unit", "locale")]),
        ("Unit", [Setting("custom.width", 85), Setting("noValue", "-")]),
        ("Of limit", _bar()),
        ("Used in 24 h", [*_figure(100), Setting("unit", "short")]),
        (
            "Ends in",
            [*_colored(95, "color-text"), *_time(units.TIME_LEFT_STEPS), Setting("mappings", _json(units.range_mappings(units.NO_END)))],
        ),
        ("Resets in", [*_figure(85), *_time(units.PLAIN)]),
        ("Data age", [*_figure(85), *_time(units.PLAIN)]),
        ("Last error", [Setting("custom.width", 120), Setting("noValue", "-")]),
    ]


def _figure(width: int) -> list[Setting]:
    return [Setting("custom.width", width), Setting("custom.align", "right"), Setting("noValue", "-")]


def _colored(width: int, kind: str) -> list[Setting]:
    cell = {"type": kind, **({"mode": "basic"} if kind == "color-background" else {})}
    align = Setting("custom.align", "center" if kind == "color-background" else "right")
    return [Setting("custom.width", width), Setting("custom.cellOptions", cell), align, Setting("noValue", "-")]


def _time(steps: units.Steps) -> list[Setting]:
    return [Setting("unit", "s"), Setting("decimals", 1), units.threshold_setting(steps)]


def _bar() -> list[Setting]:
    cell = {"type": "gauge", "mode": "basic", "valueDisplayMode": "color"}
    scale = [Setting("unit", "percentunit"), Setting("decimals", 0), Setting("min", 0), Setting("max", 1)]
    return [
        Setting("custom.minWidth", 110),
        Setting("custom.cellOptions", cell),
        Setting("noValue", "-"),
        Setting("mappings", _json([*units.null_mapping("-"), *units.range_mappings(units.NO_SHARE)])),
        *scale,
        units.threshold_setting(units.SHARE_STEPS),
    ]


def _json(mappings: list[ValueMapping]) -> list[dict[str, object]]:
    return [mapping.to_json() for mapping in mappings]
