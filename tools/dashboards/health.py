"""The dashboard of the exporter itself."""

from __future__ import annotations

from collections.abc import Iterator

from tools.dashboards import units
from tools.dashboards.expressions import ACCOUNT, EXPORTER, WINDOW, elapsed
from tools.dashboards.expressions import HEALTH as OF
from tools.dashboards.health_process import process, scrapes, state_file
from tools.dashboards.layout import PanelRow, dashboard, row_heading
from tools.dashboards.overrides import by_reason, count_states, state_counts
from tools.dashboards.panels import NO_DATA, Json, Options, bar_panel, query, stat_panel, time_series_panel
from tools.dashboards.resources import HINT
from tools.dashboards.variables import BUILD, POLLS, built_in, data_source, exporters, reloaded, several
from tools.rules.states import LOW, REASONS

WHO = "{{provider}} {{account}}"


def health() -> Json:
    """The dashboard to open when values are missing."""
    return dashboard(
        "ai-account-exporter-health",
        "Availability of the exporter, results of its polls, and resource usage.",
        (
            _headline(),
            row_heading("Polls of the vendors"),
            PanelRow(8, ((8, _success()), (8, _errors()), (8, _latency()))),
            PanelRow(9, ((8, _age()), (8, _waits()), (8, _mismatches()))),
            row_heading("State file"),
            state_file(),
            row_heading("Process and scrapes"),
            process(),
            scrapes(),
        ),
        variables=(
            data_source(),
            *exporters(),
            several("provider", "Provider", f"label_values({POLLS}{{{EXPORTER}}}, provider)", "The vendors."),
        ),
        annotations=(*built_in(), reloaded()),
        since="now-6h",
    )


def _headline() -> PanelRow:
    return PanelRow(4, ((4, _up()), (4, _version()), *_config(), (8, _states())))


def _up() -> Json:
    options = Options(
        "Exporter", "Whether Prometheus can scrape the exporters.",
        thresholds=units.GOOD_FROM_ONE, mappings=units.value_mappings(units.UP), no_value="not scraped", no_value_color=units.RED,
    )  # fmt: skip
    seen = f"up{{{EXPORTER}}} and on (job, instance) (last_over_time({BUILD}{{{EXPORTER}}}[1d]))"
    return stat_panel(options, query(f"min by (job) ({seen})", "{{job}}", instant=True))


def _version() -> Json:
    options = Options("Version", "Version of the exporter.", no_value="not scraped")
    return _name(stat_panel(options, query(f"count by (version) ({BUILD}{{{EXPORTER}}})", "{{version}}", instant=True)))


def _config() -> Iterator[tuple[int, Json]]:
    family = "ai_account_exporter_config_last_reload"
    loaded = f"{family}_success_timestamp_seconds{{{EXPORTER}}}"
    options = Options(
        "Config", "Result of the last load of the configuration.",
        thresholds=units.GOOD_FROM_ONE, mappings=units.value_mappings({1: ("valid", units.GREEN), 0: ("rejected", units.RED)}), no_value="not scraped",
    )  # fmt: skip
    yield 4, stat_panel(options, query(f"min({family}_successful{{{EXPORTER}}})", "configuration", instant=True))
    since = Options(
        "Config loaded",
        "Time since the configuration in effect was loaded, when Prometheus read it.",
        "s",
        no_value="not scraped",
        decimals=1,
    )
    yield 4, stat_panel(since, query(f"min({elapsed(loaded)})", "loaded", instant=True))


def _name(panel: Json) -> Json:
    """Show the name of the series instead of its value: the version is a label."""
    panel["options"]["textMode"] = "name"
    return panel


def _states() -> Json:
    options = Options(
        "Accounts by poll state",
        "ok: the last poll succeeded. failing: it failed. stale: the values are too old. waiting: not polled yet. exhausted: the vendor refuses polls "
        "because nothing is left.",
        no_value=HINT, no_value_color=units.RED, overrides=state_counts(), decimals=0,
    )  # fmt: skip
    return stat_panel(options, *count_states(OF.polling_state(), set(units.STATES) - {LOW}), named=True)


def _success() -> Json:
    errors = f"sum by (provider) ({OF.increase('ai_account_scrape_errors_total', f'{ACCOUNT}, reason')})"
    polls = f"sum by (provider) ({OF.increase('ai_account_scrapes_total', ACCOUNT)})"
    options = Options(
        "Poll success rate", "Percentage of successful polls in the hour before each point, by provider.", "percentunit",
        no_value=NO_DATA, min_value=0, max_value=1,
    )  # fmt: skip
    return time_series_panel(options, query(f"1 - {errors} / ({polls} > 0)", "{{provider}}"))


def _errors() -> Json:
    errors = f"sum by (reason) ({OF.increase('ai_account_scrape_errors_total', f'{ACCOUNT}, reason')}) > 0"
    failing = f"sum by (reason) ({OF.max_by(REASONS, by=f'{ACCOUNT}, reason')})"
    options = Options(
        "Failed polls per hour, by reason", "Failed polls in the hour before each point. docs/metrics.md explains each reason.",
        no_value="No failed poll in this time range.", min_value=0, overrides=by_reason(),
    )  # fmt: skip
    return time_series_panel(options, query(f"{errors} or {failing}", "{{reason}}"), stacked=True)


def _latency() -> Json:
    buckets = OF.series("ai_account_exporter_vendor_request_duration_seconds_bucket")
    options = Options(
        "Poll duration", "Median and 95th percentile of the hour before each point, by provider.", "s", no_value=NO_DATA, min_value=0
    )
    queries = (
        query(f"histogram_quantile({quantile}, sum by (provider, le) (rate({buckets}[{WINDOW}]))) > 0", f"{{{{provider}}}} {name}", ref=ref)
        for ref, quantile, name in (("A", 0.5, "p50"), ("B", 0.95, "p95"))
    )
    return time_series_panel(options, *queries)


def _age() -> Json:
    age = f"{OF.age()} / on ({ACCOUNT}) {OF.max_by('ai_account_scrape_interval_seconds', by=ACCOUNT)}"
    options = Options(
        "Data age, in intervals",
        "The ten oldest. By default, values are stale after three intervals.",
        "short",
        units.AGE_STEPS,
        no_value="No poll has succeeded.",
        decimals=1,
        min_value=0,
        max_value=6,
    )
    return bar_panel(options, query(f"sort_desc(topk(10, {age}))", WHO, instant=True))


def _waits() -> Json:
    until = OF.max_by("ai_account_rate_limited_until_timestamp_seconds", by=ACCOUNT)
    last = OF.max_by("ai_account_last_scrape_timestamp_seconds", by=ACCOUNT)
    interval = OF.max_by("ai_account_scrape_interval_seconds", by=ACCOUNT)
    selected = OF.series("ai_account_scrape_interval_seconds")
    slowed = f"{interval} and on ({ACCOUNT}) max_over_time({selected}[1d]) > 1.5 * min_over_time({selected}[1d])"
    slowed += f" and on ({ACCOUNT}) {OF.increase('ai_account_scrape_errors_total', ACCOUNT, '1d')} > 0"  # else adaptive intervals count too
    options = Options(
        "Back-off and rate limits",
        "Intervals that back-off increased within the last day, and waits that a vendor requested.",
        "s",
        no_value="No longer intervals and no waits in this time range.",
        min_value=0,
    )
    return time_series_panel(options, query(slowed, f"{WHO} interval"), query(f"{until} - {last} > 0", f"{WHO} requested wait", ref="B"))


def _mismatches() -> Json:
    rise = OF.increase("ai_account_schema_mismatches_total", f"{ACCOUNT}, field")
    options = Options(
        "Unusable values per hour, by field",
        "Fields with an unusable value in the hour before each point, such as after a change of the vendor's API.",
        no_value="No unusable value in this time range.",
        min_value=0,
    )
    counted = query(f"sum by (provider, field) ({rise}) > 0", "{{provider}} {{field}}")
    return time_series_panel(options, counted, stacked=True, shade=units.PURPLE)  # as the reason invalid_response
