"""The dashboard of all accounts."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DataTransformerConfig
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting

from tools.dashboards import units
from tools.dashboards.expressions import DAY, FLEET, LOW, NO_SLOTS, OK, RESOURCE, STALE
from tools.dashboards.layout import PanelRow, dashboard
from tools.dashboards.panels import Json, Options, bar_panel, columns, query, stat_panel, table_panel, table_query, time_series_panel
from tools.dashboards.resources import HINT, resource_table
from tools.dashboards.variables import POLLS, built_in, data_source, exporters, new_period, own_labels, reloaded, several, single, topped_up

NO_SPEND = 'resource!~"(.*_)?spend"'
RULES = "No burn rate: load prometheus/rules/recording.yaml"
WHO = "{{account}} {{resource}}"


def fleet() -> Json:
    """The dashboard to open first."""
    return dashboard(
        "ai-account-fleet",
        "All accounts: which one runs out first, when, and the cost of all.",
        (_headline(), PanelRow(14, ((24, resource_table(FLEET, "Accounts and balances", fleet=True)),)), _ends(), _uses()),
        variables=(data_source(), *exporters(), *_filters(), own_labels()),
        annotations=(*built_in(), topped_up(FLEET), new_period(FLEET), reloaded('job=~"$job",instance=~"$instance"')),
        since="now-2d",
    )


def _filters() -> list[Json]:
    used = '{job=~"$job",instance=~"$instance",provider=~"$provider",account=~"$account"}'
    not_money = f"/^(?!(?:{'|'.join(units.CURRENCIES)})$).*/"
    return [
        several("provider", "Provider", f'label_values({POLLS}{{job=~"$job",instance=~"$instance"}}, provider)', "The vendors."),
        several(
            "account",
            "Account",
            f'label_values({POLLS}{{job=~"$job",instance=~"$instance",provider=~"$provider"}}, account)',
            "The accounts.",
        ),
        single(
            "unit",
            "Unit",
            f"label_values(ai_account_quota_consumed_total{used}, unit)",
            "The unit of the chart of usage per day.",
            not_money,
        ),
    ]


def _headline() -> PanelRow:
    return PanelRow(5, ((8, _accounts()), (3, _alerts()), (5, _first()), (4, _money_left()), (4, _money_used())))


def _accounts() -> Json:
    """The number of accounts by state; empty if there are no accounts."""
    trouble = [units.threshold_setting(units.BAD_FROM_ONE)]
    options = Options(
        "Accounts",
        "Accounts that are ok, and accounts that need action because they are exhausted, stale, failing or low. "
        "A stale account has values that are too old to be exported, or was never polled successfully.",
        thresholds=units.GOOD_FROM_ONE, no_value=HINT, no_value_color=units.RED, decimals=0, overrides=[("need action", trouble), ("stale", trouble)],
    )  # fmt: skip
    states = FLEET.account_state()
    return stat_panel(
        options,
        query(f"sum({states} == bool {OK})", "ok", instant=True),
        query(f"sum({states} >= bool {LOW})", "need action", ref="B", instant=True),
        query(f"sum({FLEET.polling_state()} == bool {STALE})", "stale", ref="C", instant=True),
        named=True,
    )


def _alerts() -> Json:
    options = Options(
        "Alerts", "Firing alerts of prometheus/rules/alerts.yaml, except those of severity info.",
        no_value="unknown", thresholds=units.BAD_FROM_ONE, decimals=0, links=(("All alert rules", "/alerting/list"),),
    )  # fmt: skip
    return stat_panel(options, query(f"count({_firing()}) or vector(0)", "firing", instant=True))


def _firing() -> str:
    selected = FLEET.series("ALERTS", 'alertname=~"AIAccount.*",alertstate="firing",severity!="info"')
    return f"max by (alertname, severity, {RESOURCE}) ({selected})"


def _first() -> Json:
    options = Options(
        "Runs out first",
        "The resource that is forecast to end first. Exhausted resources are in the table only.",
        "s", units.TIME_LEFT_STEPS, no_value="none", no_value_color=units.GREEN, decimals=1,
    )  # fmt: skip
    return stat_panel(options, query(f"bottomk(1, {FLEET.ends_in()} > 0)", WHO, instant=True), named=True)


def _money_left() -> Json:
    options = Options(
        "Money left", "Prepaid balance of all accounts by currency, without spending caps.",
        no_value="no prepaid balance", overrides=units.money_overrides(),
    )  # fmt: skip
    return stat_panel(
        options, query(f"sum by (unit) ({FLEET.remaining(f'{units.MONEY},{NO_SPEND}')})", "{{unit}}", instant=True), named=True
    )


def _money_used() -> Json:
    options = Options(
        "Cost per day", "At the rate of the last day, by currency.", no_value=RULES, overrides=units.money_overrides(),
    )  # fmt: skip
    return stat_panel(options, query(f"sum by (unit) ({FLEET.burn(units.MONEY)}) * {DAY} > 0", "{{unit}}", instant=True), named=True)


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
        "percentunit", units.LOW_LINE, no_value="No account has a limit.", max_value=1,
    )  # fmt: skip
    return time_series_panel(options, query(FLEET.share(NO_SLOTS), WHO), beside=True, limits="dashed")


def _uses() -> PanelRow:
    return PanelRow(8, ((7, _money_chart()), (7, _unit_chart()), (10, _alert_table())))


def _money_chart() -> Json:
    options = Options(
        "Cost per day over time",
        "At the rate of the previous hour, by provider and currency.",
        no_value=RULES,
        overrides=units.money_overrides(),
    )
    burn = FLEET.max_by("account:ai_account_quota_burn:rate1h", units.MONEY)
    return time_series_panel(options, query(f"sum by (provider, unit) ({burn}) * {DAY}", "{{provider}} {{unit}}"))


def _unit_chart() -> Json:
    options = Options("Used per day: $unit", "At the rate of the previous hour, by provider. Choose the unit above.", no_value=RULES)
    burn = FLEET.max_by("account:ai_account_quota_burn:rate1h", 'unit="$unit"')
    return time_series_panel(options, query(f"sum by (provider, unit) ({burn}) * {DAY}", "{{provider}} {{unit}}"), stacked=True, area=True)


def _alert_table() -> Json:
    names = {"alertname": "Alert", "severity": "Severity", "account": "Account", "resource": "Resource"}
    severities = {"critical": {"color": units.RED, "index": 0}, "warning": {"color": units.ORANGE, "index": 1}}
    shown = [Setting("mappings", [{"type": "value", "options": severities}]), Setting("custom.cellOptions", {"type": "color-text"})]
    options = Options(
        "Firing alerts", "The annotations of each alert link to its runbook.", no_value="No alert is firing.",
        overrides=[
            ("Severity", [*shown, Setting("custom.width", 80)]),
            ("Alert", [Setting("custom.minWidth", 200)]),
            ("Account", [Setting("custom.width", 95), Setting("noValue", "-")]),
            ("Resource", [Setting("custom.width", 90), Setting("noValue", "-")]),
        ],
    )  # fmt: skip
    order = ["Time", "alertname", "severity", "account", "resource", "provider", "unit", "Value"]
    return table_panel(
        options,
        table_query("A", _firing()),
        transformations=[DataTransformerConfig("merge", options={}), columns(order, names)],
        sort=[("Severity", False)],
    )
