"""A page is made once for all who ask for it at about the same time, and never given out when it is old."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable

import pytest

from exporter.web.pages import MAX_AGE, MAX_KEPT, Pages
from tests.support import PATIENCE


class Press:
    """Prints numbered pages; it can be held up, and it can break."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pages = Pages(lambda: self.now)
        self.printed: list[str] = []
        self.broken = False
        self.started, self.free = threading.Event(), threading.Event()
        self.free.set()

    def printing(self, kind: str) -> Callable[[], str]:
        def render() -> str:
            self.started.set()
            self.free.wait(PATIENCE)
            if self.broken:
                raise ZeroDivisionError(kind)
            self.printed.append(kind)
            return f"{kind} {len(self.printed)}"

        return render

    async def get(self, kind: str = "metrics", generation: int = 1) -> str:
        return await self.pages.get(kind, generation, self.printing(kind))

    async def is_printing(self) -> None:
        """Return when the thread is at work."""
        assert await asyncio.to_thread(self.started.wait, 10)


@pytest.fixture
def press() -> Press:
    return Press()


async def test_two_hundred_at_once_get_one_page(press: Press) -> None:
    assert set(await asyncio.gather(*(press.get() for _ in range(200)))) == {"metrics 1"}
    assert press.printed == ["metrics"]


async def test_who_comes_while_a_page_is_made_waits_for_that_one(press: Press) -> None:
    press.free.clear()
    first = asyncio.create_task(press.get())
    await press.is_printing()
    second = asyncio.create_task(press.get())
    await asyncio.sleep(0)
    press.free.set()
    assert await asyncio.gather(first, second) == ["metrics 1", "metrics 1"]


async def test_a_new_generation_is_printed_anew_also_while_the_former_one_still_is(press: Press) -> None:
    press.free.clear()
    former = asyncio.create_task(press.get(generation=1))
    await press.is_printing()
    latter = asyncio.create_task(press.get(generation=2))
    await asyncio.sleep(0)
    press.free.set()
    assert await asyncio.gather(former, latter) == ["metrics 1", "metrics 2"]
    assert await press.get(generation=2) == "metrics 2"


async def test_every_kind_is_a_page_of_its_own(press: Press) -> None:
    assert [await press.get(kind) for kind in ("metrics", "accounts", "metrics", "accounts")] == [
        "metrics 1",
        "accounts 2",
        "metrics 1",
        "accounts 2",
    ]


async def test_a_page_is_given_out_for_a_second_and_not_longer(press: Press) -> None:
    pages = []
    for press.now in (0.0, MAX_AGE, MAX_AGE + 0.001, 2 * MAX_AGE):
        pages.append(await press.get())
    assert pages == ["metrics 1", "metrics 1", "metrics 2", "metrics 2"]


async def test_the_age_of_a_page_counts_from_when_it_was_begun(press: Press) -> None:
    press.free.clear()
    first = asyncio.create_task(press.get())
    await press.is_printing()
    press.now = MAX_AGE + 0.001
    press.free.set()
    assert await first == "metrics 1"
    assert await press.get() == "metrics 2"


async def test_who_hangs_up_does_not_take_the_page_from_the_others(press: Press) -> None:
    press.free.clear()
    askers = [asyncio.create_task(press.get()) for _ in range(3)]
    await press.is_printing()
    askers[0].cancel()
    await asyncio.gather(askers[0], return_exceptions=True)
    press.free.set()
    assert await asyncio.gather(*askers[1:]) == ["metrics 1", "metrics 1"]
    assert await press.get() == "metrics 1"


async def test_a_page_that_fails_fails_for_all_who_asked_and_is_tried_again_by_the_next(press: Press) -> None:
    press.broken = True
    failed = await asyncio.gather(*(press.get() for _ in range(3)), return_exceptions=True)
    assert [str(error) for error in failed] == ["metrics"] * 3
    press.broken = False
    assert await press.get() == "metrics 1"


async def asked_in_vain(press: Press) -> None:
    press.broken = True
    press.free.clear()
    asker = asyncio.create_task(press.get())
    await press.is_printing()
    asker.cancel()
    await asyncio.gather(asker, return_exceptions=True)
    press.free.set()
    with pytest.raises(ZeroDivisionError):
        await press.get("accounts")  # the same thread: the other one is through
    press.pages = Pages()


async def test_a_failure_that_nobody_waits_for_any_more_is_no_noise(press: Press, caplog: pytest.LogCaptureFixture) -> None:
    await asyncio.create_task(asked_in_vain(press))
    gc.collect()
    assert caplog.records == []


async def test_only_a_few_pages_are_kept_and_the_oldest_goes_first(press: Press) -> None:
    kinds = [f"choice {number}" for number in range(MAX_KEPT + 1)]
    first, second, *_, last = [await press.get(kind) for kind in kinds]
    assert await press.get(kinds[-1]) == last
    assert await press.get(kinds[1]) == second
    assert await press.get(kinds[0]) != first
    assert len(press.printed) == MAX_KEPT + 2
