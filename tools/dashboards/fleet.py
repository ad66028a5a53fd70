"""The fleet: which account runs out first, when, and what it all costs."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import DataTransformerConfig
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Setting

from tools.dashboards import units
from tools.dashboards.expressions import DAY, FLEET, LOW, NO_SLOTS, OK, RESOURCE, STALE
from tools.dashboards.layout import Line, dashboard
from tools.dashboards.panels import Face, Json, bar_panel, columns, frame, lines, query, stat_panel, table_panel
from tools.dashboards.resources import HINT, resource_table
from tools.dashboards.variables import POLLS, built_in, data_source, exporters, new_period, own_labels, reloaded, several, single, topped_up

NO_SPEND = 'resource!~"(.*_)?spend"'
RULES = "No burn yet: load prometheus/rules/recording.yaml"
WHO = "{{account}} {{resource}}"


def fleet() -> Json:
    """The dashboard that one opens first."""
    return dashboard(
        "ai-account-fleet",
        "Which account runs out first, when, and what it costs.",
        (_headline(), Line(14, ((24, resource_table(FLEET, "Accounts and what is left of them", fleet=True)),)), _ends(), _uses()),
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
            "unit", "Unit", f"label_values(ai_account_quota_consumed_total{used}, unit)", "Of the chart of what is used a day.", not_money
        ),
    ]


def _headline() -> Line:
    return Line(5, ((8, _accounts()), (3, _alerts()), (5, _first()), (4, _money_left()), (4, _money_used())))


def _accounts() -> Json:
    """How many accounts are in a state; 0 if none is, and nothing if there are no accounts."""
    trouble = [units.threshold_setting(units.BAD_FROM_ONE)]
    face = Face(
        "Accounts",
        "Accounts that need nothing, and those that need action, as the table says: exhausted, stale, failing or low. "
        "Of these, stale are those whose figures are too old to be shown, or were never read.",
        steps=units.GOOD_FROM_ONE, nothing=HINT, empty=units.RED, decimals=0, overrides=[("need action", trouble), ("stale", trouble)],
    )  # fmt: skip
    states = FLEET.account_state()
    return stat_panel(
        face,
        query(f"sum({states} == bool {OK})", "ok", at_end=True),
        query(f"sum({states} >= bool {LOW})", "need action", ref="B", at_end=True),
        query(f"sum({FLEET.polling_state()} == bool {STALE})", "stale", ref="C", at_end=True),
        named=True,
    )


def _alerts() -> Json:
    face = Face(
        "Alerts", "Alerts of prometheus/rules/alerts.yaml that fire now, without the informative ones.",
        nothing="not known", steps=units.BAD_FROM_ONE, decimals=0, links=(("All alert rules", "/alerting/list"),),
    )  # fmt: skip
    return stat_panel(face, query(f"count({_firing()}) or vector(0)", "firing", at_end=True))


def _firing() -> str:
    told = FLEET.series("ALERTS", 'alertname=~"AIAccount.*",alertstate="firing",severity!="info"')
    return f"max by (alertname, severity, {RESOURCE}) ({told})"


def _first() -> Json:
    face = Face(
        "Runs out first",
        "The resource that ends soonest at the pace of the last day, before any reset; what has ended already is in the table.",
        "s", units.RUNWAY_STEPS, nothing="nothing in sight", empty=units.GREEN, decimals=1,
    )  # fmt: skip
    return stat_panel(face, query(f"bottomk(1, {FLEET.runway()} > 0)", WHO, at_end=True), named=True)


def _money_left() -> Json:
    face = Face(
        "Money left", "Prepaid money in all accounts, each currency for itself; spending caps are not money.",
        nothing="no prepaid money", overrides=units.money_overrides(),
    )  # fmt: skip
    return stat_panel(face, query(f"sum by (unit) ({FLEET.left(f'{units.MONEY},{NO_SPEND}')})", "{{unit}}", at_end=True), named=True)


def _money_used() -> Json:
    face = Face(
        "Money a day", "Used at the pace of the last day, each currency for itself.", nothing=RULES, overrides=units.money_overrides(),
    )  # fmt: skip
    return stat_panel(face, query(f"sum by (unit) ({FLEET.burn(units.MONEY)}) * {DAY} > 0", "{{unit}}", at_end=True), named=True)


def _ends() -> Line:
    return Line(9, ((10, _runways()), (14, _shares())))


def _runways() -> Json:
    face = Face(
        "Runway", "The ten resources that end soonest, before any reset. A full bar is thirty days or more.",
        "s", units.RUNWAY_STEPS, nothing="Nothing runs out before its reset.", decimals=1, floor=0, ceiling=30 * DAY,
    )  # fmt: skip
    return bar_panel(face, query(f"sort(bottomk(10, {FLEET.runway()}))", WHO, at_end=True))


def _shares() -> Json:
    face = Face(
        "Left of the limit", "What is left of each limit, where there is one; below the line is low. Below 0 is overage.",
        "percentunit", units.LOW_LINE, nothing="No account has a limit.", ceiling=1,
    )  # fmt: skip
    return lines(face, query(FLEET.share(NO_SLOTS), WHO), beside=True, limits="dashed")


def _uses() -> Line:
    return Line(8, ((7, _money_chart()), (7, _unit_chart()), (10, _alert_table())))


def _money_chart() -> Json:
    face = Face(
        "Money used a day, over time",
        "At the pace of the hour before, by provider and currency.",
        nothing=RULES,
        overrides=units.money_overrides(),
    )
    burn = FLEET.largest("account:ai_account_quota_burn:rate1h", units.MONEY)
    return lines(face, query(f"sum by (provider, unit) ({burn}) * {DAY}", "{{provider}} {{unit}}"))


def _unit_chart() -> Json:
    face = Face("Used a day: $unit", "At the pace of the hour before, by provider; choose the unit above.", nothing=RULES)
    burn = FLEET.largest("account:ai_account_quota_burn:rate1h", 'unit="$unit"')
    return lines(face, query(f"sum by (provider, unit) ({burn}) * {DAY}", "{{provider}} {{unit}}"), stacked=True, area=True)


def _alert_table() -> Json:
    names = {"alertname": "Alert", "severity": "Severity", "account": "Account", "resource": "Resource"}
    severities = {"critical": {"color": units.RED, "index": 0}, "warning": {"color": units.ORANGE, "index": 1}}
    shown = [Setting("mappings", [{"type": "value", "options": severities}]), Setting("custom.cellOptions", {"type": "color-text"})]
    face = Face(
        "Alerts that fire", "What fires now. The runbook of each alert is in its annotations.", nothing="No alert fires.",
        overrides=[
            ("Severity", [*shown, Setting("custom.width", 80)]),
            ("Alert", [Setting("custom.minWidth", 200)]),
            ("Account", [Setting("custom.width", 95), Setting("noValue", "-")]),
            ("Resource", [Setting("custom.width", 90), Setting("noValue", "-")]),
        ],
    )  # fmt: skip
    order = ["Time", "alertname", "severity", "account", "resource", "provider", "unit", "Value"]
    return table_panel(
        face,
        frame("A", _firing()),
        transformations=[DataTransformerConfig("merge", options={}), columns(order, names)],
        sort=[("Severity", False)],
    )
