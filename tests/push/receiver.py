"""A receiver of OTLP over HTTP on loopback, and Prometheus's translation of what it received."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest, ExportMetricsServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE, Metric
from prometheus_client.parser import text_string_to_metric_families

from exporter.simulator.listener import Listener

Series = tuple[str, frozenset[tuple[str, str]]]

PATH: Final = "/v1/metrics"
PROTOBUF: Final = "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class Received:
    """One push."""

    headers: Mapping[str, str]
    message: ExportMetricsServiceRequest

    @property
    def resource(self) -> dict[str, str]:
        """The attributes of the resource."""
        return _labels(self.message.resource_metrics[0].resource.attributes)

    @property
    def metrics(self) -> list[Metric]:
        [resource] = self.message.resource_metrics
        [scope] = resource.scope_metrics
        return list(scope.metrics)

    def points(self, name: str) -> dict[frozenset[tuple[str, str]], Any]:
        """The data points of one metric, by their attributes."""
        return {
            frozenset(_labels(point.attributes).items()): point
            for metric in self.metrics
            if metric.name == name
            for point in getattr(metric, metric.WhichOneof("data") or "").data_points
        }

    def series(self) -> dict[Series, float | None]:
        """What Prometheus stores, without the labels of the resource; None for the mark of staleness."""
        found: dict[Series, float | None] = {}
        for metric in self.metrics:
            for series, value in _translated(metric):
                assert series not in found
                found[series] = value
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """How the receiver answers one push."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": PROTOBUF})

    @classmethod
    def rejecting(cls, count: int, message: str = "") -> Answer:
        """Accept all data points but some."""
        response = ExportMetricsServiceResponse()
        response.partial_success.rejected_data_points = count
        response.partial_success.error_message = message
        return cls(200, response.SerializeToString())


class Receiver(Listener):
    """Keeps all pushes, and gives the next answer, or accepts."""

    path = PATH

    def __init__(self) -> None:
        super().__init__()
        self.pushes: list[Received] = []
        self.answers: list[Answer] = []
        self.held = asyncio.Event()
        self.held.set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one push."""
        assert (request.method, request.path, request.content_type) == ("POST", PATH, PROTOBUF)
        assert request.headers["Content-Encoding"] == "gzip"
        body = await request.read()  # decompressed
        self.pushes.append(Received(request.headers, ExportMetricsServiceRequest.FromString(body)))
        await self.held.wait()
        answer = self.answers.pop(0) if self.answers else Answer()
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def page_series(page: str) -> dict[Series, float]:
    """The series of a page, without the labels that are empty, which Prometheus does not store."""
    return {
        (sample.name, frozenset((name, _bound(name, value)) for name, value in sample.labels.items() if value)): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def _bound(name: str, value: str) -> str:
    """Write the bound of a bucket as Prometheus's receiver does: `1` where the page has `1.0`."""
    return value.removesuffix(".0") if name == "le" else value


def _labels(attributes: Any) -> dict[str, str]:
    found = [(attribute.key, attribute.value.string_value) for attribute in attributes if isinstance(attribute, KeyValue)]
    assert len(found) == len(dict(found)) == len(attributes)
    return dict(found)


def _name(metric: Metric) -> str:
    """Build the name as https://github.com/prometheus/otlptranslator does, with suffixes and escaping."""
    assert not metric.unit
    words = [word for word in re.split(r"[^a-zA-Z0-9:]+", metric.name) if word]
    if metric.WhichOneof("data") == "sum" and metric.sum.is_monotonic:
        words = [word for word in words if word != "total"] + ["total"]
    return "_".join(words)


def _translated(metric: Metric) -> Iterator[tuple[Series, float | None]]:
    name, kind = _name(metric), metric.WhichOneof("data") or ""
    data = getattr(metric, kind)
    assert kind == "gauge" or data.aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE
    for point in data.data_points:
        labels, ended = _labels(point.attributes), bool(point.flags & 1)
        if kind != "histogram":
            assert ended or point.HasField("as_double")
            yield (name, frozenset(labels.items())), None if ended else point.as_double
            continue
        assert point.HasField("sum")
        assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
        assert sum(point.bucket_counts) == point.count
        yield (f"{name}_sum", frozenset(labels.items())), None if ended else point.sum
        yield (f"{name}_count", frozenset(labels.items())), None if ended else float(point.count)
        bounds = [*(f"{bound:g}" for bound in point.explicit_bounds), "+Inf"]
        for bound, count in zip(bounds, accumulate(point.bucket_counts), strict=True):
            yield (f"{name}_bucket", frozenset({**labels, "le": bound}.items())), None if ended else float(count)
