"""The page: text or OpenMetrics, gzip on demand. No await, no I/O, and it cannot raise.

prometheus-client writes every line. What it wrote for one account is kept until the account's entry changes, so that a scrape
costs little more than joining text however many accounts there are.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from exporter.accounts.shard import WHOLE, Shard
from exporter.accounts.store import Entry, Snapshot
from exporter.metrics.collector import Families, account_families, empty_families, exporter_families
from exporter.metrics.negotiation import EVERYTHING, Syntax, Wish
from exporter.model import AccountKey

_GZIP_LEVEL = 1  # a page is mostly repetition: more effort costs time and saves little
_EOF = "# EOF\n"
_SUFFIXES = ("", "_total", "_bucket", "_sum", "_count", "_info")
_HEADING = re.compile(r"^(# HELP .*\n# TYPE .*\n)", re.MULTILINE)


class Page(NamedTuple):
    """A body and the headers that describe it."""

    body: bytes
    headers: dict[str, str]


class _Kept(NamedTuple):
    """What was written for one account, by heading, and all that it depends on."""

    entry: Entry
    circumstances: tuple[bool, bool, tuple[str, ...], float]
    """Whether the figures are fresh, whether a rate limit holds, the label names, and what the wall clock was set by."""
    blocks: dict[str, str]


class Exposition:
    """Renders snapshots."""

    def __init__(
        self,
        now: Callable[[], float],
        build: tuple[str, str],
        *,
        runtime: bool = True,
        correction: Callable[[], float] = lambda: 0.0,
        shard: Shard = WHOLE,
    ) -> None:
        """`now` and `correction` are those of the scheduler's clock, `build` is version and revision.

        `runtime` adds prometheus-client's `process_*` and `python_*` families.
        """
        self._now = now
        self._correction = correction
        self._build = build
        self._shard = shard
        self._runtime = _runtime_collectors() if runtime else ()
        self._kept: dict[tuple[Syntax, AccountKey], _Kept] = {}

    def render(self, snapshot: Snapshot, wish: Wish = EVERYTHING) -> Page:
        """Render the page as it was asked for."""
        body = "".join(self._text(snapshot, wish)).encode()
        self._forget_the_removed(snapshot)
        headers = {"Content-Type": wish.format.value, "Vary": "Accept, Accept-Encoding"}
        if wish.gzip:
            return Page(gzip.compress(body, _GZIP_LEVEL, mtime=0), headers | {"Content-Encoding": "gzip"})
        return Page(body, headers)

    def _text(self, snapshot: Snapshot, wish: Wish) -> Iterator[str]:
        syntax = wish.format.syntax
        for heading, parts in self._families(snapshot, syntax).items():
            if parts and _is_wished(heading, wish.names):
                yield heading
                yield from parts
        if syntax is Syntax.OPENMETRICS:
            yield _EOF

    def _families(self, snapshot: Snapshot, syntax: Syntax) -> dict[str, list[str]]:
        now, correction = self._now(), self._correction()
        labels = tuple(sorted({label for entry in snapshot.entries for label in entry.labels}))
        blocks: dict[str, list[str]] = {heading: [] for heading in _blocks(_write(syntax, empty_families()))}
        for entry in snapshot.entries:
            for heading, lines in self._account_blocks(syntax, entry, labels, now, correction).items():
                blocks[heading].append(lines)
        for heading, lines in _blocks(_write(syntax, exporter_families(snapshot, self._build, correction, self._shard))).items():
            blocks[heading].append(lines)
        runtime = _write(syntax, (metric for collector in self._runtime for metric in collector.collect()))
        return blocks | {heading: [lines] for heading, lines in _blocks(runtime).items()}

    def _account_blocks(
        self,
        syntax: Syntax,
        entry: Entry,
        labels: tuple[str, ...],
        now: float,
        correction: float,
    ) -> dict[str, str]:
        limited = entry.limited_until is not None and entry.limited_until > now
        circumstances = (entry.fresh_reading(now) is not None, limited, labels, correction)
        kept = self._kept.get((syntax, entry.key))
        if kept is None or kept.entry is not entry or kept.circumstances != circumstances:
            kept = _Kept(entry, circumstances, _blocks(_write(syntax, account_families([entry], labels, now, correction))))
            self._kept[syntax, entry.key] = kept
        return kept.blocks

    def _forget_the_removed(self, snapshot: Snapshot) -> None:
        if len(self._kept) > len(Syntax) * len(snapshot.entries):
            present = {entry.key for entry in snapshot.entries}
            self._kept = {place: kept for place, kept in self._kept.items() if place[1] in present}


def _is_wished(heading: str, names: frozenset[str]) -> bool:
    """Whether the family, or one of its series, is among the names."""
    family = heading.split(" ", 3)[2].removesuffix("_total")
    return not names or not names.isdisjoint(family + suffix for suffix in _SUFFIXES)


def _write(syntax: Syntax, families: Iterable[Metric]) -> str:
    write = openmetrics.generate_latest if syntax is Syntax.OPENMETRICS else generate_latest
    return write(Families(families)).decode().removesuffix(_EOF)


def _blocks(text: str) -> dict[str, str]:
    """Split a page into its families: heading lines to sample lines. Line ends inside of values are escaped, so lines are lines."""
    _, *parts = _HEADING.split(text)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _runtime_collectors() -> tuple[Collector, ...]:
    """Each registers itself somewhere; a registry that is thrown away keeps them off the global one."""
    return tuple(kind(registry=CollectorRegistry()) for kind in (ProcessCollector, PlatformCollector, GCCollector))
