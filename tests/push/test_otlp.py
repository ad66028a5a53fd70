"""A push contains the series of the page: Prometheus stores the same from both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from exporter.accounts.snapshot import Snapshot
from exporter.accounts.store import Store
from exporter.metrics.catalogue import CATALOGUE
from exporter.metrics.collector import BUCKETS, push_families
from exporter.metrics.exposition import Exposition
from exporter.model import Reason, Seconds
from exporter.push.otlp import EncodedPush, Series, encode, rejected
from tests.metrics.showcase import BUILD, NOW, STAGE, showcase
from tests.metrics.strategies import readings
from tests.metrics.test_exposition import KEYS, LABELS
from tests.push.receiver import Answer, Received, page_series
from tests.support import clock_at, job_of

RESOURCE = {"service.name": "ai-account-exporter"}


def received(request: EncodedPush) -> Received:
    return Received({}, ExportMetricsServiceRequest.FromString(request.body))


def push(families: Iterable[Metric], at: float = NOW, known: Series | None = None) -> tuple[Received, Series]:
    request = encode(families, at, RESOURCE, known or {})
    return received(request), request.series


def of_accounts(snapshot: Snapshot, *left: str) -> Snapshot:
    """The snapshot without the accounts of some providers."""
    rows = [row for row in zip(snapshot.jobs, snapshot.entries, snapshot.schedules, strict=True) if row[0].key.provider not in left]
    jobs, entries, schedules = zip(*rows, strict=True)
    durations = {provider: each for provider, each in snapshot.durations.items() if provider not in left}
    return replace(snapshot, jobs=jobs, entries=entries, schedules=schedules, durations=durations)


@pytest.fixture
def exposition() -> Exposition:
    exposition = Exposition(BUILD, runtime=False)
    exposition.push = lambda: push_families({Reason.TIMEOUT: 3}, NOW - 60)
    return exposition


@pytest.mark.parametrize("at", [NOW, NOW + 1e7], ids=["fresh", "stale"])
def test_every_sample_of_the_page_is_pushed_and_nothing_else(exposition: Exposition, at: float) -> None:
    snapshot = replace(showcase().snapshot(), at=at)
    pushed, _ = push(exposition.families(snapshot), at)
    assert pushed.series() == page_series(exposition.render(snapshot).body.decode())
    assert pushed.resource == RESOURCE


def test_the_families_of_the_process_are_pushed() -> None:
    exposition = Exposition(BUILD)
    snapshot = showcase().snapshot()
    names = {name for name, _ in push(exposition.families(snapshot))[0].series()}
    assert names == {name for name, _ in page_series(exposition.render(snapshot).body.decode())}
    assert {"process_cpu_seconds_total", "python_gc_collections_total", "python_info"} <= names


@given(data=st.lists(readings, min_size=1, max_size=3))
@settings(max_examples=40)
def test_every_sample_of_any_account_is_pushed(data: list[Any]) -> None:
    exposition = Exposition(BUILD, runtime=False)
    store = Store((job_of(key, labels=labels) for key, labels in zip(KEYS, LABELS, strict=True)), BUCKETS, clock_at(NOW))
    for number, (key, reading) in enumerate(zip(KEYS, data, strict=False)):
        store.record_success(key, reading, at=NOW, duration=Seconds(number), interval=Seconds(60.0))
    snapshot = store.snapshot()
    pushed, _ = push(exposition.families(snapshot))
    assert pushed.series() == page_series(exposition.render(snapshot).body.decode())


def test_a_metric_has_the_type_and_the_help_of_its_family(exposition: Exposition) -> None:
    pushed, _ = push(exposition.families(showcase().snapshot()))
    kinds = {"gauge": "gauge", "counter": "sum", "histogram": "histogram"}
    assert {metric.name: (metric.WhichOneof("data"), metric.description) for metric in pushed.metrics} == {
        family.name: (kinds[family.type], family.help) for family in CATALOGUE
    }
    for metric in pushed.metrics:
        if metric.WhichOneof("data") == "sum":
            assert metric.sum.is_monotonic
            assert metric.sum.aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE


def test_all_points_have_the_time_of_the_snapshot_and_a_gauge_has_no_start(exposition: Exposition) -> None:
    pushed, _ = push(exposition.families(showcase().snapshot()))
    points = [(metric, point) for metric in pushed.metrics for point in pushed.points(metric.name).values()]
    assert {point.time_unix_nano for _, point in points} == {int(NOW) * 10**9}
    assert {metric.WhichOneof("data") for metric, point in points if point.start_time_unix_nano == 0} == {"gauge"}


def counted(value: float) -> list[Metric]:
    counter = CounterMetricFamily("polls_total", "Polls.", labels=("account",))
    counter.add_metric(("a",), value)
    return [counter]


def start_of(pushed: Received) -> tuple[float, float]:
    [point] = pushed.points("polls_total").values()
    return point.start_time_unix_nano / 1e9, point.time_unix_nano / 1e9


def test_a_counter_begins_with_a_point_of_no_duration_because_an_earlier_process_may_have_counted() -> None:
    assert start_of(push(counted(7), NOW)[0]) == (NOW, NOW)


def test_a_counter_keeps_its_start_while_it_does_not_fall() -> None:
    _, known = push(counted(7), NOW)
    pushed, known = push(counted(7), NOW + 60, known)
    assert start_of(pushed) == (NOW, NOW + 60)
    assert start_of(push(counted(9), NOW + 120, known)[0]) == (NOW, NOW + 120)


def test_a_counter_that_fell_begins_again() -> None:
    _, known = push(counted(7), NOW)
    pushed, known = push(counted(6), NOW + 60, known)
    assert start_of(pushed) == (NOW + 60, NOW + 60)
    assert start_of(push(counted(8), NOW + 120, known)[0]) == (NOW + 60, NOW + 120)


def test_a_counter_begins_again_when_the_clock_is_set_back_before_its_start() -> None:
    _, known = push(counted(7), NOW)
    assert start_of(push(counted(8), NOW - 60, known)[0]) == (NOW - 60, NOW - 60)


def test_a_histogram_keeps_its_start_too(exposition: Exposition) -> None:
    snapshot = showcase().snapshot()
    _, known = push(exposition.families(snapshot), NOW)
    pushed, _ = push(exposition.families(snapshot), NOW + 60, known)
    for point in pushed.points("ai_account_exporter_vendor_request_duration_seconds").values():
        assert (point.start_time_unix_nano, point.time_unix_nano) == (int(NOW) * 10**9, int(NOW + 60) * 10**9)


def test_the_series_of_a_removed_provider_end_once(exposition: Exposition) -> None:
    snapshot = showcase().snapshot()
    before, known = push(exposition.families(snapshot))
    left = of_accounts(snapshot, STAGE.provider)
    after, known = push(exposition.families(left), NOW + 60, known)
    gone = {series for series in before.series() if ("provider", STAGE.provider) in series[1]}
    assert {name for name, _ in gone} >= {"ai_account_up", "ai_account_scrapes_total"}
    assert ("ai_account_exporter_vendor_request_duration_seconds_bucket", frozenset({("provider", STAGE.provider), ("le", "+Inf")})) in gone
    assert {series for series, value in after.series().items() if value is None} == gone
    assert after.series().keys() == before.series().keys()
    later, _ = push(exposition.families(left), NOW + 120, known)
    assert later.series().keys() == before.series().keys() - gone
    assert None not in later.series().values()


def test_the_series_of_a_reading_end_when_it_becomes_stale(exposition: Exposition) -> None:
    snapshot = showcase().snapshot()
    before, known = push(exposition.families(snapshot))
    after, _ = push(exposition.families(replace(snapshot, at=NOW + 1e7)), NOW + 1e7, known)
    ended = {name for (name, _), value in after.series().items() if value is None}
    assert "ai_account_quota_remaining" in ended
    assert "ai_account_scrapes_total" not in ended
    assert before.series().keys() == after.series().keys()


def test_a_whole_family_that_is_gone_ends(exposition: Exposition) -> None:
    _, known = push(counted(7))
    pushed, known = push([GaugeMetricFamily("other", "Other.", 1.0)], NOW - 60, known)
    assert pushed.series() == {("polls_total", frozenset({("account", "a")})): None, ("other", frozenset()): 1.0}
    assert start_of(pushed) == (NOW - 60, NOW - 60)
    assert known.keys() == {("other", ())}


@pytest.mark.parametrize(
    ("body", "count"),
    [(b"", 0), (Answer.rejecting(0, "a warning").body, 0), (Answer.rejecting(3).body, 3), (b"{}", 0), (b"<html>", 0), (b"ok", 0)],
)
def test_the_rejected_points_are_read_from_a_response_of_any_form(body: bytes, count: int) -> None:
    assert rejected(body) == count
