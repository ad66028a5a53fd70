"""What Prometheus scrapes: the samples of each account, from the catalogue of the exporter's own families."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import nan
from operator import attrgetter

import numpy as np

from benchmarks.warning.grid import Labels, Series
from exporter.accounts.snapshot import AccountSnapshot
from exporter.metrics.catalogue import ACCOUNT_FAMILIES, AccountFamily
from exporter.metrics.samples import Sample, Samples
from exporter.model import Reason

UNREAD = {
    "ai_account_info", "ai_account_created_timestamp_seconds", "ai_account_status", "ai_account_credential_expiry_timestamp_seconds",
    "ai_account_schema_mismatches_total", "ai_account_optional_request_errors_total", "ai_account_rate_limited_until_timestamp_seconds",
    "ai_account_scrape_duration_seconds", "ai_account_last_scrape_timestamp_seconds",
}  # fmt: skip
"""Families that the simulated vendors do not fill, or that no rule about amounts reads. All others are sampled."""
BY_REASON, POLLS = "ai_account_scrape_errors_total", "ai_account_scrapes_total"


def _occurred(errors: Mapping[Reason, int]) -> Iterator[Sample]:
    """Yield the errors that occurred: the others would take a fifth of the time, and stay at 0."""
    return (((str(reason),), float(count)) for reason, count in errors.items())


FAMILIES: tuple[AccountFamily, ...] = tuple(
    replace(family, samples=Samples(attrgetter("entry.errors"), _occurred)) if family.name == BY_REASON else family
    for family in ACCOUNT_FAMILIES
    if family.name not in UNREAD
)


class Columns:
    """The samples of one account, one column for each series."""

    def __init__(self, steps: int, base: Labels) -> None:
        """`base` are the labels that all series of the account have."""
        self._empty = array("d", [nan]) * steps
        self._base = base
        self._columns: tuple[dict[tuple[str, ...], array[float]], ...] = tuple({} for _ in FAMILIES)
        self._parts = tuple(zip((family.samples for family in FAMILIES), self._columns, strict=True))

    def scrape(self, step: int, account: AccountSnapshot) -> None:
        """Write what the exporter exposes of the account at a step."""
        for samples, columns in self._parts:
            for values, value in samples.of(account):
                try:
                    columns[values][step] = value
                except KeyError:
                    columns[values] = self._empty[:]
                    columns[values][step] = value

    def series(self) -> Series:
        """Return the series. Counters of errors start at 0, and those that never occurred are left out: they cannot change an alert."""
        found: Series = {}
        for family, columns in zip(FAMILIES, self._columns, strict=True):
            for values, column in columns.items():
                labels = (*self._base, *zip(family.labels, values, strict=True))
                found[family.name, tuple(sorted(labels))] = np.frombuffer(column)
        polls = found[POLLS, tuple(sorted(self._base))]
        return {key: np.where(np.isnan(data), polls * 0, data) if key[0] == BY_REASON else data for key, data in found.items()}


def exporter_series(steps: int, down: set[int], instance: str) -> Series:
    """Return the series about the exporter itself."""
    base = (("instance", instance), ("job", "ai"))
    is_down = np.isin(np.arange(steps), list(down))
    one = np.where(is_down, nan, 1.0)
    build = tuple(sorted((*base, ("python_version", "3.11"), ("revision", "x"), ("version", "1"))))
    return {
        ("up", base): (~is_down).astype(float),
        ("ai_account_exporter_build_info", build): one,
        ("ai_account_exporter_total_shards", base): one,
        ("ai_account_exporter_shard_ordinal", base): one * 0,
        ("ai_account_exporter_config_last_reload_successful", base): one,
    }
