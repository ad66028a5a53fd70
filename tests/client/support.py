"""Vendors, proxies and name servers on loopback."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from exporter.client.client import Client
from exporter.client.transport import open_session
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import Reading, Reason
from tests.support import CANARY, FakeClock

GOOD = b'{"code":1000,"data":{"credits_left":"7.5"},"message":"ok"}'


VENDOR = "vendor.test"


PASSWORD = "pass-canary-77"


@dataclass
class Relay:
    """A forward proxy that connects all tunnels to one port."""

    target: int
    login: str | None = None
    answer: bytes | None = b"HTTP/1.1 200 Connection established\r\n\r\n"
    port: int = 0
    heads: list[str] = field(default_factory=list)
    seen: bytearray = field(default_factory=bytearray)
    tasks: set[asyncio.Task[Any] | None] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())
        with suppress(ConnectionError):
            await self._answer(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        self.seen += head.encode()
        expected = f"Proxy-Authorization: Basic {base64.b64encode((self.login or '').encode()).decode()}\r\n"
        if self.login is not None and expected not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        elif self.answer is None:
            await reader.read()  # until the client closes
        else:
            writer.write(self.answer)
            if b" 200 " in self.answer:
                await self._tunnel(reader, writer)

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.target)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump(reader, inner_writer))
            group.create_task(self._pump(inner_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                self.seen += chunk
                writer.write(chunk)
        writer.close()


@asynccontextmanager
async def relay(target: int, **how: Any) -> AsyncIterator[Relay]:
    running = Relay(target, **how)
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        await asyncio.gather(*(task for task in running.tasks if task))


Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def answering(answer: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server on loopback that responds with `answer`; returns its URL."""
    runner = web.ServerRunner(web.Server(answer, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def vendor(tls: ssl.SSLContext | None = None, keys: list[str] | None = None) -> AsyncIterator[int]:
    """A vendor with one response; returns its port."""

    async def answer(request: web.BaseRequest) -> web.Response:
        if keys is not None:
            keys.append(request.headers["X-API-KEY"])
        return web.Response(body=GOOD)

    async with answering(answer, tls) as url:
        yield int(url.rpartition(":")[2])


@contextmanager
def silent(host: str = "127.0.0.1", *, accepts: bool = True) -> Iterator[int]:
    """A port that accepts connections and sends nothing, or that does not accept them."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
        listener.bind((host, 0))
        listener.listen(8 if accepts else 0)
        for _ in range(0 if accepts else 3):
            waiting = stack.enter_context(socket.socket(listener.family))
            waiting.setblocking(False)  # noqa: FBT003 -- the library's own signature
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def closed_port(host: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        free.bind((host, 0))
        return int(free.getsockname()[1])


class Directory(AbstractResolver):
    """A resolver with the given results; an error among them is raised."""

    def __init__(self, *turns: list[tuple[str, int]] | OSError) -> None:
        self.turns = list(turns)

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        if isinstance(turn, OSError):
            raise turn
        return [
            ResolveResult(hostname=host, host=address, port=there or port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
            for address, there in turn
        ]

    async def close(self) -> None:
        pass


def server_side(ca: trustme.CA, name: str = VENDOR, **certificate: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name, **certificate).configure_cert(context)
    return context


async def poll(job: Job, resolver: AbstractResolver | None = None, environ: dict[str, str] | None = None) -> Reading:
    async with open_session("test", resolver) as session:
        return await Client(session, environ or {}, FakeClock().clock).poll(job)


async def failure(job: Job, resolver: AbstractResolver | None = None, environ: dict[str, str] | None = None) -> tuple[Reason, str]:
    with pytest.raises(PollError) as caught:
        await poll(job, resolver, environ)
    assert CANARY not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    return caught.value.reason, str(caught.value)
