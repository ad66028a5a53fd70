"""The dashboard of all accounts."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting

from tools.dashboards import units
from tools.dashboards.expressions import DAY, EXPORTER, FLEET, NO_SLOTS, RESOURCE, WINDOW
from tools.dashboards.layout import PanelRow, dashboard
from tools.dashboards.overrides import count_states, state_counts
from tools.dashboards.panels import (
    NO_DATA,
    Json,
    Options,
    bar_panel,
    query,
    stat_panel,
    table_panel,
    table_query,
    time_series_panel,
)
from tools.dashboards.resources import HINT, resource_table
from tools.dashboards.variables import POLLS, built_in, data_source, exporters, new_period, own_labels, reloaded, several, single, topped_up

NO_SPEND = 'resource!~"(.*_)?spend"'
WHO = "{{account}} {{resource}}"


def fleet() -> Json:
    """The dashboard to open first."""
    return dashboard(
        "ai-account-fleet",
        "All accounts: which one runs out first, when, and the cost of all.",
        (_headline(), PanelRow(14, ((24, resource_table(FLEET, "Accounts and balances", fleet=True)),)), _ends(), _uses()),
        variables=(data_source(), *exporters(), *_filters(), own_labels()),
        annotations=(*built_in(), topped_up(FLEET), new_period(FLEET), reloaded()),
        since="now-24h",
    )


def _filters() -> list[Json]:
    not_money = f"/^(?!(?:{'|'.join(units.DECIMALS)})$).*/"
    return [
        several("provider", "Provider", f"label_values({POLLS}{{{EXPORTER}}}, provider)", "The vendors."),
        several(
            "account",
            "Account",
            f'label_values({POLLS}{{{EXPORTER},provider=~"$provider"}}, account)',
            "The accounts.",
        ),
        single(
            "unit",
            "Unit",
            f"label_values(ai_account_quota_consumed_total{{{FLEET.selector}}}, unit)",
            "The unit of the chart of usage per hour.",
            not_money,
        ),
    ]


def _headline() -> PanelRow:
    return PanelRow(5, ((9, _accounts()), (3, _alerts()), (4, _first()), (4, _money_left()), (4, _money_used())))


def _accounts() -> Json:
    """The number of accounts in each state; empty if there are no accounts."""
    options = Options(
        "Accounts by state",
        "The number of accounts in each state of the status page. An account has the state of its worst resource or of its polls.",
        no_value=HINT, no_value_color=units.RED, decimals=0, overrides=state_counts(),
    )  # fmt: skip
    return stat_panel(options, *count_states(FLEET.account_state(), units.STATES), named=True)


def _alerts() -> Json:
    options = Options(
        "Alerts", "Firing alerts of prometheus/rules/alerts.yaml, except those of severity info. Unknown: Prometheus has not evaluated the rules.",
        no_value="unknown", thresholds=units.BAD_FROM_ONE, decimals=0, links=(("All alert rules", "/alerting/list"),),
    )  # fmt: skip
    return stat_panel(options, query(f"count({_firing()}) or count({FLEET.account_state()}) * 0", "firing", instant=True))


def _firing() -> str:
    selected = FLEET.series("ALERTS", 'alertname=~"AIAccount.*",alertstate="firing",severity!="info"')
    return f"max by (alertname, severity, {RESOURCE}) ({selected})"


def _first() -> Json:
    options = Options(
        "Runs out first",
        "The resource that is forecast to end first. Exhausted resources are in the table only. A forecast needs some hours of polls.",
        "s", units.TIME_LEFT_STEPS, no_value="no end forecast", decimals=1,
    )  # fmt: skip
    return stat_panel(options, query(f"bottomk(1, {FLEET.ends_in()} > 0)", WHO, instant=True), named=True)


def _money_left() -> Json:
    options = Options(
        "Money left", "Prepaid balance of all accounts by currency, without spending caps.",
        no_value="no prepaid balance", overrides=units.money_overrides(),
    )  # fmt: skip
    return stat_panel(
        options, query(f"sum by (unit) ({FLEET.remaining(f'{units.MONEY},{NO_SPEND}')})", "{{unit}}", instant=True), below=True
    )


def _money_used() -> Json:
    options = Options(
        "Cost in 24 hours", "What the exporter has observed in the last 24 hours, or since it first polled an account, by currency.",
        no_value="no cost seen", overrides=units.money_overrides(),
    )  # fmt: skip
    return stat_panel(options, query(f"sum by (unit) ({FLEET.consumed('1d', units.MONEY)}) > 0", "{{unit}}", instant=True), below=True)


def _ends() -> PanelRow:
    return PanelRow(9, ((10, _first_ends()), (14, _shares())))


def _first_ends() -> Json:
    options = Options(
        "Ends in", "The ten resources that are forecast to end first. A full bar is 30 days or more.",
        "s", units.TIME_LEFT_STEPS, no_value="No end is forecast.", decimals=1, min_value=0, max_value=30 * DAY,
    )  # fmt: skip
    return bar_panel(options, query(f"sort(bottomk(10, {FLEET.ends_in()}))", WHO, instant=True))


def _shares() -> Json:
    options = Options(
        "Left of the limit", "Percentage of each limit that is left. Below the line is low, below 0 is overage.",
        "percentunit", units.LOW_LINE, no_value=NO_DATA, max_value=1,
    )  # fmt: skip
    return time_series_panel(options, query(FLEET.shares_over_time(NO_SLOTS), WHO), beside=True, limits="dashed")


def _uses() -> PanelRow:
    return PanelRow(8, ((7, _money_chart()), (7, _unit_chart()), (10, _alert_table())))


def _money_chart() -> Json:
    options = Options(
        "Cost per hour",
        "Cost in the hour before each point, by provider and currency.",
        no_value=NO_DATA,
        overrides=units.money_overrides(),
    )
    return time_series_panel(options, query(f"sum by (provider, unit) ({FLEET.consumed(WINDOW, units.MONEY)})", "{{provider}} {{unit}}"))


def _unit_chart() -> Json:
    options = Options("Used per hour: $unit", "Usage in the hour before each point, by provider. Choose the unit above.", no_value=NO_DATA)
    used = FLEET.consumed(WINDOW, 'unit="$unit"')
    return time_series_panel(options, query(f"sum by (provider, unit) ({used})", "{{provider}} {{unit}}"), stacked=True)


def _alert_table() -> Json:
    names = {"alertname": "Alert", "severity": "Severity", "account": "Account", "resource": "Resource"}
    severities = {"critical": {"color": units.RED, "index": 0}, "warning": {"color": units.YELLOW, "index": 1}}
    shown = [Setting("mappings", [{"type": "value", "options": severities}]), Setting("custom.cellOptions", {"type": "color-text"})]
    options = Options(
        "Firing alerts", "The annotations of each alert link to its runbook.", no_value="No firing alerts.",
        overrides=[
            ("Severity", [*shown, Setting("custom.width", 80)]),
            ("Alert", [Setting("custom.minWidth", 200)]),
            ("Account", [Setting("custom.minWidth", 95), Setting("noValue", "-")]),
            ("Resource", [Setting("custom.width", 90), Setting("noValue", "-")]),
        ],
    )  # fmt: skip
    order = ["Time", "alertname", "severity", "account", "resource", "provider", "unit", "Value"]
    return table_panel(
        options,
        table_query("A", _firing()),
        order=order,
        names=names,
        sort=[("Severity", False)],
    )
