"""A page is rendered once for all clients that ask for it at about the same time, and is not reused when it is old."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable

import pytest

from exporter.web.page_cache import MAX_AGE, MAX_KEPT, PageCache
from tests.support import PATIENCE


class Renderer:
    """Renders numbered pages; it can be blocked, and it can fail."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pages = PageCache(lambda: self.now)
        self.rendered: list[str] = []
        self.fails = False
        self.started, self.free = threading.Event(), threading.Event()
        self.free.set()

    def render(self, kind: str) -> Callable[[], str]:
        def render_page() -> str:
            self.started.set()
            self.free.wait(PATIENCE)
            if self.fails:
                raise ZeroDivisionError(kind)
            self.rendered.append(kind)
            return f"{kind} {len(self.rendered)}"

        return render_page

    async def get(self, kind: str = "metrics", generation: int = 1) -> str:
        return await self.pages.get(kind, generation, self.render(kind))

    async def is_rendering(self) -> None:
        """Wait until the thread renders."""
        assert await asyncio.to_thread(self.started.wait, 10)


@pytest.fixture
def renderer() -> Renderer:
    return Renderer()


async def test_two_hundred_simultaneous_clients_get_one_page(renderer: Renderer) -> None:
    assert set(await asyncio.gather(*(renderer.get() for _ in range(200)))) == {"metrics 1"}
    assert renderer.rendered == ["metrics"]


async def test_a_client_waits_for_a_page_that_is_being_rendered(renderer: Renderer) -> None:
    renderer.free.clear()
    first = asyncio.create_task(renderer.get())
    await renderer.is_rendering()
    second = asyncio.create_task(renderer.get())
    await asyncio.sleep(0)
    renderer.free.set()
    assert await asyncio.gather(first, second) == ["metrics 1", "metrics 1"]


async def test_a_new_generation_is_rendered_while_the_previous_one_is_being_rendered(renderer: Renderer) -> None:
    renderer.free.clear()
    former = asyncio.create_task(renderer.get(generation=1))
    await renderer.is_rendering()
    latter = asyncio.create_task(renderer.get(generation=2))
    await asyncio.sleep(0)
    renderer.free.set()
    assert await asyncio.gather(former, latter) == ["metrics 1", "metrics 2"]
    assert await renderer.get(generation=2) == "metrics 2"


async def test_every_kind_is_a_separate_page(renderer: Renderer) -> None:
    assert [await renderer.get(kind) for kind in ("metrics", "accounts", "metrics", "accounts")] == [
        "metrics 1",
        "accounts 2",
        "metrics 1",
        "accounts 2",
    ]


async def test_a_page_is_reused_for_a_second(renderer: Renderer) -> None:
    pages = []
    for renderer.now in (0.0, MAX_AGE, MAX_AGE + 0.001, 2 * MAX_AGE):
        pages.append(await renderer.get())
    assert pages == ["metrics 1", "metrics 1", "metrics 2", "metrics 2"]


async def test_the_age_of_a_page_counts_from_the_start_of_rendering(renderer: Renderer) -> None:
    renderer.free.clear()
    first = asyncio.create_task(renderer.get())
    await renderer.is_rendering()
    renderer.now = MAX_AGE + 0.001
    renderer.free.set()
    assert await first == "metrics 1"
    assert await renderer.get() == "metrics 2"


async def test_a_client_that_disconnects_does_not_cancel_the_page_for_the_others(renderer: Renderer) -> None:
    renderer.free.clear()
    clients = [asyncio.create_task(renderer.get()) for _ in range(3)]
    await renderer.is_rendering()
    clients[0].cancel()
    await asyncio.gather(clients[0], return_exceptions=True)
    renderer.free.set()
    assert await asyncio.gather(*clients[1:]) == ["metrics 1", "metrics 1"]
    assert await renderer.get() == "metrics 1"


async def test_a_failure_is_reported_to_all_waiting_clients_and_the_next_one_retries(renderer: Renderer) -> None:
    renderer.fails = True
    failed = await asyncio.gather(*(renderer.get() for _ in range(3)), return_exceptions=True)
    assert [str(error) for error in failed] == ["metrics"] * 3
    renderer.fails = False
    assert await renderer.get() == "metrics 1"


async def request_and_disconnect(renderer: Renderer) -> None:
    renderer.fails = True
    renderer.free.clear()
    client = asyncio.create_task(renderer.get())
    await renderer.is_rendering()
    client.cancel()
    await asyncio.gather(client, return_exceptions=True)
    renderer.free.set()
    with pytest.raises(ZeroDivisionError):
        await renderer.get("accounts")  # the same thread: the other one has finished
    renderer.pages = PageCache()


async def test_a_failure_without_waiting_clients_is_not_logged(renderer: Renderer, caplog: pytest.LogCaptureFixture) -> None:
    await asyncio.create_task(request_and_disconnect(renderer))
    gc.collect()
    assert caplog.records == []


async def test_only_a_few_pages_are_kept_and_the_oldest_is_dropped_first(renderer: Renderer) -> None:
    kinds = [f"choice {number}" for number in range(MAX_KEPT + 1)]
    first, second, *_, last = [await renderer.get(kind) for kind in kinds]
    assert await renderer.get(kinds[-1]) == last
    assert await renderer.get(kinds[1]) == second
    assert await renderer.get(kinds[0]) != first
    assert len(renderer.rendered) == MAX_KEPT + 2
