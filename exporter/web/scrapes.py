"""Serves the page of `/metrics`: scrapes that wait at the same time share one page, and no scrape blocks the loop for long."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import chain
from typing import Final

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from exporter.accounts.snapshot import Snapshot
from exporter.accounts.store import Store
from exporter.metrics.bodies import Content
from exporter.metrics.exposition import Exposition, Page
from exporter.metrics.negotiation import Negotiated
from exporter.validation.file_threads import retrieve_error

AT_ONCE: Final = 250
"""How many rows are written before other work gets its turn: about ten milliseconds. With fewer, the polls of thousands of accounts would hold
the first page up for seconds."""

SMALL: Final = 100
"""Pages of at most so many accounts are rendered on the loop: it takes about a millisecond, and waiting for a thread can take longer."""


class Scrapes:
    """Renders the pages of a store."""

    def __init__(self, store: Store, exposition: Exposition, small: int = SMALL) -> None:
        self._store = store
        self._small = small
        self._exposition = exposition
        self._turn = asyncio.Lock()
        self._thread: Executor = ThreadPoolExecutor(1, "metrics")
        """For joining and compressing large pages: the compressor does not hold the loop up."""
        self._waiting: dict[Negotiated, asyncio.Task[Page]] = {}

    async def get(self, negotiated: Negotiated) -> Page:
        """Return a page that is not older than the request."""
        rendering = self._waiting.get(negotiated)
        if rendering is None:
            if not self._turn.locked() and (page := self._at_once(negotiated)):
                return page
            rendering = self._waiting[negotiated] = asyncio.create_task(self._render(negotiated))
            rendering.add_done_callback(retrieve_error)
        return await asyncio.shield(rendering)  # a client that disconnects does not cancel the page for the others

    def _at_once(self, negotiated: Negotiated) -> Page | None:
        """Return the page if it is small or known; None if it needs a thread, or many rows have to be written."""
        snapshot, exposition = self._store.snapshot(), self._exposition
        late = exposition.rows.outdated(snapshot)
        if len(late) > AT_ONCE:
            return None
        exposition.rows.write(snapshot, late)
        body = exposition.kept(snapshot, negotiated)
        if body is None and len(snapshot.jobs) <= self._small:
            body = exposition.renderer(snapshot, negotiated)()
            exposition.keep(negotiated, body)
        return None if body is None else exposition.complete(body, negotiated)

    async def _render(self, negotiated: Negotiated) -> Page:
        async with self._turn:
            try:
                snapshot = await self._written()
            finally:
                del self._waiting[negotiated]  # whoever comes from now on needs a newer snapshot
            body = self._exposition.kept(snapshot, negotiated)
            if body is None:
                render = self._exposition.renderer(snapshot, negotiated)
                body = await asyncio.get_running_loop().run_in_executor(self._thread, render)
                self._exposition.keep(negotiated, body)
            return self._exposition.complete(body, negotiated)

    async def _written(self) -> Snapshot:
        """Return the present snapshot when all its rows are written. A large number of them is written bit by bit."""
        rows = self._exposition.rows
        while len(late := rows.outdated(snapshot := self._store.snapshot())) > AT_ONCE:
            rows.write(snapshot, late[:AT_ONCE])
            await asyncio.sleep(0)
        rows.write(snapshot, late)
        return snapshot


class Blocks(Payload):
    """A page whose blocks are joined when they are sent. The next block is joined when the client has read most of this one."""

    _value: Content
    _autoclose = True

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self._size = content.size

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all blocks."""
        for block in self._value.blocks:
            await writer.write(b"".join(block))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the page as text."""
        return b"".join(chain.from_iterable(self._value.blocks)).decode(encoding, errors)
