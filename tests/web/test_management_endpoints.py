"""`/-/healthy`, `/-/ready` and `/-/reload`: for probes and operators."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from exporter.accounts.store import Store
from exporter.errors import PollError, Problem
from exporter.metrics.collector import BUCKETS
from exporter.model import AccountKey, Reading, Reason, Seconds
from tests.metrics.showcase import NOW
from tests.support import PATIENCE, clock_at, job_of
from tests.web.serving import Client, endpoints, serving


def new_store() -> Store:
    return Store((job_of(AccountKey("heygen", name)) for name in ("one", "two")), BUCKETS, clock_at(NOW))


async def test_the_process_is_healthy_before_any_poll() -> None:
    async with serving(endpoints(new_store())) as client, client.ask("/-/healthy") as response:
        assert (response.status, await response.text()) == (200, "healthy\n")


async def test_an_ended_loop_makes_the_process_unhealthy() -> None:
    dead: list[str] = []
    async with serving(endpoints(dead=lambda: dead)) as client:
        async with client.ask("/-/healthy") as response:
            assert response.status == 200
        dead.append("poll heygen/studio")
        async with client.ask("/-/healthy") as response:
            assert (response.status, await response.text()) == (503, "not running: poll heygen/studio\n")


async def test_ready_waits_for_the_first_poll_of_every_account() -> None:
    store = new_store()
    answers = []
    async with serving(endpoints(store)) as client:
        for step in range(3):
            async with client.ask("/-/ready") as response:
                answers.append((response.status, await response.text()))
            if step == 0:
                store.record_success(AccountKey("heygen", "one"), Reading(), at=NOW, duration=Seconds(0.5), interval=Seconds(60.0))
            if step == 1:
                error = PollError(Reason.TLS, "no luck")
                store.record_failure(AccountKey("heygen", "two"), error, at=NOW, duration=Seconds(0.5), interval=Seconds(60.0))
    assert answers == [
        (503, "waiting for the first poll of 2 of 2 accounts\n"),
        (503, "waiting for the first poll of 1 of 2 accounts\n"),
        (200, "2 accounts polled\n"),
    ]


async def test_ready_reports_one_account_in_the_singular() -> None:
    key = AccountKey("heygen", "one")
    store = Store((job_of(key),), BUCKETS, clock_at(NOW))
    async with serving(endpoints(store)) as client:
        async with client.ask("/-/ready") as response:
            assert await response.text() == "waiting for the first poll of 1 of 1 account\n"
        store.record_success(key, Reading(), at=NOW, duration=Seconds(0.5), interval=Seconds(60.0))
        async with client.ask("/-/ready") as response:
            assert await response.text() == "1 account polled\n"


@dataclass
class Reloads:
    """A reload that waits until it is released."""

    problems: tuple[Problem, ...] = ()
    count: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> tuple[Problem, ...]:
        self.count += 1
        await self.go.wait()
        return self.problems


@pytest.mark.parametrize(
    ("problems", "status", "text"),
    [
        ((), 200, "reloaded\n"),
        ((Problem("a.b", "is required"),), 500, "configuration rejected, the previous one stays in effect; 1 problem:\na.b: is required\n"),
        (
            (Problem("a", "is required"), Problem("", "too late")),
            500,
            "configuration rejected, the previous one stays in effect; 2 problems:\na: is required\ntoo late\n",
        ),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_reload_reports_its_problems(problems: tuple[Problem, ...], status: int, text: str, method: str) -> None:
    reloads = Reloads(problems)
    reloads.go.set()
    async with serving(endpoints(reload=reloads)) as client, client.ask("/-/reload", method) as response:
        assert (response.status, await response.text()) == (status, text)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://proxy.example"}, 200),
        ({"Origin": "http://HOST"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "something new"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://HOST"}, 403),
        ({"Origin": "https://attacker.example"}, 403),
        ({"Origin": "http://HOST.attacker.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://[::1"}, 403),
    ],
)
async def test_a_reload_from_another_site_is_refused(headers: dict[str, str], status: int) -> None:
    reloads = Reloads()
    reloads.go.set()
    async with serving(endpoints(reload=reloads)) as client:
        sent = {name: value.replace("HOST", str(client.address)) for name, value in headers.items()}
        async with client.ask("/-/reload", "POST", **sent) as response:
            assert response.status == status
    assert reloads.count == (status == 200)


async def test_reloads_count_against_the_maximum_of_requests() -> None:
    reloads = Reloads()

    async def post(client: Client) -> int:
        async with client.ask("/-/reload", "POST") as response:
            return response.status

    async with serving(endpoints(reload=reloads, max_requests=3)) as client:
        waiting = [asyncio.create_task(post(client)) for _ in range(10)]
        async with asyncio.timeout(PATIENCE):
            while sum(task.done() for task in waiting) < 7:  # noqa: ASYNC110 -- the server makes it true
                await asyncio.sleep(0)
        async with client.ask("/metrics") as response:
            assert response.status == 200
        reloads.go.set()
        assert sorted(await asyncio.gather(*waiting)) == [200] * 3 + [503] * 7
    assert reloads.count == 3
