"""The variables and annotations of the dashboards."""

# ruff: noqa: FBT003 -- the builders of the SDK take booleans by position
from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders.dashboard import AdHocVariable, DatasourceVariable, QueryVariable
from grafana_foundation_sdk.models.dashboard import VariableRefresh, VariableSort

from tools.dashboards.expressions import EXPORTER, RESOURCE, Expressions
from tools.dashboards.panels import SOURCE, Json, encoded

BUILD = "ai_account_exporter_build_info"
POLLS = "ai_account_scrapes_total"
STEP = "10m"
"""The resolution of annotations, and the range of their queries."""


def data_source() -> Json:
    """The Prometheus data source."""
    return encoded(DatasourceVariable("datasource").label("Data source").type("prometheus"))


def several(name: str, label: str, query: str, description: str) -> Json:
    """A filter with several values. All also matches series without the label."""
    made = _listed(name, label, query, description).multi(True).include_all(True).all_value(".*")
    return encoded(made) | {"current": {"selected": True, "text": ["All"], "value": ["$__all"]}}


def single(name: str, label: str, query: str, description: str, regex: str = "") -> Json:
    """A choice of one value."""
    return encoded(_listed(name, label, query, description).regex(regex).multi(False).include_all(False))


def own_labels() -> Json:
    """Filters by the operator's own labels."""
    made = AdHocVariable("own_labels").label("Own labels").datasource(SOURCE)
    return encoded(made.description("Filter by the labels that your configuration sets on accounts.")) | {"filters": []}


def exporters() -> list[Json]:
    """Filters by exporter."""
    return [
        several("job", "Job", f"label_values({BUILD}, job)", "The scrape jobs of the exporter."),
        several("instance", "Instance", f'label_values({BUILD}{{job=~"$job"}}, instance)', "The exporters. Replicas are counted once."),
    ]


def topped_up(of: Expressions) -> Json:
    """An annotation at each top-up."""
    rise = f"max by ({RESOURCE}) (increase({of.series('ai_account_quota_replenished_total')}[{STEP}])) > 0"
    return _annotation("Topped up", rise, "green", "{{account}}: {{resource}} was topped up or reset")


def new_period(of: Expressions) -> Json:
    """An annotation at the start of each period."""
    moved = f"max by ({RESOURCE}) (changes({of.series('ai_account_quota_reset_timestamp_seconds')}[{STEP}])) > 0"
    return _annotation("New period", moved, "blue", "{{account}}: new period of {{resource}}")


def reloaded() -> Json:
    """An annotation at each reload of the configuration."""
    moved = f"max by (instance) (changes(ai_account_exporter_config_last_reload_success_timestamp_seconds{{{EXPORTER}}}[{STEP}])) > 0"
    return _annotation("Configuration reloaded", moved, "purple", "{{instance}} reloaded its configuration")


def _annotation(name: str, expr: str, color: str, title: str) -> Json:
    source = {"type": SOURCE.type_val, "uid": SOURCE.uid}
    return {"name": name, "datasource": source, "enable": True, "iconColor": color, "expr": expr, "step": STEP, "titleFormat": title}


def _listed(name: str, label: str, query: str, description: str) -> QueryVariable:
    made = QueryVariable(name).label(label).description(description).datasource(SOURCE)
    made = made.query({"query": query, "refId": f"variable-{name}"}).definition(query)
    return made.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)


def built_in() -> Sequence[Json]:
    """Grafana's own annotations."""
    return [
        {
            "builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}, "enable": True, "hide": True,
            "iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard",
        }
    ]  # fmt: skip
