"""Turns accounts into metric families for prometheus-client."""

from __future__ import annotations

import itertools
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client import Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from exporter.accounts.snapshot import AccountSnapshot, Snapshot
from exporter.config.shard import WHOLE, Shard
from exporter.metrics.catalogue import (
    ACCOUNT_FAMILIES,
    BUILD_INFO,
    DURATIONS,
    PUSH_ERRORS,
    PUSH_TIME,
    RELOAD_SUCCESSFUL,
    RELOAD_TIME,
    SHARD_ORDINAL,
    STATE_WRITE_ERRORS,
    STATE_WRITE_SUCCESSFUL,
    STATE_WRITE_TIME,
    TOTAL_SHARDS,
    AccountFamily,
)
from exporter.model import Reason

BUCKETS = Histogram.DEFAULT_BUCKETS
"""Upper bounds of the histogram of durations, in seconds."""


class Families(Collector):
    """A collector of given families."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> tuple[Metric, ...]:
        """Return the families."""
        return self._families


def account_families(accounts: Sequence[AccountSnapshot], labels: Sequence[str]) -> Iterator[Metric]:
    """Yield the families of the accounts that have samples.

    `labels` are the operator's label names: every series has them all, empty where its account has none.
    """
    prefixes = [(account, (*account.key, *(account.settings.labels.get(label, "") for label in labels))) for account in accounts]
    families = (_account_family(family, ("provider", "account", *labels), prefixes) for family in ACCOUNT_FAMILIES)
    return (family for family in families if family.samples)


def exporter_families(snapshot: Snapshot, build: tuple[str, str], shard: Shard = WHOLE) -> Iterator[Metric]:
    """Yield the families about the exporter itself; `build` is version and revision."""
    info = GaugeMetricFamily(BUILD_INFO.name, BUILD_INFO.help, labels=BUILD_INFO.labels)
    info.add_metric((*build, platform.python_version()), 1.0)
    yield info
    yield GaugeMetricFamily(RELOAD_SUCCESSFUL.name, RELOAD_SUCCESSFUL.help, float(snapshot.config.is_valid))
    yield GaugeMetricFamily(RELOAD_TIME.name, RELOAD_TIME.help, snapshot.config.loaded_at)
    if writes := snapshot.writes:
        yield GaugeMetricFamily(STATE_WRITE_SUCCESSFUL.name, STATE_WRITE_SUCCESSFUL.help, float(writes.is_successful))
        yield GaugeMetricFamily(STATE_WRITE_TIME.name, STATE_WRITE_TIME.help, writes.succeeded_at)
        yield CounterMetricFamily(STATE_WRITE_ERRORS.name, STATE_WRITE_ERRORS.help, float(writes.errors))
    yield GaugeMetricFamily(SHARD_ORDINAL.name, SHARD_ORDINAL.help, float(shard.ordinal))
    yield GaugeMetricFamily(TOTAL_SHARDS.name, TOTAL_SHARDS.help, float(shard.total))
    histogram = HistogramMetricFamily(DURATIONS.name, DURATIONS.help, labels=DURATIONS.labels)
    for provider, each in snapshot.durations.items():
        buckets = zip(map(floatToGoString, BUCKETS), itertools.accumulate(each.counts), strict=True)
        histogram.add_metric((provider,), list(buckets), each.total)
    yield histogram


def push_families(errors: Mapping[Reason, int], last_success_at: float | None) -> Iterator[Metric]:
    """Yield the families about pushes."""
    counter = CounterMetricFamily(PUSH_ERRORS.name, PUSH_ERRORS.help, labels=PUSH_ERRORS.labels)
    for reason in Reason:
        counter.add_metric((reason.value,), float(errors.get(reason, 0)))
    yield counter
    if last_success_at is not None:
        yield GaugeMetricFamily(PUSH_TIME.name, PUSH_TIME.help, last_success_at)


def _account_family(family: AccountFamily, labels: Sequence[str], prefixes: Iterable[tuple[AccountSnapshot, tuple[str, ...]]]) -> Metric:
    kind = CounterMetricFamily if family.type == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=(*labels, *family.labels))
    for account, prefix in prefixes:
        for values, value in family.samples.of(account):
            metric.add_metric((*prefix, *values), value)
    return metric
