"""Two hundred scrapes at the same moment, again and again, while hundreds of accounts are polled."""

from __future__ import annotations

import asyncio
import re
import resource
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import pytest

from exporter.accounts.store import Store
from exporter.client.client import Client, open_session
from exporter.clock import Clock
from exporter.daemon.daemon import new_store
from exporter.metrics.exposition import Exposition
from exporter.model import Seconds
from exporter.polling.scheduler import Scheduler
from exporter.simulator.server import Simulator
from exporter.web.server import Server
from exporter.web.site import Site, make_application
from exporter.web.sockets import bind
from tests.drills.range import starved, until
from tests.support import PLAYERS, make_job
from tests.web.serving import LOOPBACK

ACCOUNTS: Final = 300
CROWD: Final = 200
WAVES: Final = 5
INTERVAL: Final = Seconds(3.0)
UP: Final = re.compile(r'^ai_account_up\{account="(\w+)".*\} 1\.0$', re.MULTILINE)
FAMILY: Final = re.compile(r"^# TYPE (\w+) ", re.MULTILINE)


@asynccontextmanager
async def polling(simulator: Simulator) -> AsyncIterator[tuple[Store, str]]:
    """Hundreds of accounts under polls; their store and their page."""
    clock = Clock()
    players = [PLAYERS[number % len(PLAYERS)] for number in range(ACCOUNTS)]
    jobs = [make_job(simulator.url, each.provider, account=f"a{number}", interval=INTERVAL) for number, each in enumerate(players)]
    store = new_store(jobs, clock)
    site = Site(store, Exposition(("0", ""), runtime=False), "0")
    async with open_session("ai-account-exporter/drill") as session:
        scheduler = Scheduler(Client(session, {}, clock), store, clock)
        async with Server(make_application(site), await bind([LOOPBACK])) as server, asyncio.TaskGroup() as group:
            task = group.create_task(scheduler.run(jobs))
            await until(lambda: all(entry.polls for entry in store.snapshot().entries), "every account is polled")
            yield store, f"http://{server.addresses[0]}/metrics"
            task.cancel()


async def wave(session: aiohttp.ClientSession, url: str) -> tuple[list[str], list[float]]:
    """The pages of all who ask at once, and how long each of them waited."""
    loop = asyncio.get_running_loop()

    async def scrape() -> tuple[str, float]:
        started = loop.time()
        async with session.get(url) as response:
            assert response.status == 200
            return await response.text(), loop.time() - started

    answers = await asyncio.gather(*(scrape() for _ in range(CROWD)))
    return [page for page, _ in answers], [seconds for _, seconds in answers]


def check_whole(pages: Sequence[str]) -> None:
    """Every page has every account and every family, in the same order."""
    different = set(pages)
    assert {page[-1] for page in different} == {"\n"}
    assert {frozenset(UP.findall(page)) for page in different} == {frozenset(f"a{number}" for number in range(ACCOUNTS))}
    assert len({tuple(FAMILY.findall(page)) for page in different}) == 1


async def test_a_crowd_of_scrapers_is_served_whole_pages_and_no_poll_is_late(
    simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    loop, waits, different = asyncio.get_running_loop(), [], 0
    connector = aiohttp.TCPConnector(limit=0)
    async with polling(simulator) as (store, url), aiohttp.ClientSession(connector=connector) as session:
        polls = {each.key: each.entry.polls for each in store.snapshot().accounts}
        started, spent, waited = loop.time(), processor_time(), starved()
        for _ in range(WAVES):
            pages, seconds = await wave(session, url)
            check_whole(pages)
            different += len(set(pages))
            waits += seconds
        spent = processor_time() - spent
        await until(lambda: loop.time() > started + 2 * INTERVAL, "two intervals are over")
        lost = starved() - waited
        accounts = store.snapshot().accounts
        assert all(each.entry.up for each in accounts)
        late = loop.time() - started - lost
        assert {each.key for each in accounts if each.entry.polls - polls[each.key] < int(late / INTERVAL) - 1} == set()
    assert different <= WAVES * 20  # a page is for all who ask for it at about the same time
    with capsys.disabled():
        figures = f"p50 {statistics.median(waits) * 1e3:.0f} ms, longest {max(waits) * 1e3:.0f} ms, {spent:.2f} s of processor"
        print(f"\n{WAVES} x {CROWD} scrapes of {ACCOUNTS} accounts: {figures}, {different} different pages")  # noqa: T201 -- figures


def processor_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
