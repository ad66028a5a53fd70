"""One account: what is left of one resource, how fast it goes, and how its polls fare."""

from __future__ import annotations

from collections.abc import Iterator

from tools.dashboards import units
from tools.dashboards.account_polls import details, polls
from tools.dashboards.expressions import DAY, ONE_ACCOUNT, ONE_RESOURCE, RESOURCE
from tools.dashboards.layout import Line, dashboard, heading
from tools.dashboards.overrides import coloured, line_of, same_unit
from tools.dashboards.panels import Face, Json, lines, query, stat_panel
from tools.dashboards.resources import resource_table
from tools.dashboards.variables import POLLS, built_in, data_source, exporters, new_period, own_labels, reloaded, single, topped_up

RULES = "No burn yet: load prometheus/rules/recording.yaml"
EMPTY = "Nothing known of this resource"


def account() -> Json:
    """The dashboard that a row of the fleet leads to."""
    return dashboard(
        "ai-account-account",
        "One account: what is left, how fast it goes, when it ends, and whether the figures can be trusted.",
        (
            _headline(),
            Line(10, ((15, _left()), (9, _burn()))),
            Line(8, ((8, _ends()), (8, _limit()), (8, _moves()))),
            Line(7, ((24, resource_table(ONE_ACCOUNT, "All resources of $account", fleet=False)),)),
            details(),
            heading("Polls of $account"),
            polls(),
        ),
        variables=(data_source(), *exporters(), *_choices(), own_labels()),
        annotations=(*built_in(), topped_up(ONE_RESOURCE), new_period(ONE_RESOURCE), reloaded('job=~"$job",instance=~"$instance"')),
        since="now-7d",
    )


def _choices() -> list[Json]:
    exporter = 'job=~"$job",instance=~"$instance"'
    resources = f"label_values(ai_account_quota_consumed_total{{{ONE_ACCOUNT.selector}}}, resource)"
    return [
        single("provider", "Provider", f"label_values({POLLS}{{{exporter}}}, provider)", "The vendor."),
        single("account", "Account", f'label_values({POLLS}{{{exporter},provider="$provider"}}, account)', "The account."),
        single("resource", "Resource", resources, "The resource of the upper half."),
    ]


def _headline() -> Line:
    return Line(5, ((3, _state()), (4, _amount()), *_when(), (4, _pace()), (3, _data_age())))


def _state() -> Json:
    face = Face(
        "State", "The worst of the account and this resource.",
        steps=units.STATE_STEPS, mappings=units.words(units.STATES), nothing="not known",
    )  # fmt: skip
    return stat_panel(face, query(f"max({ONE_RESOURCE.state()})", "state", at_end=True), background=True)


def _amount() -> Json:
    face = Face("Left", "What is left of $resource.", nothing=EMPTY, overrides=units.money_overrides())
    return stat_panel(face, query(ONE_RESOURCE.left(), "{{unit}}", at_end=True), named=True)


def _when() -> Iterator[tuple[int, Json]]:
    of = ONE_RESOURCE
    share = Face(
        "Share", "The share of the limit that is left; below 0 is overage.", "percentunit", units.SHARE_STEPS, nothing="no limit",
    )  # fmt: skip
    yield 3, stat_panel(share, query(of.share(), "share", at_end=True))
    lasts = Face(
        "Lasts", "Runway: until nothing is left, at the pace of the last day.", "s", units.RUNWAY_STEPS, units.ranges(units.NO_RUNWAY),
        nothing="not known", decimals=1,
    )  # fmt: skip
    yield 3, stat_panel(lasts, query(f"max by ({RESOURCE}) ({of.told_runway()})", "runway", at_end=True))
    reset = Face("Resets in", "Until the period ends and the vendor fills up again.", "s", nothing="no reset", decimals=1)
    yield 4, stat_panel(reset, query(of.until_reset(), "reset", at_end=True))


def _pace() -> Json:
    face = Face("Used a day", "At the pace of the last day.", nothing=RULES, overrides=units.money_overrides())
    return stat_panel(face, query(f"{ONE_RESOURCE.burn()} * {DAY}", "{{unit}}", at_end=True), named=True)


def _data_age() -> Json:
    face = Face("Age", "Age of the figures: since the last good poll of the account.", "s", nothing="never read", decimals=0)
    return stat_panel(face, query(ONE_ACCOUNT.age(), "age", at_end=True))


def _left() -> Json:
    of = ONE_RESOURCE
    marks = [line_of("/^floor, warning/", units.ORANGE), line_of("/^floor, critical/", units.RED), line_of("/^limit/", units.GREY)]
    face = Face(
        "Left of $resource", "What is left, with the limit and the floors of the configuration; below 0 is overage.",
        nothing=EMPTY, overrides=[*same_unit(), *marks],
    )  # fmt: skip
    return lines(
        face,
        query(of.left(), "left ({{unit}})"),
        query(of.largest("ai_account_quota_limit"), "limit ({{unit}})", ref="B"),
        query(of.largest("ai_account_quota_threshold", by=f"{RESOURCE}, severity"), "floor, {{severity}} ({{unit}})", ref="C"),
        query(f"-{of.largest('ai_account_quota_overage_limit')}", "end of overage ({{unit}})", ref="D"),
    )


def _burn() -> Json:
    of = ONE_RESOURCE
    windows = {"1h": "hour", "6h": "6 hours", "1d": "day", "7d": "week"}
    queries = (
        query(f"{of.largest(f'account:ai_account_quota_burn:rate{window}')} * {DAY}", f"last {name} ({{{{unit}}}})", ref=ref)
        for ref, (window, name) in zip("ABCD", windows.items(), strict=True)
    )
    face = Face("Used a day", "At the pace of the last hour, six hours, day and week.", nothing=RULES, overrides=same_unit(), floor=0)
    return lines(face, *queries)


def _ends() -> Json:
    of = ONE_RESOURCE
    ends = (
        query(
            f"(min by ({RESOURCE}) ({of.series(f'account:ai_account_quota_exhaustion_seconds:rate{window}')}) < {365 * DAY}) / {DAY}",
            f"empty, pace of {name}",
            ref=ref,
        )
        for ref, window, name in (("A", "1h", "1h"), ("B", "6h", "6h"), ("C", "1d", "1d"))
    )
    face = Face(
        "Time until empty and until reset", "Trouble where the time until empty is below the time until reset.",
        "d", nothing="Nothing is used, or there is no end.", overrides=[line_of("/^reset/", units.BLUE)], floor=0,
    )  # fmt: skip
    return lines(face, *ends, query(f"{of.until_reset()} / {DAY}", "reset", ref="D"))


def _limit() -> Json:
    of = ONE_RESOURCE
    face = Face(
        "Used of the limit", "What was used in this period, and what is granted for it.",
        nothing="The vendor tells no use of this resource.", overrides=[*same_unit(), line_of("/^limit/", units.RED)], floor=0,
    )  # fmt: skip
    used = query(of.largest("ai_account_quota_used"), "used ({{unit}})")
    return lines(face, used, query(of.largest("ai_account_quota_limit"), "limit ({{unit}})", ref="B"))


def _moves() -> Json:
    of = ONE_RESOURCE
    face = Face(
        "Used and topped up in a day", "What was seen to go and to come in the day before each bar; resets count as topped up.",
        nothing="Nothing was seen to move.",
        overrides=[*same_unit(), coloured("/^used/", units.BLUE), coloured("/^topped/", units.GREEN)],
    )  # fmt: skip
    families = (("A", "consumed", "used"), ("B", "replenished", "topped up"))
    return lines(
        face,
        *(
            query(
                f"max by ({RESOURCE}) (increase({of.series(f'ai_account_quota_{part}_total')}[1d]))",
                f"{name} ({{{{unit}}}})",
                ref=ref,
                step="1d",
            )
            for ref, part, name in families
        ),
        bars=True,
    )
