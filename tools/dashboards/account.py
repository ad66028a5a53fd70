"""The dashboard of one account: one resource, all resources, and the polls."""

from __future__ import annotations

from collections.abc import Iterator

from tools.dashboards import units
from tools.dashboards.account_polls import details, polls
from tools.dashboards.expressions import DAY, EXPORTER, ONE_ACCOUNT, ONE_RESOURCE, RESOURCE, WINDOW
from tools.dashboards.layout import PanelRow, dashboard, row_heading
from tools.dashboards.overrides import colored, dashed_line
from tools.dashboards.panels import NO_DATA, Json, Options, query, stat_panel, time_series_panel
from tools.dashboards.resources import resource_table
from tools.dashboards.variables import POLLS, built_in, data_source, exporters, new_period, own_labels, reloaded, single, topped_up


def account() -> Json:
    """The dashboard that a row of the fleet links to."""
    return dashboard(
        "ai-account-account",
        "One account: balance, usage, forecast, and the age of the values.",
        (
            _headline(),
            PanelRow(10, ((15, _left()), (9, _burn()))),
            PanelRow(8, ((8, _ends()), (8, _limit()), (8, _moves()))),
            PanelRow(8, ((24, resource_table(ONE_ACCOUNT, "All resources of $account", fleet=False)),)),
            details(),
            row_heading("Polls of $account"),
            polls(),
        ),
        variables=(data_source(), *exporters(), *_choices(), own_labels()),
        annotations=(*built_in(), topped_up(ONE_RESOURCE), new_period(ONE_RESOURCE), reloaded()),
        since="now-24h",
    )


def _choices() -> list[Json]:
    resources = f"label_values(ai_account_quota_consumed_total{{{ONE_ACCOUNT.selector}}}, resource)"
    return [
        single("provider", "Provider", f"label_values({POLLS}{{{EXPORTER}}}, provider)", "The vendor."),
        single("account", "Account", f'label_values({POLLS}{{{EXPORTER},provider="$provider"}}, account)', "The account."),
        single("resource", "Resource", resources, "The resource that the upper half shows."),
    ]


def _headline() -> PanelRow:
    return PanelRow(5, ((3, _state()), (4, _amount()), *_when(), (4, _pace()), (3, _data_age())))


def _state() -> Json:
    options = Options(
        "State", "The worse state of the account and of $resource.",
        thresholds=units.STATE_STEPS, mappings=units.value_mappings(units.STATES), no_value="unknown",
    )  # fmt: skip
    return stat_panel(options, query(f"max({ONE_RESOURCE.state()})", "state", instant=True), background=True)


def _amount() -> Json:
    options = Options("Left", "What is left of $resource.", no_value="unknown", overrides=units.money_overrides())
    return stat_panel(options, query(ONE_RESOURCE.remaining(), "{{unit}}", instant=True), named=True)


def _when() -> Iterator[tuple[int, Json]]:
    of = ONE_RESOURCE
    share = Options(
        "Share", "Percentage that is left of the limit or, if that is less, of your budget. Below 0 is overage.", "percentunit", units.SHARE_STEPS, units.range_mappings(units.NO_SHARE), no_value="unknown",
    )  # fmt: skip
    yield 3, stat_panel(share, query(f"max by ({RESOURCE}) ({of.share_or_reason()})", "share", instant=True))
    lasts = Options(
        "Ends in", "Time until nothing is left. No forecast: no end is expected before the reset or auto reload, or too little is known yet.", "s", units.TIME_LEFT_STEPS, units.range_mappings(units.NO_END),
        no_value="unknown", decimals=1,
    )  # fmt: skip
    yield 3, stat_panel(lasts, query(f"max by ({RESOURCE}) ({of.ends_in_or_reason()})", "end", instant=True))
    reset = Options(
        "Resets in",
        "Time until the period ends and the vendor resets the quota. Most balances have no reset.",
        "s",
        no_value="no reset known",
        decimals=1,
    )
    yield 4, stat_panel(reset, query(of.until_reset(), "reset", instant=True))


def _pace() -> Json:
    options = Options(
        "Used in 24 hours", "What the exporter has observed in the last 24 hours, or since it first polled the account.",
        no_value="unknown", overrides=units.money_overrides(),
    )  # fmt: skip
    return stat_panel(options, query(ONE_RESOURCE.consumed("1d"), "{{unit}}", instant=True), named=True)


def _data_age() -> Json:
    options = Options(
        "Data age", "Time since the last successful poll of the account, when Prometheus read it.", "s", no_value="no good poll", decimals=0
    )
    return stat_panel(options, query(ONE_ACCOUNT.age(), "age", instant=True))


def _left() -> Json:
    of = ONE_RESOURCE
    marks = [
        dashed_line("/^threshold, warning/", units.YELLOW),
        dashed_line("/^threshold, critical/", units.RED),
        dashed_line("/limit/", units.GREY),
        colored("/^left/", units.BLUE),
    ]
    options = Options(
        "Left of $resource", "What is left, with the limit and the configured thresholds. Below 0 is overage.",
        no_value="No data. Some vendors report only what is used.", overrides=[*units.money_overrides(), *marks],
    )  # fmt: skip
    return time_series_panel(
        options,
        query(of.remaining(), "left ({{unit}})"),
        query(of.max_by("ai_account_quota_limit"), "limit ({{unit}})", ref="B"),
        query(of.max_by("ai_account_quota_threshold", by=f"{RESOURCE}, severity"), "threshold, {{severity}} ({{unit}})", ref="C"),
        query(f"-{of.max_by('ai_account_quota_overage_limit')}", "overage limit ({{unit}})", ref="D"),
    )


def _burn() -> Json:
    of = ONE_RESOURCE
    options = Options(
        "Used per hour", "What was used in the hour before each point.",
        no_value=NO_DATA, overrides=[*units.money_overrides(), colored("/^used/", units.BLUE)], min_value=0,
    )  # fmt: skip
    return time_series_panel(options, query(of.consumed(WINDOW), "used ({{unit}})"), area=True)


def _ends() -> Json:
    of = ONE_RESOURCE
    options = Options(
        "Time until empty and until reset",
        "The exporter's forecast. No end is shown if none is expected before the reset, or if too little is known.",
        "suffix:d", no_value="No end and no reset is known.", overrides=[dashed_line("/^reset/", units.GREY), colored("empty, expected", units.BLUE), colored("empty, at the latest", "light-blue")], min_value=0,
    )  # fmt: skip
    return time_series_panel(
        options,
        query(f"{of.ends_in()} / {DAY}", "empty, expected"),
        query(f"{of.ends_in('exhaustion_latest')} / {DAY}", "empty, at the latest", ref="B"),
        query(f"{of.until_reset()} / {DAY}", "reset", ref="C"),
    )


def _limit() -> Json:
    of = ONE_RESOURCE
    options = Options(
        "Used in the period", "Usage in the current period, with its limit and your budget.",
        no_value="No data. Some vendors report only what is left.", overrides=[*units.money_overrides(), dashed_line("/^limit/", units.GREY), dashed_line("/^budget/", units.YELLOW), colored("/^used/", units.BLUE)], min_value=0,
    )  # fmt: skip
    used = query(of.max_by("ai_account_quota_used"), "used ({{unit}})")
    limit = query(of.max_by("ai_account_quota_limit"), "limit ({{unit}})", ref="B")
    return time_series_panel(options, used, limit, query(of.max_by("ai_account_quota_budget"), "budget ({{unit}})", ref="C"))


def _moves() -> Json:
    of = ONE_RESOURCE
    options = Options(
        "Used and topped up per day", "What was used and what was added in the 24 hours before each point. Resets count as top-ups.",
        no_value=NO_DATA, min_value=0,
        overrides=[*units.money_overrides(), colored("/^used/", units.BLUE), colored("/^topped/", units.GREEN)],
    )  # fmt: skip
    added = of.increase("ai_account_quota_replenished_total", RESOURCE, "1d")
    return time_series_panel(options, query(of.consumed("1d"), "used ({{unit}})"), query(added, "topped up ({{unit}})", ref="B"))
