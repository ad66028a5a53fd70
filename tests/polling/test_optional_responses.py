"""The responses to an optional request: none fails the poll, and each costs its own values only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from exporter.client.client import Client
from exporter.daemon.poll_once import new_store
from exporter.model import AccountKey, Reason
from exporter.polling.scheduler import Scheduler
from exporter.simulator.simulator import Simulator
from tests.client.support import Handler, answering
from tests.support import PATIENCE, FakeClock, MakeJob, make_job, pass_time


async def test_optional_requests_are_sent_after_the_required_ones(client: Client, simulator: Simulator, job: MakeJob) -> None:
    reading = await client.poll(job("heygen"))
    assert [request.path for request in simulator.requests] == ["/v3/users/me", "/v3/api_keys/self"]
    assert reading.quotas
    assert reading.credential_expires_at is not None


async def hang(_: web.BaseRequest) -> web.StreamResponse:
    pass_time(0.9 * PATIENCE)
    await asyncio.Event().wait()
    raise AssertionError


def saying(status: int, text: str) -> Handler:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, text=text)

    return answer


@asynccontextmanager
async def heygen(optional: Handler) -> AsyncIterator[str]:
    wallet = saying(200, '{"data":{"wallet":{"currency":"usd","remaining_balance":5}}}')

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await (wallet if request.path == "/v3/users/me" else optional)(request)

    async with answering(answer) as url:
        yield url


OPTIONAL: list[tuple[str, Handler, float | None, Reason | None]] = [
    ("an end", saying(200, '{"data":{"expires_at":"2027-01-01T00:00:00Z"}}'), 1_798_761_600, None),
    ("no end", saying(200, '{"data":{"expires_at":null}}'), None, None),
    ("wrong time", saying(200, '{"data":{"expires_at":"never"}}'), None, None),
    ("refused", saying(401, '{"error":{"code":"unauthorized"}}'), None, Reason.UNAUTHORIZED),
    ("refused inside a 200", saying(200, '{"error":{"code":"unauthorized"}}'), None, Reason.UNAUTHORIZED),
    ("not there", saying(404, '{"error":{"code":"not_found"}}'), None, Reason.CLIENT_ERROR),
    ("too many", saying(429, ""), None, Reason.RATE_LIMITED),
    ("redirect", saying(302, ""), None, Reason.INVALID_RESPONSE),
    ("garbage", saying(200, "<html>"), None, Reason.INVALID_RESPONSE),
    ("hangs", hang, None, Reason.TIMEOUT),
]


@pytest.mark.parametrize(("optional", "expires", "reason"), [case[1:] for case in OPTIONAL], ids=[case[0] for case in OPTIONAL])
async def test_an_optional_request_that_fails_is_counted_and_only_its_values_are_absent(
    client: Client, clock: FakeClock, optional: Handler, expires: float | None, reason: Reason | None
) -> None:
    async with heygen(optional) as url:
        job = make_job(url, "heygen")
        store = new_store([job], clock.clock)
        await Scheduler(client, store, clock.clock).poll_once(job)
    entry = store[AccountKey("heygen", "demo")]
    assert (entry.up, entry.error, entry.errors) == (True, None, {})
    assert entry.optional_errors == ({reason: 1} if reason else {})
    assert entry.reading is not None
    assert [quota.remaining for quota in entry.reading.quotas] == [5]
    assert entry.reading.credential_expires_at == expires


async def test_the_retry_after_of_an_optional_request_is_obeyed(client: Client) -> None:
    requests = 0

    async def busy(_: web.BaseRequest) -> web.StreamResponse:
        nonlocal requests
        requests += 1
        return web.Response(status=429, headers={"Retry-After": "1000"})

    clock = FakeClock()
    async with heygen(busy) as url:
        job = make_job(url, "heygen")
        store = new_store([job], clock.clock)
        scheduler = Scheduler(client, store, clock.clock)
        sent = []
        for now in (0, 300, 600, 900, 1200):
            clock.now = now
            await scheduler.poll_once(job)
            sent.append(requests)
        assert sent == [1, 1, 1, 1, 2]
        entry = store[job.key]
        assert (entry.up, entry.polls, entry.limited_until) == (True, 5, None)
