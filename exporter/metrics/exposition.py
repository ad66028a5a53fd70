"""Renders the page of `/metrics`: text or OpenMetrics, gzip on request. No await, no I/O, and it cannot raise.

prometheus-client writes every line. What it wrote for one account is kept until the account changes, so that a scrape costs little
more than joining text, however many accounts there are.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from exporter.accounts.snapshot import Account, Snapshot
from exporter.config.shard import WHOLE, Shard
from exporter.metrics.collector import Families, account_families, empty_families, exporter_families
from exporter.metrics.negotiation import DEFAULT, Negotiated, Syntax
from exporter.model import AccountKey

_GZIP_LEVEL = 1  # a page is mostly repetition: a higher level costs time and saves little
_EOF = "# EOF\n"
_SUFFIXES = ("", "_total", "_bucket", "_sum", "_count", "_info")
_HEADING = re.compile(r"^(# HELP .*\n# TYPE .*\n)", re.MULTILINE)


class Page(NamedTuple):
    """A body and the headers that describe it."""

    body: bytes
    headers: dict[str, str]


class _Kept(NamedTuple):
    """What was written for one account, by heading, and the account and label names that it depends on."""

    account: Account
    labels: tuple[str, ...]
    blocks: dict[str, str]

    def is_current(self, account: Account, labels: tuple[str, ...]) -> bool:
        """Whether the account would be written in the same way."""
        return (
            self.account.entry is account.entry
            and self.account.job is account.job
            and self.account.limited_until == account.limited_until
            and (self.account.reading is account.reading or self.account.reading == account.reading)
            and self.labels == labels
        )


class Exposition:
    """Renders snapshots."""

    def __init__(self, build: tuple[str, str], *, runtime: bool = True, shard: Shard = WHOLE) -> None:
        """`build` is version and revision; `runtime` adds prometheus-client's `process_*` and `python_*` families."""
        self._build = build
        self._shard = shard
        self._runtime = _runtime_collectors() if runtime else ()
        self._kept: dict[tuple[Syntax, AccountKey], _Kept] = {}

    def render(self, snapshot: Snapshot, negotiated: Negotiated = DEFAULT) -> Page:
        """Render the page in the negotiated format."""
        body = "".join(self._text(snapshot, negotiated)).encode()
        self._forget_removed(snapshot)
        headers = {"Content-Type": negotiated.format.value, "Vary": "Accept, Accept-Encoding"}
        if negotiated.gzip:
            return Page(gzip.compress(body, _GZIP_LEVEL, mtime=0), headers | {"Content-Encoding": "gzip"})
        return Page(body, headers)

    def _text(self, snapshot: Snapshot, negotiated: Negotiated) -> Iterator[str]:
        syntax = negotiated.format.syntax
        for heading, parts in self._families(snapshot, syntax).items():
            if parts and _is_requested(heading, negotiated.names):
                yield heading
                yield from parts
        if syntax is Syntax.OPENMETRICS:
            yield _EOF

    def _families(self, snapshot: Snapshot, syntax: Syntax) -> dict[str, list[str]]:
        labels = tuple(sorted({label for job in snapshot.jobs for label in job.settings.labels}))
        blocks: dict[str, list[str]] = {heading: [] for heading in _blocks(_write(syntax, empty_families()))}
        for account in snapshot.accounts:
            for heading, lines in self._account_blocks(syntax, account, labels).items():
                blocks[heading].append(lines)
        for heading, lines in _blocks(_write(syntax, exporter_families(snapshot, self._build, self._shard))).items():
            blocks[heading].append(lines)
        runtime = _write(syntax, (metric for collector in self._runtime for metric in collector.collect()))
        return blocks | {heading: [lines] for heading, lines in _blocks(runtime).items()}

    def _account_blocks(self, syntax: Syntax, account: Account, labels: tuple[str, ...]) -> dict[str, str]:
        kept = self._kept.get((syntax, account.key))
        if kept is None or not kept.is_current(account, labels):
            kept = _Kept(account, labels, _blocks(_write(syntax, account_families([account], labels))))
            self._kept[syntax, account.key] = kept
        return kept.blocks

    def _forget_removed(self, snapshot: Snapshot) -> None:
        if len(self._kept) > len(Syntax) * len(snapshot.jobs):
            present = {job.key for job in snapshot.jobs}
            self._kept = {place: kept for place, kept in self._kept.items() if place[1] in present}


def _is_requested(heading: str, names: frozenset[str]) -> bool:
    """Whether the family or one of its series is among the names."""
    family = heading.split(" ", 3)[2].removesuffix("_total")
    return not names or not names.isdisjoint(family + suffix for suffix in _SUFFIXES)


def _write(syntax: Syntax, families: Iterable[Metric]) -> str:
    write = openmetrics.generate_latest if syntax is Syntax.OPENMETRICS else generate_latest
    return write(Families(families)).decode().removesuffix(_EOF)


def _blocks(text: str) -> dict[str, str]:
    """Split a page into its families: heading lines to sample lines. Line ends inside values are escaped."""
    _, *parts = _HEADING.split(text)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _runtime_collectors() -> tuple[Collector, ...]:
    """Each registers itself; a registry of its own keeps it out of the global one."""
    return tuple(kind(registry=CollectorRegistry()) for kind in (ProcessCollector, PlatformCollector, GCCollector))
