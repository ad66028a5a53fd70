"""Scrapes that wait at the same time share one page, and a large page does not stop the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from exporter.accounts.snapshot import Snapshot
from exporter.accounts.store import Store
from exporter.errors import PollError
from exporter.metrics.bodies import Body
from exporter.metrics.collector import BUCKETS
from exporter.metrics.exposition import Exposition
from exporter.metrics.negotiation import DEFAULT, Negotiated, negotiate
from exporter.model import AccountKey, Reason, Seconds
from exporter.web.scrapes import AT_ONCE, SMALL, Scrapes
from tests.support import PATIENCE, clock_at, job_of


class SlowExposition(Exposition):
    """Renders in a thread that can be blocked or fail, and counts."""

    def __init__(self) -> None:
        super().__init__(("1", ""), runtime=False)
        self.drafts = 0
        self.threads: list[int] = []
        self.fails = False
        self.started, self.free = threading.Event(), threading.Event()
        self.free.set()

    def renderer(self, snapshot: Snapshot, negotiated: Negotiated) -> Callable[[], Body]:
        """Block where the thread begins."""
        self.drafts += 1
        rendering = super().renderer(snapshot, negotiated)

        def run() -> Body:
            self.threads.append(threading.get_ident())
            self.started.set()
            self.free.wait(PATIENCE)
            if self.fails:
                raise ZeroDivisionError
            return rendering()

        return run


@pytest.fixture
def exposition() -> SlowExposition:
    return SlowExposition()


def new_store(count: int = 2) -> Store:
    return Store([job_of(AccountKey("a", str(number))) for number in range(count)], BUCKETS, clock_at(1000.0))


def fail(store: Store, account: int = 0) -> None:
    error = PollError(Reason.TLS, "no luck")
    store.record_failure(AccountKey("a", str(account)), error, at=1000.0, duration=Seconds(0.5), interval=Seconds(60.0))


async def test_scrapes_at_the_same_time_share_one_page(exposition: SlowExposition) -> None:
    scrapes = Scrapes(new_store(), exposition, small=0)
    pages = await asyncio.gather(*(scrapes.get(DEFAULT) for _ in range(50)))
    assert all(page is pages[0] for page in pages)
    assert exposition.drafts == 1


async def test_a_page_is_kept_until_an_account_changes(exposition: SlowExposition) -> None:
    store = new_store()
    scrapes = Scrapes(store, exposition, small=0)
    first, second = [(await scrapes.get(DEFAULT)).content.blocks[0][0] for _ in range(2)]
    fail(store)
    assert first is second
    assert b'reason="tls"} 1.0' in (await scrapes.get(DEFAULT)).body
    assert exposition.drafts == 2


async def test_scrapes_that_come_during_a_rendering_share_the_next_page_which_is_newer(exposition: SlowExposition) -> None:
    store = new_store()
    scrapes = Scrapes(store, exposition, small=0)
    exposition.free.clear()
    former = asyncio.create_task(scrapes.get(DEFAULT))
    assert await asyncio.to_thread(exposition.started.wait, PATIENCE)
    fail(store)
    latter = [asyncio.create_task(scrapes.get(DEFAULT)) for _ in range(20)]
    await asyncio.sleep(0)
    fail(store, 1)
    exposition.free.set()
    assert b'reason="tls"} 1.0' not in (await former).body
    pages = [await each for each in latter]
    assert pages[0].body.count(b'reason="tls"} 1.0') == 2
    assert all(page is pages[0] for page in pages)
    assert exposition.drafts == 2


async def test_a_client_that_disconnects_does_not_cancel_the_page_for_the_others(exposition: SlowExposition) -> None:
    scrapes = Scrapes(new_store(), exposition, small=0)
    exposition.free.clear()
    clients = [asyncio.create_task(scrapes.get(DEFAULT)) for _ in range(3)]
    assert await asyncio.to_thread(exposition.started.wait, PATIENCE)
    clients[0].cancel()
    await asyncio.gather(clients[0], return_exceptions=True)
    exposition.free.set()
    assert all(page.body for page in await asyncio.gather(*clients[1:]))


async def test_a_failure_is_reported_to_all_waiting_clients_and_the_next_one_retries(exposition: SlowExposition) -> None:
    scrapes = Scrapes(new_store(), exposition, small=0)
    exposition.fails = True
    failed = await asyncio.gather(*(scrapes.get(DEFAULT) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in failed] == [ZeroDivisionError] * 3
    exposition.fails = False
    assert (await scrapes.get(DEFAULT)).body


async def test_other_work_gets_its_turn_while_many_rows_are_written(exposition: SlowExposition) -> None:
    store, turns = new_store(AT_ONCE * 5), 0
    scrape = asyncio.create_task(Scrapes(store, exposition, small=0).get(DEFAULT))
    while not exposition.drafts:
        await asyncio.sleep(0)
        turns += 1
        if turns == 3:
            fail(store, 0)  # a row that was written already
    assert turns >= 5
    page = await scrape
    assert page.body.count(b"ai_account_up{") == 1
    assert b'reason="tls"} 1.0' in page.body


async def test_chosen_families_are_not_kept(exposition: SlowExposition) -> None:
    scrapes = Scrapes(new_store(), exposition, small=0)
    for name in ("ai_account_up", "ai_account_scrapes_total", "ai_account_up"):
        page = await scrapes.get(negotiate("", "", [name]))
        assert page.body.count(b"# TYPE ") == (name == "ai_account_scrapes_total")
    assert exposition.drafts == 3


async def test_only_a_large_page_is_rendered_in_a_thread(exposition: SlowExposition) -> None:
    for count in (SMALL, SMALL + 1):
        await Scrapes(new_store(count), exposition).get(DEFAULT)
    assert [thread == threading.get_ident() for thread in exposition.threads] == [True, False]
