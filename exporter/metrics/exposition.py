"""Renders the page of `/metrics`: text or OpenMetrics, gzip on request. No await, no vendor, and it cannot raise.

The lines of accounts are written when their polls end. A page joins them, and stays until one of them changes: only the values of the
process itself are appended to it for each scrape.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import chain
from typing import NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from exporter.accounts.snapshot import Snapshot
from exporter.config.shard import WHOLE, Shard
from exporter.metrics.catalogue import ACCOUNT_FAMILIES
from exporter.metrics.collector import Families, account_families, exporter_families
from exporter.metrics.lines import number_text, series
from exporter.metrics.negotiation import DEFAULT, Negotiated, Syntax
from exporter.metrics.rows import Rows

_GZIP_LEVEL = 1  # a page is mostly repetition: a higher level costs time and saves little
_GZIP = 16 + zlib.MAX_WBITS
_EOF = b"# EOF\n"
_SUFFIXES = ("", "_total", "_bucket", "_sum", "_count", "_info")


class Page(NamedTuple):
    """A body and the headers that describe it."""

    body: bytes
    headers: dict[str, str]


class Body(NamedTuple):
    """A page without its end, and the compressor that continues it; None if it is not compressed."""

    text: bytes
    compressor: zlib._Compress | None = None

    def completed(self, end: bytes) -> bytes:
        """Return the page with this end."""
        if self.compressor is None:
            return self.text + end
        compressor = self.compressor.copy()
        return b"".join((self.text, compressor.compress(end), compressor.flush()))


class Exposition:
    """Renders snapshots."""

    def __init__(self, build: tuple[str, str], *, runtime: bool = True, shard: Shard = WHOLE) -> None:
        """`build` is version and revision; `runtime` adds prometheus-client's `process_*` and `python_*` families."""
        self._build = build
        self._shard = shard
        self._runtime = _runtime_collectors() if runtime else ()
        self.push: Callable[[], Iterable[Metric]] = tuple
        """Returns the families about pushes, where pushes are configured."""
        self.rows = Rows()
        self._state: object = None
        """What the rendered pages show."""
        self._bodies: dict[tuple[Syntax, bool], Body] = {}
        """The rendered pages with all families, by syntax and gzip."""

    def render(self, snapshot: Snapshot, negotiated: Negotiated = DEFAULT) -> Page:
        """Render the page in the negotiated format."""
        self.rows.update(snapshot)
        body = self.known(snapshot, negotiated)
        if body is None:
            body = self.draft(snapshot, negotiated)()
            self.keep(negotiated, body)
        return self.page(body, negotiated)

    def known(self, snapshot: Snapshot, negotiated: Negotiated) -> Body | None:
        """Return the body if it was rendered since something on it changed. The rows must be written."""
        state = (self.rows.version, snapshot.durations, snapshot.config, snapshot.writes)
        if self._state != state:
            self._state = state
            self._bodies.clear()
        return None if negotiated.names else self._bodies.get((negotiated.format.syntax, negotiated.gzip))

    def draft(self, snapshot: Snapshot, negotiated: Negotiated) -> Callable[[], Body]:
        """Return what renders the body. It can be called in a thread; later rows do not change it."""
        return partial(self._body, tuple(self.rows.columns()), snapshot, negotiated)

    def keep(self, negotiated: Negotiated, body: Body) -> None:
        """Keep a body until something on it changes. A choice of families is not kept: there may be any number of them."""
        if not negotiated.names:
            self._bodies[negotiated.format.syntax, negotiated.gzip] = body

    def page(self, body: Body, negotiated: Negotiated) -> Page:
        """Complete the page with the values of the process itself."""
        syntax, names = negotiated.format.syntax, negotiated.names
        end = b"".join(_written(syntax, metric) for metric in self._process() if _is_requested(metric.name, names))
        headers = {"Content-Type": negotiated.format.value, "Vary": "Accept, Accept-Encoding"}
        if negotiated.gzip:
            headers["Content-Encoding"] = "gzip"
        return Page(body.completed(end + _EOF if syntax is Syntax.OPENMETRICS else end), headers)

    def families(self, snapshot: Snapshot) -> Iterator[Metric]:
        """Yield what the page of this snapshot shows, as families."""
        yield from account_families(snapshot.accounts, sorted({label for job in snapshot.jobs for label in job.settings.labels}))
        yield from (family for family in exporter_families(snapshot, self._build, self._shard) if family.samples)
        yield from self._process()

    def _process(self) -> Iterator[Metric]:
        """Yield the families that change without a poll."""
        yield from self.push()
        yield from (metric for collector in self._runtime for metric in collector.collect())

    def _body(self, columns: Iterable[list[bytes]], snapshot: Snapshot, negotiated: Negotiated) -> Body:
        """Join the families, and compress them one at a time: the whole page may be large."""
        syntax, names = negotiated.format.syntax, negotiated.names
        families = [
            (_heading(syntax, family.name.removesuffix("_total"), family.help, family.type), *column)
            for family, column in zip(ACCOUNT_FAMILIES, columns, strict=True)
            if any(column) and _is_requested(family.name, names)
        ]
        exporter = exporter_families(snapshot, self._build, self._shard)
        families += [(_written(syntax, metric),) for metric in exporter if metric.samples and _is_requested(metric.name, names)]
        if not negotiated.gzip:
            return Body(b"".join(chain.from_iterable(families)))
        compressor = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP)
        return Body(b"".join([compressor.compress(b"".join(lines)) for lines in families]), compressor)


def _is_requested(family: str, names: frozenset[str]) -> bool:
    """Whether the family or one of its series is among the names."""
    return not names or not names.isdisjoint(family.removesuffix("_total") + suffix for suffix in _SUFFIXES)


@cache
def _heading(syntax: Syntax, name: str, documentation: str, kind: str) -> bytes:
    """Return the lines above the samples of a family, as prometheus-client writes them."""
    write = openmetrics.generate_latest if syntax is Syntax.OPENMETRICS else generate_latest
    return write(Families([Metric(name, documentation, kind)])).removesuffix(_EOF)


def _written(syntax: Syntax, metric: Metric) -> bytes:
    """Write a family of the exporter or of its process."""
    samples = [f"{series(each.name, tuple(each.labels.items()))} {number_text(each.value)}\n" for each in metric.samples]
    return _heading(syntax, metric.name, metric.documentation, metric.type) + "".join(samples).encode()


def _runtime_collectors() -> tuple[Collector, ...]:
    """Each registers itself; a registry of its own keeps it out of the global one."""
    return tuple(kind(registry=CollectorRegistry()) for kind in (ProcessCollector, PlatformCollector, GCCollector))
