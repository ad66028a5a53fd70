"""The families of the process: prometheus-client is the reference for their text and their values."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics import exposition as openmetrics

from exporter.metrics import runtime
from exporter.metrics.negotiation import Syntax
from exporter.metrics.runtime import Runtime

EXACT = ("process_max_fds", "process_open_fds", "process_start_time_seconds", "python_")
"""The values that stay the same between two readings."""


@pytest.fixture(autouse=True)
def no_collections() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def reference(syntax: Syntax) -> list[str]:
    registry = CollectorRegistry()
    for kind in (ProcessCollector, PlatformCollector, GCCollector):
        kind(registry=registry)
    write = openmetrics.generate_latest if syntax is Syntax.OPENMETRICS else generate_latest
    return write(registry).decode().removesuffix("# EOF\n").splitlines()


@pytest.mark.parametrize("syntax", Syntax)
def test_the_text_is_that_of_prometheus_client_each_time(syntax: Syntax) -> None:
    writer = Runtime()
    for _ in range(3):
        for line, expected in zip(writer.text(syntax).decode().splitlines(), reference(syntax), strict=True):
            if line.startswith(("#", *EXACT)):
                assert line == expected
            else:
                assert line.rpartition(" ")[0] == expected.rpartition(" ")[0]
                assert float(line.rpartition(" ")[2]) == pytest.approx(float(expected.rpartition(" ")[2]), rel=0.1)


def test_values_are_read_for_each_page() -> None:
    writer = Runtime()
    before = writer.text(Syntax.TEXT)
    with Path("/dev/null").open("rb"):
        gc.collect()
        after = writer.text(Syntax.TEXT)
    for name in (b"process_open_fds", b'python_gc_collections_total{generation="2"}'):
        first, second = (float(page.partition(b"\n" + name + b" ")[2].split()[0]) for page in (before, after))
        assert second == first + 1


def test_a_family_that_a_later_prometheus_client_adds_is_not_frozen() -> None:
    class Growing(Runtime):
        value = 0.0

        def families(self) -> Iterator[Metric]:
            yield from super().families()
            self.value += 1
            yield GaugeMetricFamily("process_threads", "Number of OS threads.", self.value)

    writer = Growing()
    pages = [writer.text(Syntax.TEXT).decode() for _ in range(2)]
    assert [page.splitlines()[-1] for page in pages] == ["process_threads 2.0", "process_threads 3.0"]


def test_without_proc_the_families_of_python_remain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(runtime, "_STAT", tmp_path / "missing")
    assert b"\npython_gc_collections_total" in Runtime().text(Syntax.TEXT)
