"""A real server on loopback, and a real client."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from exporter.accounts.store import Store
from exporter.metrics.exposition import Exposition
from exporter.web.address import Address
from exporter.web.server import Server
from exporter.web.site import Site, make_application
from exporter.web.sockets import bind
from exporter.web.web_config.gate import Gate
from tests.metrics.showcase import BUILD, showcase
from tests.support import PATIENCE

LOOPBACK = Address("127.0.0.1", 0)


@dataclass(frozen=True, slots=True)
class Line:
    """An open connection, byte by byte."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, text: bytes) -> None:
        """Send bytes, as many as the other side takes."""
        self.writer.write(text)

    async def answer(self) -> bytes:
        """Read one answer whole; its body."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            return await self.reader.readexactly(int(length))

    async def rest(self) -> bytes:
        """Read until the server hangs up, politely or not."""
        heard = b""
        async with asyncio.timeout(PATIENCE):
            try:
                while piece := await self.reader.read(65_536):
                    heard += piece
            except ConnectionError:
                pass
        return heard


@dataclass(frozen=True, slots=True)
class Visitor:
    """Someone who asks the server."""

    address: Address
    session: aiohttp.ClientSession
    server: Server

    @asynccontextmanager
    async def ask(self, path: str, method: str = "GET", **headers: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask as it is written: no header of the client's own, nothing unpacked."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, f"http://{self.address}{path}", headers=names) as response:
            yield response

    @asynccontextmanager
    async def call(self, tls: ssl.SSLContext | None = None, limit: int = 65_536) -> AsyncIterator[Line]:
        """Open a connection of its own; it reads ahead no more than twice the limit."""
        reader, writer = await asyncio.open_connection(self.address.host, self.address.port, ssl=tls, limit=limit)
        try:
            yield Line(reader, writer)
        finally:
            writer.transport.abort()

    async def say(self, request: bytes) -> bytes:
        """Send bytes that no client would send, and read until the server hangs up."""
        async with self.call() as line:
            line.say(request)
            return await line.rest()


@asynccontextmanager
async def deaf(host: str | None, port: int, *paths: str) -> AsyncIterator[None]:
    """One who asks, never reads, and takes next to nothing in; its first answer has begun."""
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect((host, port))
        raw.sendall(b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode() for path in paths))
        await asyncio.to_thread(raw.recv, 1, socket.MSG_PEEK)
        yield


def site(store: Store | None = None, telemetry_path: str = "/metrics", **more: Any) -> Site:
    exposition = Exposition(BUILD, runtime=False)
    return Site(store or showcase(), exposition, BUILD[0], telemetry_path, **more)


@asynccontextmanager
async def serving(served: Site | None = None, gate: Gate | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Visitor]:
    """Serve on loopback, over TLS where a context or the gate's configuration says so."""
    context = tls or (gate.config.ssl_context() if gate else None)
    async with (
        Server(make_application(served or site(), gate), await bind([LOOPBACK]), context) as server,
        aiohttp.ClientSession(skip_auto_headers=("Accept", "Accept-Encoding"), auto_decompress=False) as session,
    ):
        yield Visitor(server.addresses[0], session, server)
