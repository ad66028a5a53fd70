"""Renders the page of `/metrics`: text or OpenMetrics, gzip on request. No await, no vendor, and it cannot raise.

The lines of accounts are written when their polls end. A page joins them, and stays until one of them changes: only the values of the
process itself are appended to it for each scrape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import NamedTuple

from prometheus_client.core import Metric

from exporter.accounts.snapshot import Snapshot
from exporter.config.shard import WHOLE, Shard
from exporter.metrics.bodies import Body, Compressed, Content, Gzip, Part, compressed, plain
from exporter.metrics.catalogue import ACCOUNT_FAMILIES
from exporter.metrics.collector import account_families, exporter_families
from exporter.metrics.lines import EOF, heading, written
from exporter.metrics.negotiation import DEFAULT, Negotiated, Syntax
from exporter.metrics.rows import Rows
from exporter.metrics.runtime import Runtime

FEW = 100
"""The families of at most so many accounts are compressed together: to keep each of them saves less than it costs."""
MANY = 1_000
"""The page of more accounts is not kept as text: the lines of its rows would be in memory twice."""
_SUFFIXES = ("", "_total", "_bucket", "_sum", "_count", "_info")


class Page(NamedTuple):
    """A page and the headers that describe it."""

    content: Content
    headers: dict[str, str]

    @property
    def body(self) -> bytes:
        """The whole page."""
        return b"".join(chain.from_iterable(self.content.blocks))


class Exposition:
    """Renders snapshots."""

    def __init__(self, build: tuple[str, str], *, runtime: bool = True, shard: Shard = WHOLE) -> None:
        """`build` is version and revision; `runtime` adds prometheus-client's `process_*` and `python_*` families."""
        self._build = build
        self._shard = shard
        self._runtime = Runtime() if runtime else None
        self.push: Callable[[], Iterable[Metric]] = tuple
        """Returns the families about pushes, where pushes are configured."""
        self.rows = Rows()
        self._state: object = None
        """What the rendered pages show."""
        self._bodies: dict[tuple[Syntax, bool], Body] = {}
        """The rendered pages with all families, by syntax and gzip."""
        self._compressed: dict[Syntax, Mapping[str, Compressed]] = {}
        """The parts of the last compressed page, by syntax."""

    def render(self, snapshot: Snapshot, negotiated: Negotiated = DEFAULT) -> Page:
        """Render the page in the negotiated format."""
        self.rows.update(snapshot)
        body = self.kept(snapshot, negotiated)
        if body is None:
            body = self.renderer(snapshot, negotiated)()
            self.keep(negotiated, body)
        return self.complete(body, negotiated)

    def kept(self, snapshot: Snapshot, negotiated: Negotiated) -> Body | None:
        """Return the body if it was rendered since something on it changed. The rows must be written."""
        state = (self.rows.version, snapshot.durations, snapshot.config, snapshot.writes)
        if self._state != state:
            self._state = state
            self._bodies.clear()
        return None if negotiated.names else self._bodies.get((negotiated.format.syntax, negotiated.gzip))

    def renderer(self, snapshot: Snapshot, negotiated: Negotiated) -> Callable[[], Body]:
        """Return what renders the body. It can be called in a thread; later rows do not change it."""
        return partial(self._body, tuple(self.rows.columns()), snapshot, negotiated)

    def keep(self, negotiated: Negotiated, body: Body) -> None:
        """Keep a body until something on it changes. A choice of families is not kept: there may be any number of them."""
        if not negotiated.names:
            self._bodies[negotiated.format.syntax, negotiated.gzip] = body
        if not negotiated.names and isinstance(body, Gzip):
            self._compressed[negotiated.format.syntax] = body.parts

    def complete(self, body: Body, negotiated: Negotiated) -> Page:
        """Complete the page with the values of the process itself."""
        headers = {"Content-Type": negotiated.format.value, "Vary": "Accept, Accept-Encoding"}
        if negotiated.gzip:
            headers["Content-Encoding"] = "gzip"
        return Page(body.completed(self._end(negotiated)), headers)

    def families(self, snapshot: Snapshot) -> Iterator[Metric]:
        """Yield what the page of this snapshot shows, as families."""
        yield from account_families(snapshot.accounts, sorted({label for job in snapshot.jobs for label in job.settings.labels}))
        yield from (family for family in exporter_families(snapshot, self._build, self._shard) if family.samples)
        yield from self._changing_families()

    def _changing_families(self) -> Iterator[Metric]:
        """Yield the families that change without a poll."""
        yield from self.push()
        if self._runtime:
            yield from self._runtime.families()

    def _end(self, negotiated: Negotiated) -> bytes:
        """Write the families that change without a poll."""
        syntax, names = negotiated.format.syntax, negotiated.names
        if names or not self._runtime:
            end = b"".join(written(syntax, metric) for metric in self._changing_families() if _is_requested(metric.name, names))
        else:
            end = b"".join(written(syntax, metric) for metric in self.push()) + self._runtime.text(syntax)
        return end + EOF if syntax is Syntax.OPENMETRICS else end

    def _body(self, columns: Iterable[tuple[int, list[bytes]]], snapshot: Snapshot, negotiated: Negotiated) -> Body:
        """Join or compress the families."""
        syntax, names = negotiated.format.syntax, negotiated.names
        parts = [
            Part(family.name, version, (heading(syntax, family.name.removesuffix("_total"), family.help, family.type), *lines))
            for family, (version, lines) in zip(ACCOUNT_FAMILIES, columns, strict=True)
            if any(lines) and _is_requested(family.name, names)
        ]
        exporter = exporter_families(snapshot, self._build, self._shard)
        own = [written(syntax, metric) for metric in exporter if metric.samples and _is_requested(metric.name, names)]
        parts.append(Part("", None, own))
        if not negotiated.gzip:
            return plain(parts, is_joined=len(snapshot.jobs) <= MANY)
        if len(snapshot.jobs) <= FEW:
            parts = [Part("", None, tuple(chain.from_iterable(part.lines for part in parts)))]
        return compressed(parts, self._compressed.get(syntax, {}))


def _is_requested(family: str, names: frozenset[str]) -> bool:
    """Whether the family or one of its series is among the names."""
    return not names or not names.isdisjoint(family.removesuffix("_total") + suffix for suffix in _SUFFIXES)
