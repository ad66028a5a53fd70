"""The lower part of the health dashboard: the process, and Prometheus's scrapes."""

from __future__ import annotations

from tools.dashboards.expressions import EXPORTER
from tools.dashboards.layout import PanelRow
from tools.dashboards.panels import NO_DATA, Json, Options, query, time_series_panel
from tools.dashboards.units import BLUE
from tools.dashboards.variables import BUILD

OURS = f"and on (job, instance) {BUILD}{{{EXPORTER}}}"
OFF = "No data. The exporter can run without process metrics."


def process() -> PanelRow:
    """Resource usage of the process."""
    return PanelRow(7, ((8, _cpu()), (8, _memory()), (8, _files())))


def scrapes() -> PanelRow:
    """Duration and size of scrapes, and uptime."""
    return PanelRow(7, ((8, _duration()), (8, _samples()), (8, _uptime())))


def _of(name: str) -> str:
    return f"{name}{{{EXPORTER}}} {OURS}"


def _cpu() -> Json:
    options = Options("CPU", "Cores in use.", "percentunit", no_value=OFF, min_value=0)
    return time_series_panel(
        options, query(f"rate(process_cpu_seconds_total{{{EXPORTER}}}[$__rate_interval]) {OURS}", "{{instance}}"), area=True, shade=BLUE
    )


def _memory() -> Json:
    options = Options("Memory", "Resident memory.", "bytes", no_value=OFF, min_value=0)
    return time_series_panel(options, query(_of("process_resident_memory_bytes"), "{{instance}}"), area=True, shade=BLUE)


def _files() -> Json:
    options = Options(
        "Open files",
        "Open file descriptors, sockets included. The limit is process_max_fds.",
        "short",
        no_value=OFF,
        decimals=0,
        min_value=0,
    )
    return time_series_panel(options, query(_of("process_open_fds"), "{{instance}}"), area=True, shade=BLUE)


def _duration() -> Json:
    options = Options("Scrape duration", "Duration of Prometheus's scrapes.", "s", no_value=NO_DATA, min_value=0)
    return time_series_panel(options, query(_of("scrape_duration_seconds"), "{{instance}}"), area=True, shade=BLUE)


def _samples() -> Json:
    options = Options(
        "Samples per scrape", "Number of series that the exporter exposes.", "short", no_value=NO_DATA, decimals=0, min_value=0
    )
    return time_series_panel(options, query(_of("scrape_samples_scraped"), "{{instance}}"), area=True, shade=BLUE)


def _uptime() -> Json:
    started = f"process_start_time_seconds{{{EXPORTER}}}"
    options = Options("Uptime", "Time since the process started, when Prometheus read it.", "s", no_value=OFF, min_value=0)
    return time_series_panel(options, query(f"timestamp({started}) - {started} {OURS}", "{{instance}}"), area=True, shade=BLUE)
