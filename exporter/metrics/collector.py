"""Turns entries into metric families for prometheus-client."""

from __future__ import annotations

import itertools
import platform
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from exporter.accounts.shard import WHOLE, Shard
from exporter.accounts.store import Entry, Snapshot
from exporter.metrics.catalogue import (
    ACCOUNT_FAMILIES,
    BUILD_INFO,
    CATALOGUE,
    DURATIONS,
    RELOAD_SUCCESSFUL,
    RELOAD_TIME,
    SHARD_ORDINAL,
    TOTAL_SHARDS,
    AccountFamily,
)

BUCKETS = Histogram.DEFAULT_BUCKETS
"""Upper bounds of the histogram of durations, in seconds."""


class Families(Collector):
    """Families that are made already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> tuple[Metric, ...]:
        """Return them."""
        return self._families


def empty_families() -> Iterator[Metric]:
    """Every family of the catalogue, in its order, without samples."""
    return (Metric(family.name.removesuffix("_total"), family.help, family.type) for family in CATALOGUE)


def account_families(entries: Sequence[Entry], labels: Sequence[str], now: float, correction: float = 0.0) -> Iterator[Metric]:
    """The families of the accounts at a moment, without those that have no sample.

    `now` is on the clock of the entries, and `correction` is what the wall clock was set by since; `labels` are the operator's own label names: every series has them all, empty where the account has none.
    """
    prefixes = [(entry, (*entry.key, *(entry.labels.get(label, "") for label in labels))) for entry in entries]
    families = (_account_family(family, ("provider", "account", *labels), prefixes, now, correction) for family in ACCOUNT_FAMILIES)
    return (family for family in families if family.samples)


def exporter_families(snapshot: Snapshot, build: tuple[str, str], correction: float = 0.0, shard: Shard = WHOLE) -> Iterator[Metric]:
    """The families about the exporter itself; `build` is version and revision."""
    info = GaugeMetricFamily(BUILD_INFO.name, BUILD_INFO.help, labels=BUILD_INFO.labels)
    info.add_metric((*build, platform.python_version()), 1.0)
    yield info
    yield GaugeMetricFamily(RELOAD_SUCCESSFUL.name, RELOAD_SUCCESSFUL.help, float(snapshot.config.is_right))
    yield GaugeMetricFamily(RELOAD_TIME.name, RELOAD_TIME.help, snapshot.config.in_force_since + correction)
    yield GaugeMetricFamily(SHARD_ORDINAL.name, SHARD_ORDINAL.help, float(shard.ordinal))
    yield GaugeMetricFamily(TOTAL_SHARDS.name, TOTAL_SHARDS.help, float(shard.total))
    histogram = HistogramMetricFamily(DURATIONS.name, DURATIONS.help, labels=DURATIONS.labels)
    for provider, each in snapshot.durations.items():
        buckets = zip(map(floatToGoString, BUCKETS), itertools.accumulate(each.counts), strict=True)
        histogram.add_metric((provider,), list(buckets), each.total)
    yield histogram


def _account_family(
    family: AccountFamily, labels: Sequence[str], prefixes: Iterable[tuple[Entry, tuple[str, ...]]], now: float, correction: float
) -> Metric:
    kind = CounterMetricFamily if family.type == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=(*labels, *family.labels))
    for entry, prefix in prefixes:
        for values, value in family.samples(entry, now):
            metric.add_metric((*prefix, *values), value + correction if family.own_time else value)
    return metric
