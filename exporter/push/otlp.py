"""Encodes metric families as a request of OTLP (https://opentelemetry.io/docs/specs/otel/metrics/data-model/).

Names and labels stay as they are on the page, and there is no unit: Prometheus's translation of OTLP returns the same series.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest, ExportMetricsServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK,
    ScopeMetrics,
)
from prometheus_client import Metric

from exporter.metrics.collector import BUCKETS

Attributes = tuple[tuple[str, str], ...]
Key = tuple[str, Attributes]
"""The name and the attributes of a series."""

_DATA: Final = {"gauge": "gauge", "counter": "sum", "histogram": "histogram"}
"""The field of an OTLP metric with its data, by the type of the family."""


class Sent(NamedTuple):
    """What a receiver has of a series."""

    type: str
    start: int
    """When the sequence of points began, in nanoseconds; 0 for a gauge."""
    value: float
    """The last value of a counter, or the number of observations of a histogram; 0 for a gauge."""


_GAUGE: Final = Sent("gauge", 0, 0.0)
Series = Mapping[Key, Sent]


class EncodedPush(NamedTuple):
    """The body of a push, and what the receiver has once it has accepted it."""

    body: bytes
    series: Series


def encode(families: Iterable[Metric], at: float, resource: Mapping[str, str], known: Series) -> EncodedPush:
    """Encode the families as they are at this time. `known` is what the receiver has: a series that is missing now is ended."""
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.extend(map(_key_value, resource.items()))
    points = _Points(group.scope_metrics.add(), round(at * 1e9), known)
    for family in families:
        points.add(family)
    points.end_missing()
    return EncodedPush(request.SerializeToString(), points.series)


def rejected(body: bytes) -> int:
    """Return how many data points a receiver has rejected, from the body of its response; 0 where it is of another form."""
    try:
        return ExportMetricsServiceResponse.FromString(body).partial_success.rejected_data_points
    except DecodeError:
        return 0


class _Points:
    """The data points of one request."""

    def __init__(self, scope: ScopeMetrics, at: int, known: Series) -> None:
        """`at` is in nanoseconds."""
        self._scope = scope
        self._at = at
        self._known = known
        self._points: dict[str, Any] = {}
        """The points of each metric, by its name."""
        self._key_value = cache(_key_value)
        self._shared: dict[tuple[str, str], tuple[str, str]] = {}
        """Attributes that series have in common: each is kept once."""
        self.series: dict[Key, Sent] = {}

    def add(self, family: Metric) -> None:
        """Add the samples of a family."""
        if family.type != "histogram":
            for sample in family.samples:
                self._add(sample.name, _attributes(sample.labels), family, sample.value).as_double = sample.value
            return
        for attributes, bounds, counts, total in _histograms(family):
            point = self._add(family.name, attributes, family, sum(counts))
            point.count, point.sum = sum(counts), total
            point.explicit_bounds.extend(bounds)
            point.bucket_counts.extend(counts)

    def end_missing(self) -> None:
        """Add a point without value for each series that the receiver has and that is missing: Prometheus then marks it as stale."""
        for key, sent in self._known.items():
            if key not in self.series:
                point = self._point(key, sent.type, "", min(sent.start, self._at))
                point.flags = DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
                if sent.type == "histogram":  # each of its series has to be named
                    point.sum = 0.0
                    point.explicit_bounds.extend(BUCKETS[:-1])
                    point.bucket_counts.extend([0] * len(BUCKETS))

    def _add(self, name: str, attributes: Attributes, family: Metric, value: float) -> Any:
        """Add a point, and note the series.

        The count of a series may have begun in an earlier process. So its sequence begins with its first point, which means "a reset at an
        unknown start time", and again after a fall.
        """
        key = name, tuple([self._shared.setdefault(each, each) for each in attributes])
        series, sent = _GAUGE, self._known.get(key)
        if family.type != "gauge":
            start = sent.start if sent and sent.value <= value and sent.start <= self._at else self._at
            series = Sent(family.type, start, value)
        self.series[key] = series
        return self._point(key, series.type, family.documentation, series.start)

    def _point(self, key: Key, kind: str, description: str, start: int) -> Any:
        name, attributes = key
        if name not in self._points:
            metric = self._scope.metrics.add(name=name, description=description)
            data = getattr(metric, _DATA[kind])
            if kind != "gauge":
                data.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
            if kind == "counter":
                data.is_monotonic = True
            self._points[name] = data.data_points
        return self._points[name].add(attributes=map(self._key_value, attributes), start_time_unix_nano=start, time_unix_nano=self._at)


def _key_value(item: tuple[str, str]) -> KeyValue:
    return KeyValue(key=item[0], value=AnyValue(string_value=item[1]))


def _attributes(labels: Mapping[str, str], *without: str) -> Attributes:
    """Return the labels that have a value: for Prometheus, an empty label does not exist."""
    return tuple(sorted((name, value) for name, value in labels.items() if value and name not in without))


def _histograms(family: Metric) -> Iterator[tuple[Attributes, list[float], list[int], float]]:
    """Yield the attributes, the bounds of the buckets except the infinite one, the count in each bucket, and the sum."""
    buckets: defaultdict[Attributes, list[tuple[float, int]]] = defaultdict(list)
    sums: dict[Attributes, float] = {}
    for sample in family.samples:
        attributes = _attributes(sample.labels, "le")
        if "le" in sample.labels:
            buckets[attributes].append((float(sample.labels["le"]), int(sample.value)))
        else:
            sums[attributes] = sample.value  # the sum comes after the count
    for attributes, cumulative in buckets.items():
        counts = [count - before for before, count in pairwise((0, *(count for _, count in cumulative)))]
        yield attributes, [bound for bound, _ in cumulative[:-1]], counts, sums[attributes]
