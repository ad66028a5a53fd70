"""Connections that mean harm, or are merely ill: each is ended in time, and scrapes go on meanwhile."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import aiohttp
import pytest
import trustme
from aiohttp import web

from exporter.web import connections, server
from exporter.web.server import Server
from tests.support import PATIENCE
from tests.web.serving import LOOPBACK, Line, Visitor, deaf, serving

GET: Final = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
Shorten = Callable[[str, float], None]


@pytest.fixture
def shorten(monkeypatch: pytest.MonkeyPatch) -> Shorten:
    """Change one of the limits."""

    def change(name: str, value: float) -> None:
        for module in (connections, server):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)

    return change


@pytest.fixture
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's and the client's."""
    authority = trustme.CA()
    ours, theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    authority.configure_trust(theirs)
    return ours, theirs


async def drip(line: Line) -> bytes:
    """Send headers byte by byte until the server hangs up; what it said."""
    line.say(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Long: ")
    async with asyncio.timeout(PATIENCE):
        while True:
            line.say(b"x")
            try:
                return await asyncio.wait_for(line.reader.read(), 0.01)
            except TimeoutError:
                continue
            except ConnectionError:
                return b""


async def is_answered(visitor: Visitor, tls: ssl.SSLContext | None = None) -> bool:
    """Ask on a new connection."""
    try:
        async with visitor.call(tls) as line:
            line.say(GET)
            return await line.answer() == b"healthy\n"
    except (OSError, asyncio.IncompleteReadError):
        return False


async def until_answered(visitor: Visitor) -> None:
    """Return when there is room again."""
    async with asyncio.timeout(PATIENCE):
        while not await is_answered(visitor):
            pass


async def test_headers_that_drip_are_cut_off_while_scrapes_go_on(shorten: Shorten) -> None:
    shorten("FIRST_WORD_WITHIN", 0.3)
    async with serving() as visitor, visitor.call() as line:
        dripping = asyncio.create_task(drip(line))
        while not dripping.done():
            assert await is_answered(visitor)
        assert await dripping == b""


async def test_a_connection_that_never_says_anything_is_ended(shorten: Shorten) -> None:
    shorten("FIRST_WORD_WITHIN", 0.1)
    async with serving() as visitor, visitor.call() as line:
        assert await line.rest() == b""


async def test_a_silent_connection_over_tls_is_ended_though_its_client_does_not_say_goodbye(
    shorten: Shorten, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    ours, theirs = contexts
    shorten("FIRST_WORD_WITHIN", 0.2)
    shorten("SHAKEN_WITHIN", 0.1)
    async with serving(tls=ours) as visitor:
        with socket.create_connection((str(visitor.address.host), visitor.address.port), PATIENCE) as raw:
            client = await asyncio.to_thread(theirs.wrap_socket, raw, server_hostname="127.0.0.1")
            with client:
                raw_view = socket.socket(fileno=client.detach())
        with raw_view:
            raw_view.settimeout(PATIENCE)
            assert await asyncio.to_thread(read_all, raw_view)  # its goodbye, to which nothing is answered


def read_all(raw: socket.socket) -> bytes:
    heard = b""
    try:
        while piece := raw.recv(65_536):
            heard += piece
    except ConnectionError:
        pass
    return heard


@pytest.mark.parametrize("words", [b"", b"\x16\x03\x01"], ids=["nothing", "the first bytes"])
async def test_a_handshake_that_is_never_finished_is_ended(
    shorten: Shorten, contexts: tuple[ssl.SSLContext, ssl.SSLContext], words: bytes
) -> None:
    ours, theirs = contexts
    shorten("SHAKEN_WITHIN", 0.2)
    async with serving(tls=ours) as visitor, visitor.call() as line:
        line.say(words)
        ending = asyncio.create_task(line.rest())
        assert await is_answered(visitor, theirs)
        assert await ending == b""


async def test_handshakes_that_are_under_way_take_room_and_give_it_back(
    shorten: Shorten, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    ours, theirs = contexts
    shorten("MAX_CONNECTIONS", 3)
    async with serving(tls=ours) as visitor, visitor.call() as one, visitor.call() as two, visitor.call():
        async with visitor.call() as fourth:
            assert await fourth.rest() == b""
        one.say(b"this is no handshake")
        two.say(b"nor is this")
        await asyncio.gather(one.rest(), two.rest())
        assert await is_answered(visitor, theirs)


async def test_a_second_request_that_is_never_finished_is_cut_off(shorten: Shorten) -> None:
    shorten("IDLE_FOR", 0.3)
    async with serving() as visitor, visitor.call() as line:
        line.say(GET)
        assert await line.answer() == b"healthy\n"
        assert await drip(line) == b""


async def test_a_connection_that_has_spoken_may_wait_for_longer_than_for_its_first_word(shorten: Shorten) -> None:
    shorten("FIRST_WORD_WITHIN", 0.1)
    async with serving() as visitor, visitor.call() as kept, visitor.call() as silent:
        kept.say(GET)
        await kept.answer()
        await silent.rest()  # its time is over, and so would be that of the other one
        kept.say(GET)
        assert await kept.answer() == b"healthy\n"


async def test_a_hundred_scrapes_come_over_one_connection(shorten: Shorten) -> None:
    shorten("MAX_CONNECTIONS", 1)
    async with serving() as visitor, visitor.call() as line:
        for _ in range(100):
            line.say(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await line.answer()).endswith(b"\n")


async def test_requests_that_come_all_at_once_are_answered_in_their_order() -> None:
    async with serving() as visitor, visitor.call() as line:
        line.say(GET + b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        answers = [await line.answer() for _ in range(4)]
    assert [answers[0], answers[2], answers[3]] == [b"healthy\n", b"404: Not Found", b"healthy\n"]
    assert answers[1].startswith(b"# HELP ")


async def test_one_too_many_is_turned_away_while_the_others_go_on_and_room_comes_back(shorten: Shorten) -> None:
    shorten("MAX_CONNECTIONS", 3)
    async with serving() as visitor, AsyncExitStack() as leaving:
        lines = [await leaving.enter_async_context(visitor.call()) for _ in range(3)]
        for line in lines:
            line.say(GET)
            assert await line.answer() == b"healthy\n"
        assert await visitor.say(GET) == b""
        for line in lines:
            line.say(GET)
            assert await line.answer() == b"healthy\n"
        lines[1].writer.transport.abort()
        await until_answered(visitor)


async def test_of_a_crowd_that_comes_at_the_same_moment_no_more_are_let_in_than_there_is_room_for(shorten: Shorten) -> None:
    shorten("MAX_CONNECTIONS", 10)
    async with serving() as visitor, AsyncExitStack() as leaving:
        crowd = [socket.create_connection((str(visitor.address.host), visitor.address.port)) for _ in range(60)]  # one turn for the server
        lines = []
        for each in crowd:
            each.setblocking(False)  # noqa: FBT003 -- the method's own argument
            lines.append(Line(*await asyncio.open_connection(sock=each)))
            leaving.callback(lines[-1].writer.transport.abort)
        answers = [await heard(line) for line in lines]
    assert answers == [b"healthy\n"] * 10 + [b""] * 50


async def heard(line: Line) -> bytes:
    try:
        line.say(GET)
        return await line.answer()
    except (ConnectionError, asyncio.IncompleteReadError):
        return b""


@asynccontextmanager
async def library(send_buffer: int = 0) -> AsyncIterator[Visitor]:
    """A server of this kind with texts of any length: `/big/1000` is one of a thousand bytes."""

    async def big(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * int(request.match_info["size"]))

    async def healthy(_request: web.Request) -> web.Response:
        return web.Response(text="healthy\n")

    application = web.Application()
    application.add_routes([web.get("/big/{size}", big), web.get("/-/healthy", healthy)])
    bound = socket.create_server((str(LOOPBACK.host), 0))
    if send_buffer:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    async with Server(application, [bound]) as running, aiohttp.ClientSession() as session:
        yield Visitor(running.addresses[0], session, running)


async def test_clients_that_do_not_read_are_hung_up_on_while_scrapes_go_on(shorten: Shorten) -> None:
    shorten("TAKEN_WITHIN", 0.5)
    shorten("MAX_CONNECTIONS", 21)
    async with library() as visitor, AsyncExitStack() as leaving:
        for _ in range(20):
            await leaving.enter_async_context(deaf(*visitor.address, "/big/20000000"))
        assert await is_answered(visitor)
        async with asyncio.timeout(PATIENCE), visitor.call(), visitor.call():  # with the deaf ones there would be no room
            await until_answered(visitor)


@pytest.mark.parametrize("size", [0, 20_000, 40_000, 60_000, 80_000, 200_000])
async def test_a_rest_that_nobody_reads_does_not_hold_the_connection(shorten: Shorten, size: int) -> None:
    """Whether the kernel takes the answer, or this process keeps some of it."""
    shorten("TAKEN_WITHIN", 0.1)
    shorten("IDLE_FOR", 0.1)
    shorten("MAX_CONNECTIONS", 1)
    async with library(send_buffer=4096) as visitor, deaf(*visitor.address, f"/big/{size}"):
        await until_answered(visitor)


async def test_refusals_that_nobody_reads_do_not_hold_the_connection(shorten: Shorten) -> None:
    shorten("TAKEN_WITHIN", 0.1)
    shorten("MAX_CONNECTIONS", 1)
    async with library(send_buffer=4096) as visitor, deaf(*visitor.address, *["/nothing"] * 3000):
        await until_answered(visitor)


async def test_a_slow_reader_gets_the_whole_answer() -> None:
    async with library() as visitor, visitor.call(limit=1024) as line:
        line.say(b"GET /big/8000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await is_answered(visitor)
        assert len(await line.answer()) == 8_000_000


async def test_who_hangs_up_in_the_middle_of_an_answer_leaves_no_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with library() as visitor:
        for _ in range(3):
            async with visitor.call(limit=1024) as line:
                line.say(b"GET /big/20000000 HTTP/1.1\r\nHost: x\r\n\r\n")
                await line.reader.readexactly(1024)
        assert await is_answered(visitor)
    assert caplog.records == []
