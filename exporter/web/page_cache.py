"""Renders pages in a thread, once for all clients that ask for the same page at about the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

MAX_AGE = 1.0
"""How long a page is reused while no account has changed, in seconds: a page also shows values of the process itself."""
MAX_KEPT = 8
"""How many pages are kept: a client may choose any set of families."""

T = TypeVar("T")


class _Rendered(NamedTuple):
    generation: Hashable
    at: float
    page: asyncio.Future[Any]


class PageCache:
    """Keeps rendered pages; each is rendered once for each generation of what it shows."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._threads: Executor = ThreadPoolExecutor(1, "page")
        """One thread for pages alone: in the common pool a scrape could wait for a name server."""
        self._rendered: dict[Hashable, _Rendered] = {}

    async def get(self, kind: Hashable, generation: Hashable, render: Callable[[], T]) -> T:
        """Return what `render` returns, or a recent page of the same kind and generation."""
        known, now = self._rendered.get(kind), self._clock()
        if known is None or known.generation != generation or now - known.at > MAX_AGE or _has_failed(known.page):
            known = _Rendered(generation, now, asyncio.get_running_loop().run_in_executor(self._threads, render))
            known.page.add_done_callback(_has_failed)  # retrieves the error, also if no client waits any more
            self._rendered.pop(kind, None)
            self._rendered[kind] = known
            while len(self._rendered) > MAX_KEPT:
                del self._rendered[next(iter(self._rendered))]
        page: T = await asyncio.shield(known.page)  # a client that disconnects does not cancel the page for the others
        return page


def _has_failed(page: asyncio.Future[Any]) -> bool:
    return page.done() and (page.cancelled() or page.exception() is not None)
