"""The exporter's own health: whether it is there, what it polls, and what it needs."""

from __future__ import annotations

from collections.abc import Iterator

from tools.dashboards import units
from tools.dashboards.expressions import ACCOUNT, EXPORTER, FAILING, STALE, WAITING
from tools.dashboards.expressions import HEALTH as OF
from tools.dashboards.health_process import process, scrapes
from tools.dashboards.layout import Line, dashboard, heading
from tools.dashboards.overrides import coloured
from tools.dashboards.panels import Face, Json, bar_panel, lines, query, stat_panel
from tools.dashboards.variables import BUILD, POLLS, built_in, data_source, exporters, reloaded, several

WHO = "{{provider}} {{account}}"


def health() -> Json:
    """The dashboard to open when figures are missing."""
    return dashboard(
        "ai-account-exporter-health",
        "Whether the exporter is there, how its polls fare, and what it needs.",
        (
            _headline(),
            heading("Polls of the vendors"),
            Line(8, ((8, _success()), (8, _errors()), (8, _latency()))),
            Line(8, ((8, _age()), (8, _waits()), (8, _mismatches()))),
            heading("The process and its scrapes"),
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


def _headline() -> Line:
    return Line(4, ((4, _up()), (4, _version()), *_config(), (8, _states())))


def _up() -> Json:
    face = Face(
        "Exporter", "Whether Prometheus reaches the exporters.",
        steps=units.GOOD_FROM_ONE, mappings=units.words(units.UP), nothing="not scraped", empty=units.RED,
    )  # fmt: skip
    seen = f"up{{{EXPORTER}}} and on (job, instance) (last_over_time({BUILD}{{{EXPORTER}}}[1d]))"
    return stat_panel(face, query(f"min by (job) ({seen})", "{{job}}", at_end=True))


def _version() -> Json:
    face = Face("Version", "Which exporter this is.", nothing="not scraped")
    return _name(stat_panel(face, query(f"count by (version) ({BUILD}{{{EXPORTER}}})", "{{version}}", at_end=True)))


def _config() -> Iterator[tuple[int, Json]]:
    family = "ai_account_exporter_config_last_reload"
    face = Face(
        "Config", "Whether the configuration was right when it was last read.",
        steps=units.GOOD_FROM_ONE, mappings=units.words({1: ("right", units.GREEN), 0: ("refused", units.RED)}), nothing="not scraped",
    )  # fmt: skip
    yield 4, stat_panel(face, query(f"min({family}_successful{{{EXPORTER}}})", "configuration", at_end=True))
    since = Face("Config read", "How long ago the configuration in force was read.", "s", nothing="not scraped", decimals=1)
    yield 4, stat_panel(since, query(f"time() - max({family}_success_timestamp_seconds{{{EXPORTER}}})", "read", at_end=True))


def _name(panel: Json) -> Json:
    """The name of the series in place of its value: a version is a label."""
    panel["options"]["textMode"] = "name"
    return panel


def _states() -> Json:
    states = {"answering": units.GREEN, "failing": units.ORANGE, "stale": units.RED, "waiting": units.BLUE}
    overrides = [coloured(name, colour) for name, colour in states.items()]
    face = Face(
        "Accounts by the state of their polls",
        "Answering, failing, stale and not polled yet.",
        nothing="no accounts",
        overrides=overrides,
        decimals=0,
    )
    numbers = {"answering": 0, "failing": FAILING, "stale": STALE, "waiting": WAITING}
    polls = OF.polling_state()
    queries = (
        query(f"sum({polls} == bool {number})", name, ref=ref, at_end=True)
        for ref, (name, number) in zip("ABCD", numbers.items(), strict=True)
    )
    return stat_panel(face, *queries, named=True)


def _rate(family: str, by: str) -> str:
    return f"sum by (provider) (max by ({by}) (rate({OF.series(family)}[$__interval])))"


def _success() -> Json:
    errors = _rate("ai_account_scrape_errors_total", f"{ACCOUNT}, reason")
    polls = _rate("ai_account_scrapes_total", ACCOUNT)
    face = Face(
        "Polls that succeed", "The share of good polls, by provider.", "percentunit",
        ((None, units.RED), (0.9, units.ORANGE), (0.99, units.GREEN)),
        nothing="No polls", floor=0, ceiling=1,
    )  # fmt: skip
    return lines(face, query(f"1 - {errors} / ({polls} > 0)", "{{provider}}", step="15m"))


def _errors() -> Json:
    errors = f"sum by (reason) (max by ({ACCOUNT}, reason) (increase({OF.series('ai_account_scrape_errors_total')}[$__interval]))) > 0"
    face = Face("Failed polls by reason", "docs/metrics.md says what each reason means.", nothing="No poll failed.", floor=0)
    return lines(face, query(errors, "{{reason}}", step="5m"), bars=True, stacked=True)


def _latency() -> Json:
    buckets = f"sum by (provider, le) (rate({OF.series('ai_account_exporter_vendor_request_duration_seconds_bucket')}[$__interval]))"
    face = Face("How long vendors take", "Half of the polls, and 95 of 100, are faster than this.", "s", nothing="No polls", floor=0)
    queries = (
        query(f"histogram_quantile({quantile}, {buckets})", f"{{{{provider}}}} {name}", ref=ref, step="15m")
        for ref, quantile, name in (("A", 0.5, "half"), ("B", 0.95, "95 %"))
    )
    return lines(face, *queries)


def _age() -> Json:
    age = f"({OF.age()}) / on ({ACCOUNT}) {OF.largest('ai_account_scrape_interval_seconds', by=ACCOUNT)}"
    steps: units.Steps = ((None, units.GREEN), (1.5, units.ORANGE), (3, units.RED))
    face = Face(
        "Data age, in intervals",
        "From three intervals on, figures are stale. The ten oldest.",
        "short",
        steps,
        nothing="Never read",
        decimals=1,
        floor=0,
        ceiling=6,
    )
    return bar_panel(face, query(f"sort_desc(topk(10, {age}))", WHO, at_end=True))


def _waits() -> Json:
    until = OF.largest("ai_account_rate_limited_until_timestamp_seconds", by=ACCOUNT)
    last = OF.largest("ai_account_last_scrape_timestamp_seconds", by=ACCOUNT)
    interval = OF.largest("ai_account_scrape_interval_seconds", by=ACCOUNT)
    told = OF.series("ai_account_scrape_interval_seconds")
    slowed = f"{interval} and on ({ACCOUNT}) max_over_time({told}[1d]) > 1.5 * min_over_time({told}[1d])"
    face = Face(
        "Back-off and rate limits",
        "Intervals of accounts where failures have stretched them within a day, and how long a vendor told us to wait.",
        "s",
        nothing="No account waits.",
        floor=0,
    )
    return lines(face, query(slowed, f"{WHO} interval"), query(f"{until} - {last} > 0", f"{WHO} told to wait", ref="B"))


def _mismatches() -> Json:
    rise = f"increase({OF.series('ai_account_schema_mismatches_total')}[$__interval])"
    face = Face(
        "Fields that came wrong",
        "Fields with a value that cannot be used: the vendor has changed its answer.",
        nothing="All fields came as they should.",
        floor=0,
    )
    return lines(
        face,
        query(f"sum by (provider, field) (max by ({ACCOUNT}, field) ({rise})) > 0", "{{provider}} {{field}}", step="5m"),
        bars=True,
        stacked=True,
    )
