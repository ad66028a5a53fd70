"""The lower part of the health dashboard: the process, and Prometheus's scrapes of it."""

from __future__ import annotations

from tools.dashboards.expressions import DAY, EXPORTER
from tools.dashboards.layout import Line
from tools.dashboards.panels import Face, Json, lines, query
from tools.dashboards.variables import BUILD

OURS = f"and on (job, instance) {BUILD}{{{EXPORTER}}}"
OFF = "Not told: exporter metrics are off."


def process() -> Line:
    """What the process needs."""
    return Line(7, ((8, _cpu()), (8, _memory()), (8, _files())))


def scrapes() -> Line:
    """What a scrape takes and brings."""
    return Line(7, ((8, _duration()), (8, _samples()), (8, _uptime())))


def _of(name: str) -> str:
    return f"{name}{{{EXPORTER}}} {OURS}"


def _cpu() -> Json:
    face = Face("CPU", "Cores in use.", "percentunit", nothing=OFF, floor=0)
    return lines(face, query(f"rate(process_cpu_seconds_total{{{EXPORTER}}}[$__rate_interval]) {OURS}", "{{instance}}"), area=True)


def _memory() -> Json:
    face = Face("Memory", "Resident memory.", "bytes", nothing=OFF, floor=0)
    return lines(face, query(_of("process_resident_memory_bytes"), "{{instance}}"), area=True)


def _files() -> Json:
    face = Face("Open files", "Sockets are files; the limit is in process_max_fds.", "short", nothing=OFF, decimals=0, floor=0)
    return lines(face, query(_of("process_open_fds"), "{{instance}}"), area=True)


def _duration() -> Json:
    face = Face("How long scrapes take", "Prometheus's scrapes of the exporter.", "s", nothing="Not scraped", floor=0)
    return lines(face, query(_of("scrape_duration_seconds"), "{{instance}}"), area=True)


def _samples() -> Json:
    face = Face("Samples in a scrape", "How many series the exporter has.", "short", nothing="Not scraped", decimals=0, floor=0)
    return lines(face, query(_of("scrape_samples_scraped"), "{{instance}}"), area=True)


def _uptime() -> Json:
    face = Face("Running for", "How long the process has been running; a fall to 0 is a start.", "d", nothing=OFF, floor=0)
    return lines(face, query(f"(time() - process_start_time_seconds{{{EXPORTER}}} {OURS}) / {DAY}", "{{instance}}"), area=True)
