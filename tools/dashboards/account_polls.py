"""The lower half of the account dashboard: what the vendor tells about the account, and how its polls fare."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DataTransformerConfig
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting

from tools.dashboards import units
from tools.dashboards.expressions import ACCOUNT
from tools.dashboards.expressions import ONE_ACCOUNT as OF
from tools.dashboards.layout import Line
from tools.dashboards.overrides import coloured, line_of
from tools.dashboards.panels import Face, Json, columns, frame, lines, query, stat_panel, table_panel


def details() -> Line:
    """What the vendor tells."""
    return Line(7, ((10, _info()), (6, _features()), (4, _dates()), (4, _reload())))


def polls() -> Line:
    """How the polls fare."""
    return Line(7, ((8, _polls()), (8, _age()), (8, _duration())))


def _info() -> Json:
    info = OF.largest("ai_account_info", by=f"{ACCOUNT}, plan, billing_type, billing_period, workspace")
    status = f"group by ({ACCOUNT}, status) ({OF.series('ai_account_status')} == 1)"
    names = {"plan": "Plan", "billing_type": "Billing", "billing_period": "Period", "workspace": "Workspace", "status": "Status"}
    order = [
        "Time",
        "plan",
        "status",
        "billing_type",
        "billing_period",
        "workspace",
        "provider",
        "account",
        "Value",
        "Value #A",
        "Value #B",
    ]
    face = Face(
        "Plan and standing", "What the vendor says of the account.", nothing="-",
        overrides=[(name, [Setting("custom.width", 105)]) for name in ("Plan", "Status", "Period")],
    )  # fmt: skip
    return table_panel(
        face, frame("A", info), frame("B", status), transformations=[DataTransformerConfig("merge", options={}), columns(order, names)]
    )


def _features() -> Json:
    cells = [
        Setting("mappings", [mapping.to_json() for mapping in units.words(units.YES_NO)]),
        Setting("custom.cellOptions", {"type": "color-text"}),
    ]
    face = Face(
        "Features", "What the vendor says is on or allowed.", nothing="The vendor tells of no features.",
        overrides=[("On", [*cells, Setting("custom.width", 60)])],
    )  # fmt: skip
    names = {"feature": "Feature", "Value": "On"}
    order = ["Time", "feature", "Value", "provider", "account"]
    features = OF.largest("ai_account_feature_enabled", by=f"{ACCOUNT}, feature")
    return table_panel(face, frame("A", features), transformations=[DataTransformerConfig("merge", options={}), columns(order, names)])


def _dates() -> Json:
    face = Face(
        "Key expires", "When the key stops working; two weeks before, it is time for a new one.", "s", units.RUNWAY_STEPS,
        nothing="no end known", decimals=0,
    )  # fmt: skip
    return stat_panel(
        face, query(f"{OF.largest('ai_account_credential_expiry_timestamp_seconds', by=ACCOUNT)} - time()", "key", at_end=True)
    )


def _reload() -> Json:
    face = Face(
        "Top-up",
        "Below which balance the vendor tops up by itself, and by how much.",
        nothing="none known",
        overrides=units.money_overrides(),
    )
    below = query(OF.largest("ai_account_auto_reload_threshold", by=f"{ACCOUNT}, unit"), "below, {{unit}}", at_end=True)
    by = query(OF.largest("ai_account_auto_reload_amount", by=f"{ACCOUNT}, unit"), "by, {{unit}}", ref="B", at_end=True)
    return stat_panel(face, below, by, named=True)


def _polls() -> Json:
    errors = f"max by ({ACCOUNT}, reason) (increase({OF.series('ai_account_scrape_errors_total')}[$__interval]))"
    polls = f"max by ({ACCOUNT}) (increase({OF.series('ai_account_scrapes_total')}[$__interval]))"
    face = Face(
        "Polls by outcome", "Good polls and failed ones by reason, in each hour; docs/metrics.md says what each reason means.",
        nothing="No polls", floor=0, overrides=[coloured("good", units.GREEN)],
    )  # fmt: skip
    good = query(f"clamp_min({polls} - sum by ({ACCOUNT}) ({errors}), 0)", "good", step="1h")
    return lines(face, good, query(f"{errors} > 0", "{{reason}}", ref="B", step="1h"), bars=True, stacked=True)


def _age() -> Json:
    face = Face(
        "Data age and interval", "Above three intervals the figures are stale.", "s", nothing="Never read", floor=0,
        overrides=[line_of("interval", units.BLUE), coloured("age", units.ORANGE)],
    )  # fmt: skip
    interval = OF.largest("ai_account_scrape_interval_seconds", by=ACCOUNT)
    return lines(face, query(OF.age(), "age"), query(interval, "interval", ref="B"))


def _duration() -> Json:
    face = Face(
        "How long polls take",
        "The last poll before each point.",
        "s",
        nothing="No polls",
        floor=0,
        overrides=[coloured("duration", units.BLUE)],
    )
    return lines(face, query(OF.largest("ai_account_scrape_duration_seconds", by=ACCOUNT), "duration"))
