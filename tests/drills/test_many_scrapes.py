"""Two hundred scrapes at the same time, several times, while hundreds of accounts are polled."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import pytest

from exporter.accounts.store import Store
from exporter.client.client import Client
from exporter.client.transport import open_session
from exporter.clock import Clock
from exporter.daemon.poll_once import new_store
from exporter.metrics.exposition import Exposition
from exporter.model import Seconds
from exporter.polling.scheduler import Scheduler
from exporter.simulator.simulator import Simulator
from exporter.web.endpoints import Endpoints, make_application
from exporter.web.server import Server
from exporter.web.sockets import bind
from tests.support import ACCOUNTS, make_job, until
from tests.web.serving import LOOPBACK

ACCOUNT_COUNT: Final = 300
SCRAPERS: Final = 200
WAVES: Final = 5
INTERVAL: Final = Seconds(3.0)
UP: Final = re.compile(r'^ai_account_up\{account="(\w+)".*\} 1\.0$', re.MULTILINE)
FAMILY: Final = re.compile(r"^# TYPE (\w+) ", re.MULTILINE)


@asynccontextmanager
async def polling(simulator: Simulator) -> AsyncIterator[tuple[Store, str]]:
    """Poll hundreds of accounts; their store, and the URL of the page."""
    clock = Clock()
    accounts = [ACCOUNTS[number % len(ACCOUNTS)] for number in range(ACCOUNT_COUNT)]
    jobs = [make_job(simulator.url, each.provider, account=f"a{number}", interval=INTERVAL) for number, each in enumerate(accounts)]
    store = new_store(jobs, clock)
    endpoints = Endpoints(store, Exposition(("0", ""), runtime=False), "0")
    async with open_session("ai-account-exporter/drill") as session:
        scheduler = Scheduler(Client(session, {}, clock), store, clock)
        async with Server(make_application(endpoints), await bind([LOOPBACK])) as server, asyncio.TaskGroup() as group:
            task = group.create_task(scheduler.run(jobs))
            await until(lambda: all(entry.polls for entry in store.snapshot().entries), "every account is polled")
            yield store, f"http://{server.addresses[0]}/metrics"
            task.cancel()


async def scrape_many(session: aiohttp.ClientSession, url: str) -> tuple[list[str], list[float]]:
    """Scrape many times at once; the pages, and the seconds that each took."""
    loop = asyncio.get_running_loop()

    async def scrape() -> tuple[str, float]:
        started = loop.time()
        async with session.get(url) as response:
            assert response.status == 200
            return await response.text(), loop.time() - started

    answers = await asyncio.gather(*(scrape() for _ in range(SCRAPERS)))
    return [page for page, _ in answers], [seconds for _, seconds in answers]


def check_whole(pages: Sequence[str]) -> None:
    """Every page has every account and every family, in the same order."""
    different = set(pages)
    assert {page[-1] for page in different} == {"\n"}
    assert {frozenset(UP.findall(page)) for page in different} == {frozenset(f"a{number}" for number in range(ACCOUNT_COUNT))}
    assert len({tuple(FAMILY.findall(page)) for page in different}) == 1


async def test_many_scrapers_at_once_get_complete_pages_and_no_poll_is_late(
    simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    waits, different = [], 0
    connector = aiohttp.TCPConnector(limit=0)
    async with polling(simulator) as (store, url), aiohttp.ClientSession(connector=connector) as session:
        before = {each.key: each.entry.polls for each in store.snapshot().accounts}

        def more_polls() -> list[int]:
            return [each.entry.polls - before[each.key] for each in store.snapshot().accounts]

        cpu = time.process_time()
        for _ in range(WAVES):
            pages, seconds = await scrape_many(session, url)
            check_whole(pages)
            different += len(set(pages))
            waits += seconds
        cpu = time.process_time() - cpu
        assert max(more_polls()) - min(more_polls()) <= 2
        await until(lambda: min(more_polls()) >= 2, "every account is polled again")
        assert max(more_polls()) - min(more_polls()) <= 2
        assert all(entry.up for entry in store.snapshot().entries)
    assert different <= WAVES * SCRAPERS / 2  # requests at about the same time share a page
    with capsys.disabled():
        figures = f"p50 {statistics.median(waits) * 1e3:.0f} ms, longest {max(waits) * 1e3:.0f} ms, {cpu:.2f} s of CPU time"
        print(f"\n{WAVES} x {SCRAPERS} scrapes of {ACCOUNT_COUNT} accounts: {figures}, {different} different pages")  # noqa: T201 -- figures
