"""The dashboard of the exporter itself."""

from __future__ import annotations

from collections.abc import Iterator

from tools.dashboards import units
from tools.dashboards.expressions import ACCOUNT, EXPORTER, FAILING, STALE, WAITING
from tools.dashboards.expressions import HEALTH as OF
from tools.dashboards.health_process import process, scrapes
from tools.dashboards.layout import PanelRow, dashboard, row_heading
from tools.dashboards.overrides import colored
from tools.dashboards.panels import Json, Options, bar_panel, query, stat_panel, time_series_panel
from tools.dashboards.variables import BUILD, POLLS, built_in, data_source, exporters, reloaded, several

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
            PanelRow(8, ((8, _age()), (8, _waits()), (8, _mismatches()))),
            row_heading("Process and scrapes"),
            process(),
            scrapes(),
        ),
        variables=(
            data_source(),
            *exporters(),
            several("provider", "Provider", f"label_values({POLLS}{{{EXPORTER}}}, provider)", "The vendors."),
        ),
        annotations=(*built_in(), reloaded(EXPORTER)),
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
    options = Options(
        "Config", "Result of the last load of the configuration.",
        thresholds=units.GOOD_FROM_ONE, mappings=units.value_mappings({1: ("valid", units.GREEN), 0: ("rejected", units.RED)}), no_value="not scraped",
    )  # fmt: skip
    yield 4, stat_panel(options, query(f"min({family}_successful{{{EXPORTER}}})", "configuration", instant=True))
    since = Options("Config loaded", "Time since the configuration in effect was loaded.", "s", no_value="not scraped", decimals=1)
    yield 4, stat_panel(since, query(f"time() - max({family}_success_timestamp_seconds{{{EXPORTER}}})", "loaded", instant=True))


def _name(panel: Json) -> Json:
    """Show the name of the series instead of its value: the version is a label."""
    panel["options"]["textMode"] = "name"
    return panel


def _states() -> Json:
    states = {"answering": units.GREEN, "failing": units.ORANGE, "stale": units.RED, "waiting": units.BLUE}
    overrides = [colored(name, color) for name, color in states.items()]
    options = Options(
        "Accounts by poll state",
        "Answering, failing, stale, and waiting for the first poll.",
        no_value="no accounts",
        overrides=overrides,
        decimals=0,
    )
    numbers = {"answering": 0, "failing": FAILING, "stale": STALE, "waiting": WAITING}
    polls = OF.polling_state()
    queries = (
        query(f"sum({polls} == bool {number})", name, ref=ref, instant=True)
        for ref, (name, number) in zip("ABCD", numbers.items(), strict=True)
    )
    return stat_panel(options, *queries, named=True)


def _rate(family: str, by: str) -> str:
    return f"sum by (provider) (max by ({by}) (rate({OF.series(family)}[$__interval])))"


def _success() -> Json:
    errors = _rate("ai_account_scrape_errors_total", f"{ACCOUNT}, reason")
    polls = _rate("ai_account_scrapes_total", ACCOUNT)
    options = Options(
        "Poll success rate", "Percentage of successful polls by provider.", "percentunit",
        ((None, units.RED), (0.9, units.ORANGE), (0.99, units.GREEN)),
        no_value="No polls", min_value=0, max_value=1,
    )  # fmt: skip
    return time_series_panel(options, query(f"1 - {errors} / ({polls} > 0)", "{{provider}}", step="15m"))


def _errors() -> Json:
    errors = f"sum by (reason) (max by ({ACCOUNT}, reason) (increase({OF.series('ai_account_scrape_errors_total')}[$__interval]))) > 0"
    options = Options("Failed polls by reason", "docs/metrics.md explains each reason.", no_value="No poll failed.", min_value=0)
    return time_series_panel(options, query(errors, "{{reason}}", step="5m"), bars=True, stacked=True)


def _latency() -> Json:
    buckets = f"sum by (provider, le) (rate({OF.series('ai_account_exporter_vendor_request_duration_seconds_bucket')}[$__interval]))"
    options = Options("Poll latency", "Median and 95th percentile by provider.", "s", no_value="No polls", min_value=0)
    queries = (
        query(f"histogram_quantile({quantile}, {buckets})", f"{{{{provider}}}} {name}", ref=ref, step="15m")
        for ref, quantile, name in (("A", 0.5, "p50"), ("B", 0.95, "p95"))
    )
    return time_series_panel(options, *queries)


def _age() -> Json:
    age = f"({OF.age()}) / on ({ACCOUNT}) {OF.max_by('ai_account_scrape_interval_seconds', by=ACCOUNT)}"
    steps: units.Steps = ((None, units.GREEN), (1.5, units.ORANGE), (3, units.RED))
    options = Options(
        "Data age, in intervals",
        "The ten oldest. Values are stale after three intervals.",
        "short",
        steps,
        no_value="Never polled",
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
    options = Options(
        "Back-off and rate limits",
        "Intervals that back-off increased within the last day, and waits that a vendor requested.",
        "s",
        no_value="No account is waiting.",
        min_value=0,
    )
    return time_series_panel(options, query(slowed, f"{WHO} interval"), query(f"{until} - {last} > 0", f"{WHO} requested wait", ref="B"))


def _mismatches() -> Json:
    rise = f"increase({OF.series('ai_account_schema_mismatches_total')}[$__interval])"
    options = Options(
        "Schema mismatches",
        "Fields with an unusable value, such as after a change of the vendor's API.",
        no_value="No mismatch.",
        min_value=0,
    )
    return time_series_panel(
        options,
        query(f"sum by (provider, field) (max by ({ACCOUNT}, field) ({rise})) > 0", "{{provider}} {{field}}", step="5m"),
        bars=True,
        stacked=True,
    )
