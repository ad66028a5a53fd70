"""Too many connections: which are closed, which are refused, and what an open one costs."""

from __future__ import annotations

import asyncio
import socket
import ssl
import tracemalloc
from contextlib import AsyncExitStack
from resource import RLIM_INFINITY

import pytest

from exporter.web.limits import Limits, most_connections
from exporter.web.web_config.web_config import WebConfig
from tests.accounts.support import Log
from tests.web.serving import (
    GET,
    RawConnection,
    answer_or_nothing,
    is_answered,
    no_descriptors,
    serving,
    serving_texts,
    until_answered,
)


async def test_a_hundred_scrapes_use_one_connection() -> None:
    async with serving(limits=Limits(max_connections=1)) as client, client.connect() as connection:
        for _ in range(100):
            connection.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await connection.answer()).endswith(b"\n")


async def test_a_new_connection_replaces_the_one_that_has_been_idle_for_longest() -> None:
    async with serving(limits=Limits(max_connections=3)) as client, AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(client.connect()) for _ in range(3)]
        for connection in (connections[1], connections[0], connections[2]):
            connection.send(GET)
            assert await connection.answer() == b"healthy\n"
        assert await is_answered(client)
        assert [await answer_or_nothing(connection) for connection in connections] == [b"healthy\n", b"", b"healthy\n"]


@pytest.mark.parametrize("beginning", [b"", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Long: "], ids=["silent", "half a request"])
async def test_idle_connections_do_not_prevent_new_ones(beginning: bytes) -> None:
    async with serving(limits=Limits(max_connections=20)) as client, AsyncExitStack() as stack:
        for _ in range(60):
            connection = await stack.enter_async_context(client.connect())
            connection.send(beginning)
        assert await is_answered(client)


async def test_of_many_simultaneous_connections_the_newest_stay_open() -> None:
    async with serving(limits=Limits(max_connections=10)) as client, AsyncExitStack() as stack:
        sockets = [socket.create_connection((str(client.address.host), client.address.port)) for _ in range(60)]
        connections = []
        for each in sockets:
            each.setblocking(False)  # noqa: FBT003 -- the method's own argument
            connections.append(RawConnection(*await asyncio.open_connection(sock=each)))
            stack.callback(connections[-1].writer.transport.abort)
        await until_closed(connections[:50])
        answers = [await answer_or_nothing(connection) for connection in connections]
    assert answers == [b""] * 50 + [b"healthy\n"] * 10


async def until_closed(connections: list[RawConnection]) -> None:
    await asyncio.gather(*(connection.rest() for connection in connections))


async def test_unfinished_handshakes_count_as_connections_and_the_oldest_is_closed_for_a_new_one(
    tls: tuple[WebConfig, ssl.SSLContext],
) -> None:
    config, context = tls
    async with serving(config=config, limits=Limits(max_connections=3)) as client, AsyncExitStack() as stack:
        first, second, third = [await stack.enter_async_context(client.connect()) for _ in range(3)]
        assert await is_answered(client, context)
        assert await first.rest() == b""
        for failing in (second, third):
            failing.send(b"this is not a handshake")
            await failing.rest()
        assert await is_answered(client, context)


async def test_connections_in_the_middle_of_an_answer_stay_and_a_new_one_is_refused() -> None:
    async with serving_texts(Limits(max_connections=2)) as (client, barrier), client.connect() as one, client.connect() as two:
        for connection in (one, two):
            connection.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await barrier.wait()
        assert not await is_answered(client)
        await barrier.wait()
        assert [await one.answer(), await two.answer()] == [b"slow\n", b"slow\n"]


async def test_clients_that_disconnect_before_their_responses_free_their_places_and_are_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    slow, big = (b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in (b"/slow", b"/big/20000000"))
    async with serving_texts(Limits(max_connections=2)) as (client, barrier), client.connect() as one, client.connect() as two:
        for connection in (one, two):
            connection.send(slow + big * 2)
        await barrier.wait()
        for connection in (one, two):
            connection.writer.close()
            await connection.writer.wait_closed()
        await barrier.wait()
        await until_answered(client)
    assert caplog.records == []


async def test_half_a_request_costs_little_memory() -> None:
    """Of all that clients may send before a request is complete."""
    headers = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 8_000) for number in range(120))
    async with serving(limits=Limits(max_connections=40)) as client, AsyncExitStack() as stack:
        await is_answered(client)
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(40):
                connection = await stack.enter_async_context(client.connect())
                connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n" + headers[:31_000])
            await is_answered(client)
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (after - before) / 40 < 200_000


@pytest.mark.parametrize(("descriptors", "connections"), [(256, 128), (1_024, 512), (1_048_576, 512), (RLIM_INFINITY, 512)])
def test_polls_keep_half_of_the_descriptors(descriptors: int, connections: int) -> None:
    assert most_connections(descriptors) == connections


async def test_the_server_survives_a_lack_of_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.web.server.ACCEPT_RETRY", 0.0)
    log = Log()
    async with serving() as client:
        connections = [socket.create_connection((str(client.address.host), client.address.port)) for _ in range(2)]
        with no_descriptors():
            for _ in range(10):
                await asyncio.sleep(0)
        assert [line["event"] for line in log.lines()] == ["accept failed"]
        for each in connections:
            each.setblocking(False)  # noqa: FBT003 -- the method's own argument
            reader, writer = await asyncio.open_connection(sock=each)
            writer.write(b"GET /-/healthy HTTP/1.0\r\n\r\n")
            assert (await reader.read()).endswith(b"healthy\n")
            writer.close()
