"""Slow, silent, malformed and too many connections: each ends in time, and other clients are served meanwhile."""

from __future__ import annotations

import asyncio
import io
import socket
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from resource import RLIM_INFINITY
from typing import Final

import aiohttp
import pytest
import trustme
from aiohttp import web

from exporter.log import configure_log
from exporter.web.connection import note_request
from exporter.web.limits import Limits, most_connections
from exporter.web.server import Server
from exporter.web.web_config.access import AccessControl
from exporter.web.web_config.web_config import ServerTls, WebConfig
from tests.accounts.support import Log
from tests.support import PATIENCE, pass_time
from tests.web.serving import LOOPBACK, Client, RawConnection, no_descriptors, serving, unread

GET: Final = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def tls() -> tuple[WebConfig, ssl.SSLContext]:
    """A server's configuration, and a client that trusts it."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return WebConfig(tls=ServerTls(server, "certificate", "policy")), client


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


async def is_answered(client: Client, tls: ssl.SSLContext | None = None) -> bool:
    """Whether a request on a new connection is answered."""
    try:
        async with client.connect(tls) as connection:
            connection.send(GET)
            return await connection.answer() == b"healthy\n"
    except (OSError, asyncio.IncompleteReadError):
        return False


async def until_answered(client: Client) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await is_answered(client):
            pass


async def answer_or_nothing(connection: RawConnection) -> bytes:
    """The answer to a request on an open connection; nothing if the server has closed it."""
    try:
        connection.send(GET)
        return await connection.answer()
    except (ConnectionError, asyncio.IncompleteReadError):
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


async def test_a_hundred_scrapes_use_one_connection() -> None:
    async with serving(limits=Limits(max_connections=1)) as client, client.connect() as connection:
        for _ in range(100):
            connection.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await connection.answer()).endswith(b"\n")


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving() as client, client.connect() as connection:
        connection.send(GET + b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        answers = [await connection.answer() for _ in range(4)]
    assert [answers[0], answers[2], answers[3]] == [b"healthy\n", b"404: Not Found", b"healthy\n"]
    assert answers[1].startswith(b"# HELP ")


@pytest.mark.parametrize("path", [b"/-/healthy", b"/metrics", b"/"])
async def test_a_client_that_sends_no_more_gets_its_responses(path: bytes) -> None:
    async with serving() as client, client.connect() as connection:
        connection.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path + GET)
        connection.writer.write_eof()
        assert await connection.answer()
        assert await connection.answer() == b"healthy\n"
        assert await connection.rest() == b""


@pytest.mark.parametrize("sent", [b"", b"GET /metrics HTTP/1.1\r\nHost:"], ids=["nothing", "half a request"])
async def test_a_client_that_sends_no_more_without_a_request_is_disconnected(sent: bytes) -> None:
    async with serving() as client, client.connect() as connection:
        connection.send(sent)
        connection.writer.write_eof()
        assert await connection.rest() == b""


async def test_a_client_that_sends_no_more_over_tls_is_disconnected(
    tls: tuple[WebConfig, ssl.SSLContext], caplog: pytest.LogCaptureFixture
) -> None:
    config, context = tls
    async with serving(config=config) as client:
        async with client.connect(context) as connection:
            connection.send(GET)
        assert await is_answered(client, context)
    assert caplog.records == []


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate", b"br", b"zstd", b"unknown"])
async def test_the_encoding_of_a_body_does_not_matter(encoding: bytes, caplog: pytest.LogCaptureFixture) -> None:
    request = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Encoding: %s\r\nContent-Length: 3\r\n\r\n" % encoding
    async with serving() as client, client.connect() as connection:
        connection.send(request + b"abc" + GET)
        assert [await connection.answer(), await connection.answer()] == [b"healthy\n", b"healthy\n"]
        connection.send(request)
        assert await connection.answer() == b"healthy\n"
        connection.send(b"abc" + GET)
        assert await connection.answer() == b"healthy\n"
    assert caplog.records == []


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


@asynccontextmanager
async def serving_texts(limits: Limits | None = None, send_buffer: int = 0) -> AsyncIterator[tuple[Client, asyncio.Barrier]]:
    """A server with texts of any length (`/big/1000`), and with `/slow`, which is answered after the barrier is passed twice."""
    barrier = asyncio.Barrier(3)

    async def big(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * int(request.match_info["size"]))

    async def slow(_request: web.Request) -> web.Response:
        await barrier.wait()
        await barrier.wait()
        return web.Response(text="slow\n")

    async def broken(_request: web.Request) -> web.Response:
        raise ZeroDivisionError

    async def healthy(_request: web.Request) -> web.Response:
        return web.Response(text="healthy\n")

    application = web.Application(middlewares=[note_request])
    application.add_routes(
        [web.get("/big/{size}", big), web.get("/slow", slow), web.get("/broken", broken), web.get("/-/healthy", healthy)]
    )
    bound = socket.create_server((str(LOOPBACK.host), 0))
    if send_buffer:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    async with Server(application, [bound], limits=limits) as running, aiohttp.ClientSession() as session:
        yield Client(running.addresses[0], session, running, AccessControl(WebConfig())), barrier


async def test_connections_in_the_middle_of_an_answer_stay_and_a_new_one_is_refused() -> None:
    async with serving_texts(Limits(max_connections=2)) as (client, barrier), client.connect() as one, client.connect() as two:
        for connection in (one, two):
            connection.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await barrier.wait()
        assert not await is_answered(client)
        await barrier.wait()
        assert [await one.answer(), await two.answer()] == [b"slow\n", b"slow\n"]


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


async def test_a_client_that_disconnects_during_an_answer_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with serving_texts() as (client, _):
        for _ in range(3):
            async with client.connect(limit=1024) as connection:
                connection.send(b"GET /big/20000000 HTTP/1.1\r\nHost: x\r\n\r\n")
                await connection.reader.readexactly(1024)
        assert await is_answered(client)
    assert caplog.records == []


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


HEADERS: Final = {"X-Frame-Options": "deny", "Strict-Transport-Security": "max-age=1"}
CANARY: Final = b"canary"


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"canary\r\n\r\n", id="not HTTP"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00canary\r\n\r\n", id="TLS"),
        pytest.param(b"CANARY / HTTP/1.1\r\nHost: x\r\n\r\n", id="unknown method"),
        pytest.param(b"GET /canary HTTP/9\r\nHost: x\r\n\r\n", id="unknown version"),
        pytest.param(b"GET /canary\x01 HTTP/1.1\r\nHost: x\r\n\r\n", id="control character"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\ncanary\r\n\r\n", id="header without colon"),
        pytest.param(b"GET / HTTP/1.1\r\ncanary: 1\r\n\r\n", id="no Host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: canary\r\n\r\n", id="bad length"),
        pytest.param(b"GET /" + b"canary" * 2_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", id="long request line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"canary" * 7_000 + b"\r\n\r\n", id="long header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"canary: 1\r\n" * 300 + b"\r\n", id="many headers"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"canary" * 1_000) for n in range(10)), id="too much"
        ),
    ],
)
async def test_a_bad_request_is_answered_without_repeating_it_and_with_all_headers(request_bytes: bytes) -> None:
    async with serving(config=WebConfig(headers=HEADERS)) as client:
        answer = await client.send(request_bytes)
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0].split()[1] == b"400"
    assert [line for line in lines if line.lower().startswith(b"server:")] == [b"Server: ai-account-exporter"]
    assert {f"{name}: {value}".encode() for name, value in HEADERS.items()} <= set(lines)
    assert body == b"bad request: malformed, or its headers are too large\n"
    for word in (CANARY, b"ython", b"aiohttp", b"HTTP/9"):
        assert word not in answer


async def test_a_bad_request_is_not_in_the_log() -> None:
    stream = io.StringIO()
    configure_log("debug", "logfmt", stream)
    async with serving() as client:
        assert (await client.send(b"canary\r\n\r\n")).startswith(b"HTTP/1.0 400")
    assert "canary" not in stream.getvalue()


async def test_a_failing_handler_gets_a_response_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    async with serving_texts() as (client, _), client.ask("/broken", Accept="text/html") as response:
        assert (response.status, await response.text()) == (500, "internal server error\n")
        assert response.headers["Server"] == "ai-account-exporter"
    assert len(caplog.records) == 1


@pytest.mark.parametrize("lines", [1, 2, 16])
async def test_sixteen_kilobytes_of_cookies_are_accepted(lines: int) -> None:
    cookies = "".join(f"Cookie: c{number}={'x' * (16_384 // lines)}\r\n" for number in range(lines))
    async with serving() as client, client.connect() as connection:
        for _ in range(2):
            connection.send(f"GET /-/healthy HTTP/1.1\r\nHost: x\r\n{cookies}\r\n".encode())
            assert await connection.answer() == b"healthy\n"


async def test_a_small_body_is_ignored_and_a_large_one_ends_the_connection() -> None:
    head = b"POST /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    async with serving() as client, client.connect() as connection:
        connection.send(head % 1_000 + b"x" * 1_000 + GET)
        assert await connection.answer() == b"405: Method Not Allowed"
        assert await connection.answer() == b"healthy\n"
        connection.send(head % 10_000_000)
        assert await connection.answer() == b"405: Method Not Allowed"
        connection.send(b"x" * 100_000)
        assert await connection.rest() == b""


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
