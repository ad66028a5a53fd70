"""Slow and silent clients: each connection ends in time, and other clients are served meanwhile."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import AsyncExitStack

import pytest

from exporter.web.limits import Limits
from exporter.web.web_config.web_config import WebConfig
from tests.support import PATIENCE, pass_time
from tests.web.serving import (
    GET,
    RawConnection,
    answer_or_nothing,
    is_answered,
    serving,
    serving_texts,
    unread,
    until_answered,
)


async def send_slowly(connection: RawConnection) -> bytes:
    """Send a header, a byte a second, until the server closes the connection; what it answered."""
    connection.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Long: ")
    async with asyncio.timeout(PATIENCE):
        while True:
            connection.send(b"x")
            pass_time(1)
            try:
                return await asyncio.wait_for(connection.reader.read(), 0.01)
            except TimeoutError:
                continue
            except ConnectionError:
                return b""


async def test_a_slowly_sent_header_is_cut_off_while_scrapes_are_answered() -> None:
    async with serving(limits=Limits(read_header_timeout=PATIENCE / 2)) as client, client.connect() as connection:
        slow = asyncio.create_task(send_slowly(connection))
        while not slow.done():
            assert await is_answered(client)
        assert await slow == b""


async def test_a_silent_connection_is_closed() -> None:
    async with serving(limits=Limits(read_header_timeout=0.1)) as client, client.connect() as connection:
        assert await connection.rest() == b""


async def test_a_silent_tls_connection_is_closed_though_its_client_does_not_close_it(tls: tuple[WebConfig, ssl.SSLContext]) -> None:
    config, context = tls
    async with serving(config=config) as client:
        with socket.create_connection((str(client.address.host), client.address.port), PATIENCE) as raw:
            encrypted = await asyncio.to_thread(context.wrap_socket, raw, server_hostname="127.0.0.1")
            with encrypted:
                raw_view = socket.socket(fileno=encrypted.detach())
        raw_view.setblocking(False)  # noqa: FBT003 -- the method's own argument
        connection = RawConnection(*await asyncio.open_connection(sock=raw_view))
        ending = asyncio.create_task(connection.rest())
        while not ending.done():
            pass_time(1)
            await asyncio.sleep(0)
        assert await ending  # its close_notify, which is not answered
        connection.writer.transport.abort()


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01"], ids=["nothing", "the first bytes"])
async def test_an_unfinished_handshake_is_closed(tls: tuple[WebConfig, ssl.SSLContext], sent: bytes) -> None:
    config, context = tls
    async with serving(config=config, limits=Limits(handshake_timeout=PATIENCE / 2)) as client, client.connect() as connection:
        connection.send(sent)
        assert await is_answered(client, context)
        pass_time(PATIENCE / 2)
        assert await connection.rest() == b""


async def test_a_second_request_that_is_never_finished_is_cut_off() -> None:
    async with serving(limits=Limits(idle_timeout=PATIENCE / 2)) as client, client.connect() as connection:
        connection.send(GET)
        assert await connection.answer() == b"healthy\n"
        assert await send_slowly(connection) == b""


async def test_a_connection_may_be_idle_for_longer_than_its_first_request_may_take() -> None:
    limits = Limits(read_header_timeout=PATIENCE / 2)
    async with serving(limits=limits) as client, client.connect() as kept, client.connect() as silent:
        kept.send(GET)
        await kept.answer()
        pass_time(PATIENCE / 2)
        await silent.rest()  # the timeout is over, for the other connection too
        kept.send(GET)
        assert await kept.answer() == b"healthy\n"


async def test_clients_that_do_not_read_are_disconnected_while_scrapes_are_answered() -> None:
    async with serving_texts(Limits(write_timeout=PATIENCE / 2, max_connections=21)) as (client, _), AsyncExitStack() as stack:
        for _ in range(20):
            await stack.enter_async_context(unread(*client.address, "/big/20000000"))
        assert await is_answered(client)
        pass_time(PATIENCE / 2)
        connections = [await stack.enter_async_context(client.connect()) for _ in range(21)]  # find a place only when the others are gone
        for _ in range(2):
            assert [await answer_or_nothing(connection) for connection in connections] == [b"healthy\n"] * 21


@pytest.mark.parametrize("size", [0, 20_000, 40_000, 60_000, 80_000, 200_000])
async def test_an_unread_rest_does_not_keep_the_connection_open(size: int) -> None:
    """Whether the kernel has all of the answer, or this process still has some of it."""
    limits = Limits(write_timeout=0.1, idle_timeout=0.1, max_connections=1)
    async with serving_texts(limits, send_buffer=4096) as (client, _), unread(*client.address, f"/big/{size}"):
        await until_answered(client)


async def test_unread_refusals_do_not_keep_the_connection_open() -> None:
    limits = Limits(write_timeout=0.1, max_connections=1)
    async with serving_texts(limits, send_buffer=4096) as (client, _), unread(*client.address, *["/nothing"] * 3000):
        await until_answered(client)


async def test_a_slow_reader_gets_the_whole_answer() -> None:
    async with serving_texts() as (client, _), client.connect(limit=1024) as connection:
        connection.send(b"GET /big/8000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await is_answered(client)
        assert len(await connection.answer()) == 8_000_000
