"""Renders what is asked for in a thread, and once for all who ask for the same at about the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

MAX_AGE = 1.0
"""How long a page is given out again while no account's figures have changed, in seconds: a page also tells of the process itself."""
MAX_KEPT = 8
"""How many pages are kept: a scraper may ask for any choice of families."""

T = TypeVar("T")


class _Made(NamedTuple):
    generation: int
    at: float
    page: asyncio.Future[Any]


class Pages:
    """Pages of a store, each made once a generation."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._threads: Executor = ThreadPoolExecutor(1, "page")
        """One thread for pages alone: in the common pool a scrape could wait for a name server."""
        self._made: dict[Hashable, _Made] = {}

    async def get(self, kind: Hashable, generation: int, render: Callable[[], T]) -> T:
        """What `render` returns, or returned a moment ago for the same kind of page and the same generation of the store."""
        made, now = self._made.get(kind), self._clock()
        if made is None or made.generation != generation or now - made.at > MAX_AGE or _has_failed(made.page):
            made = _Made(generation, now, asyncio.get_running_loop().run_in_executor(self._threads, render))
            made.page.add_done_callback(_has_failed)  # looks at the error, also where nobody waits for the page any more
            self._made.pop(kind, None)
            self._made[kind] = made
            while len(self._made) > MAX_KEPT:
                del self._made[next(iter(self._made))]
        page: T = await asyncio.shield(made.page)  # one who hangs up must not take the page from the others
        return page


def _has_failed(page: asyncio.Future[Any]) -> bool:
    return page.done() and (page.cancelled() or page.exception() is not None)
