"""Renders the page of `/metrics`: text or OpenMetrics, gzip on request. No await, no vendor, and it cannot raise.

The lines of accounts are written when their polls end. A page joins them, and stays until one of them changes: only the values of the
process itself are appended to it anew.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from exporter.accounts.snapshot import Snapshot
from exporter.config.shard import WHOLE, Shard
from exporter.metrics.catalogue import ACCOUNT_FAMILIES
from exporter.metrics.collector import Families, empty_families, exporter_families
from exporter.metrics.negotiation import DEFAULT, Negotiated, Syntax
from exporter.metrics.rows import Rows

_GZIP_LEVEL = 1  # a page is mostly repetition: a higher level costs time and saves little
_GZIP = 16 + zlib.MAX_WBITS
_EOF = b"# EOF\n"
_SUFFIXES = ("", "_total", "_bucket", "_sum", "_count", "_info")
_HEADING = re.compile(rb"^(# HELP .*\n# TYPE .*\n)", re.MULTILINE)


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


Form = tuple[Syntax, bool, frozenset[str]]
"""What the body depends on besides the snapshot: syntax, gzip and the requested names."""


class Exposition:
    """Renders snapshots."""

    def __init__(self, build: tuple[str, str], *, runtime: bool = True, shard: Shard = WHOLE) -> None:
        """`build` is version and revision; `runtime` adds prometheus-client's `process_*` and `python_*` families."""
        self._build = build
        self._shard = shard
        self._runtime = _runtime_collectors() if runtime else ()
        self.rows = Rows()
        self._state: object = None
        self._bodies: dict[Form, Body] = {}

    def render(self, snapshot: Snapshot, negotiated: Negotiated = DEFAULT) -> Page:
        """Render the page in the negotiated format."""
        self.rows.write(snapshot, self.rows.outdated(snapshot))
        return self.page(self.known(snapshot, negotiated) or self.keep(negotiated, self.draft(snapshot, negotiated)()), negotiated)

    def known(self, snapshot: Snapshot, negotiated: Negotiated) -> Body | None:
        """Return the body if it was rendered since something on it changed. The rows must be written."""
        state = (self.rows.version, snapshot.durations, snapshot.config)
        if self._state != state:
            self._state = state
            self._bodies.clear()
        return self._bodies.get(_form(negotiated))

    def draft(self, snapshot: Snapshot, negotiated: Negotiated) -> Callable[[], Body]:
        """Return what renders the body. It can be called in a thread; later rows do not change it."""
        headings = _headings(negotiated.format.syntax)
        accounts = zip(headings, self.rows.columns(), strict=False)
        exporter = _blocks(negotiated.format.syntax, exporter_families(snapshot, self._build, self._shard))
        families = [(heading, lines) for heading, lines in accounts if _is_requested(heading, negotiated.names)]
        families += [(heading, [lines]) for heading, lines in exporter.items() if lines and _is_requested(heading, negotiated.names)]
        return lambda: _body(families, gzip=negotiated.gzip)

    def keep(self, negotiated: Negotiated, body: Body) -> Body:
        """Keep a body until something on it changes. A choice of families is not kept: there may be any number of them."""
        if not negotiated.names:
            self._bodies[_form(negotiated)] = body
        return body

    def page(self, body: Body, negotiated: Negotiated) -> Page:
        """Complete the page with the values of the process itself."""
        syntax = negotiated.format.syntax
        runtime = _blocks(syntax, (metric for collector in self._runtime for metric in collector.collect()))
        end = [heading + lines for heading, lines in runtime.items() if _is_requested(heading, negotiated.names)]
        headers = {"Content-Type": negotiated.format.value, "Vary": "Accept, Accept-Encoding"}
        if negotiated.gzip:
            headers["Content-Encoding"] = "gzip"
        return Page(body.completed(b"".join(end) + (_EOF if syntax is Syntax.OPENMETRICS else b"")), headers)


def _form(negotiated: Negotiated) -> Form:
    return negotiated.format.syntax, negotiated.gzip, negotiated.names


def _body(families: Iterable[tuple[bytes, list[bytes]]], *, gzip: bool) -> Body:
    """Join the families, one at a time: the whole page may be large."""
    joined = (b"".join((heading, *lines)) for heading, lines in families if any(lines))
    if not gzip:
        return Body(b"".join(joined))
    compressor = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP)
    return Body(b"".join(map(compressor.compress, joined)), compressor)


def _is_requested(heading: bytes, names: frozenset[str]) -> bool:
    """Whether the family or one of its series is among the names."""
    if not names:
        return True
    family = heading.decode().split(" ", 3)[2].removesuffix("_total")
    return not names.isdisjoint(family + suffix for suffix in _SUFFIXES)


@cache
def _headings(syntax: Syntax) -> tuple[bytes, ...]:
    """Return the headings of the families of accounts, in the order of the catalogue."""
    return tuple(_blocks(syntax, empty_families()))[: len(ACCOUNT_FAMILIES)]


def _blocks(syntax: Syntax, families: Iterable[Metric]) -> dict[bytes, bytes]:
    """Return the families as prometheus-client writes them: headings to samples. Line ends inside values are escaped."""
    write = openmetrics.generate_latest if syntax is Syntax.OPENMETRICS else generate_latest
    _, *parts = _HEADING.split(write(Families(families)).removesuffix(_EOF))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _runtime_collectors() -> tuple[Collector, ...]:
    """Each registers itself; a registry of its own keeps it out of the global one."""
    return tuple(kind(registry=CollectorRegistry()) for kind in (ProcessCollector, PlatformCollector, GCCollector))
