"""The lower half of the account dashboard: the vendor's details of the account, and its polls."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting

from tools.dashboards import units
from tools.dashboards.expressions import ACCOUNT
from tools.dashboards.expressions import ONE_ACCOUNT as OF
from tools.dashboards.layout import PanelRow
from tools.dashboards.overrides import by_reason, colored, dashed_line
from tools.dashboards.panels import NO_DATA, Json, Options, query, stat_panel, table_panel, table_query, time_series_panel
from tools.rules.states import REASONS


def details() -> PanelRow:
    """What the vendor returns besides quotas."""
    return PanelRow(7, ((10, _info()), (6, _features()), (4, _dates()), (4, _reload())))


def polls() -> PanelRow:
    """Results, age and duration of polls."""
    return PanelRow(7, ((8, _polls()), (8, _age()), (8, _duration())))


def _info() -> Json:
    info = OF.max_by("ai_account_info", by=f"{ACCOUNT}, plan, billing_type, billing_period, workspace")
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
    options = Options(
        "Plan and status", "As the vendor reports them.", no_value="No plan and no status is known.",
        overrides=[(name, [Setting("custom.width", 125)]) for name in ("Plan", "Status", "Period")],
    )  # fmt: skip
    return table_panel(options, table_query("A", info), table_query("B", status), order=order, names=names)


def _features() -> Json:
    cells = [
        Setting("mappings", [mapping.to_json() for mapping in units.value_mappings(units.YES_NO)]),
        Setting("custom.cellOptions", {"type": "color-text"}),
    ]
    options = Options(
        "Features", "Features that the vendor reports as enabled or allowed.", no_value="No features are known.",
        overrides=[("On", [*cells, Setting("custom.width", 60)])],
    )  # fmt: skip
    names = {"feature": "Feature", "Value": "On"}
    order = ["Time", "feature", "Value", "provider", "account"]
    features = OF.max_by("ai_account_feature_enabled", by=f"{ACCOUNT}, feature")
    return table_panel(options, table_query("A", features), order=order, names=names)


def _dates() -> Json:
    options = Options(
        "Key expires in", "Time until the key expires, if the vendor returns it.", "s", units.KEY_STEPS,
        no_value="no expiry known", decimals=0,
    )  # fmt: skip
    return stat_panel(
        options, query(f"{OF.max_by('ai_account_credential_expiry_timestamp_seconds', by=ACCOUNT)} - time()", "key", instant=True)
    )


def _reload() -> Json:
    options = Options(
        "Auto reload",
        "The balance below which auto reload adds to it, and the amount that it adds.",
        no_value="none known",
        overrides=units.money_overrides(),
    )
    below = query(OF.max_by("ai_account_auto_reload_threshold", by=f"{ACCOUNT}, unit"), "below, {{unit}}", instant=True)
    by = query(OF.max_by("ai_account_auto_reload_amount", by=f"{ACCOUNT}, unit"), "amount, {{unit}}", ref="B", instant=True)
    return stat_panel(options, below, by, named=True)


def _polls() -> Json:
    errors = OF.increase("ai_account_scrape_errors_total", f"{ACCOUNT}, reason")
    polls = OF.increase("ai_account_scrapes_total", ACCOUNT)
    failing = OF.max_by(REASONS, by=f"{ACCOUNT}, reason")
    options = Options(
        "Polls per hour, by result", "Successful polls, and failed polls by reason, in the hour before each point. docs/metrics.md explains each reason.",
        no_value=NO_DATA, min_value=0, overrides=[colored("success", units.GREEN), *by_reason()],
    )  # fmt: skip
    good = query(f"{polls} - sum by ({ACCOUNT}) ({errors}) > 0.01 or {OF.max_by('ai_account_up', by=ACCOUNT)} == 1", "success")
    return time_series_panel(options, good, query(f"{errors} > 0 or {failing}", "{{reason}}", ref="B"), stacked=True)


def _age() -> Json:
    options = Options(
        "Data age and interval", "By default, values are stale after three intervals.", "s", no_value="No poll has succeeded.", min_value=0,
        overrides=[dashed_line("interval", units.GREY), colored("age", units.BLUE)],
    )  # fmt: skip
    interval = OF.max_by("ai_account_scrape_interval_seconds", by=ACCOUNT)
    return time_series_panel(options, query(OF.age(), "age"), query(interval, "interval", ref="B"))


def _duration() -> Json:
    options = Options(
        "Poll duration", "Duration of the last poll.", "s", no_value=NO_DATA, min_value=0, overrides=[colored("duration", units.BLUE)],
    )  # fmt: skip
    return time_series_panel(options, query(OF.max_by("ai_account_scrape_duration_seconds", by=ACCOUNT), "duration"))
