"""The lower part of the health dashboard: the state file, the process, and Prometheus's scrapes."""

from __future__ import annotations

from tools.dashboards import units
from tools.dashboards.expressions import EXPORTER, WINDOW, elapsed
from tools.dashboards.layout import PanelRow
from tools.dashboards.panels import NO_DATA, Json, Options, query, stat_panel, time_series_panel
from tools.dashboards.variables import BUILD

OURS = f"and on (job, instance) {BUILD}{{{EXPORTER}}}"
OFF = "No data. The exporter can run without process metrics."
STATELESS = "No data. The exporter can run without a state file."


def state_file() -> PanelRow:
    """Whether the state file is written."""
    return PanelRow(6, ((4, _written()), (10, _since_write()), (10, _failed_writes())))


def process() -> PanelRow:
    """Resource usage of the process."""
    return PanelRow(7, ((8, _cpu()), (8, _memory()), (8, _files())))


def scrapes() -> PanelRow:
    """Duration and size of scrapes, and uptime."""
    return PanelRow(7, ((8, _duration()), (8, _samples()), (8, _uptime())))


def _of(name: str) -> str:
    return f"{name}{{{EXPORTER}}} {OURS}"


def _written() -> Json:
    options = Options(
        "State file", "Result of the last write of the state file: the worst one of the selected exporters.", thresholds=units.GOOD_FROM_ONE,
        mappings=units.value_mappings({1: ("written", units.GREEN), 0: ("not written", units.RED)}), no_value="none known",
    )  # fmt: skip
    return stat_panel(options, query(f"min(ai_account_exporter_state_last_write_successful{{{EXPORTER}}})", "state file", instant=True))


def _since_write() -> Json:
    written = f"ai_account_exporter_state_last_write_success_timestamp_seconds{{{EXPORTER}}}"
    description = "Time since the last successful write of the state file, when Prometheus read it. A restart loses what is newer."
    options = Options("Time since the last state write", description, "s", no_value=STATELESS, min_value=0)
    return time_series_panel(options, query(elapsed(written), "{{instance}}"), area=True, shade=units.BLUE)


def _failed_writes() -> Json:
    failed = f"increase(ai_account_exporter_state_write_errors_total{{{EXPORTER}}}[{WINDOW}])"
    description = "Failed writes of the state file in the hour before each point. The log of the exporter contains the cause."
    options = Options("Failed state writes per hour", description, no_value=STATELESS, min_value=0)
    return time_series_panel(options, query(failed, "{{instance}}"), area=True, shade=units.RED)


def _cpu() -> Json:
    options = Options("CPU", "Cores in use.", "percentunit", no_value=OFF, min_value=0)
    return time_series_panel(
        options,
        query(f"rate(process_cpu_seconds_total{{{EXPORTER}}}[$__rate_interval]) {OURS}", "{{instance}}"),
        area=True,
        shade=units.BLUE,
    )


def _memory() -> Json:
    options = Options("Memory", "Resident memory.", "bytes", no_value=OFF, min_value=0)
    return time_series_panel(options, query(_of("process_resident_memory_bytes"), "{{instance}}"), area=True, shade=units.BLUE)


def _files() -> Json:
    options = Options(
        "Open files",
        "Open file descriptors, sockets included. The limit is process_max_fds.",
        "short",
        no_value=OFF,
        decimals=0,
        min_value=0,
    )
    return time_series_panel(options, query(_of("process_open_fds"), "{{instance}}"), area=True, shade=units.BLUE)


def _duration() -> Json:
    options = Options("Scrape duration", "Duration of Prometheus's scrapes.", "s", no_value=NO_DATA, min_value=0)
    return time_series_panel(options, query(_of("scrape_duration_seconds"), "{{instance}}"), area=True, shade=units.BLUE)


def _samples() -> Json:
    options = Options(
        "Samples per scrape", "Number of series that the exporter exposes.", "short", no_value=NO_DATA, decimals=0, min_value=0
    )
    return time_series_panel(options, query(_of("scrape_samples_scraped"), "{{instance}}"), area=True, shade=units.BLUE)


def _uptime() -> Json:
    started = f"process_start_time_seconds{{{EXPORTER}}}"
    options = Options("Uptime", "Time since the process started, when Prometheus read it.", "s", no_value=OFF, min_value=0)
    return time_series_panel(options, query(f"{elapsed(started)} {OURS}", "{{instance}}"), area=True, shade=units.BLUE)
