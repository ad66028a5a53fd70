"""A real server on loopback, and a real client."""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from aiohttp import web

from exporter.accounts.store import Store
from exporter.metrics.exposition import Exposition
from exporter.web.address import Address
from exporter.web.connection import note_request
from exporter.web.endpoints import Endpoints, make_application
from exporter.web.limits import Limits
from exporter.web.server import Server
from exporter.web.sockets import bind
from exporter.web.web_config.access import AccessControl
from exporter.web.web_config.web_config import WebConfig
from tests.metrics.showcase import BUILD, showcase
from tests.support import PATIENCE

LOOPBACK = Address("127.0.0.1", 0)
GET: Final = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass(frozen=True, slots=True)
class RawConnection:
    """An open connection that sends and reads bytes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, text: bytes) -> None:
        """Send bytes without waiting."""
        self.writer.write(text)

    async def answer(self) -> bytes:
        """Read one answer and return its body."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            return await self.reader.readexactly(int(length))

    async def rest(self) -> bytes:
        """Read until the server closes the connection, with or without an error."""
        received = b""
        async with asyncio.timeout(PATIENCE):
            try:
                while piece := await self.reader.read(65_536):
                    received += piece
            except ConnectionError:
                pass
        return received


@dataclass(frozen=True, slots=True)
class Client:
    address: Address
    session: aiohttp.ClientSession
    server: Server
    access: AccessControl

    @asynccontextmanager
    async def ask(self, path: str, method: str = "GET", **headers: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request without the client's own headers; the body stays compressed."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, f"http://{self.address}{path}", headers=names) as response:
            yield response

    @asynccontextmanager
    async def connect(self, tls: ssl.SSLContext | None = None, limit: int = 65_536) -> AsyncIterator[RawConnection]:
        """Open a connection that reads ahead at most twice the limit."""
        reader, writer = await asyncio.open_connection(self.address.host, self.address.port, ssl=tls, limit=limit)
        try:
            yield RawConnection(reader, writer)
        finally:
            writer.transport.abort()

    async def send(self, request: bytes) -> bytes:
        """Send bytes as they are, and read until the server closes the connection."""
        async with self.connect() as connection:
            connection.send(request)
            return await connection.rest()


@asynccontextmanager
async def unread(host: str | None, port: int, *paths: str) -> AsyncIterator[None]:
    """A client that never reads its answers and has a small receive buffer; its first answer has begun."""
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect((host, port))
        raw.sendall(b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode() for path in paths))
        await asyncio.to_thread(raw.recv, 1, socket.MSG_PEEK)
        yield


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Use up all file descriptors of this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def is_healthy(address: Address | str) -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"http://{address}/-/healthy") as response:
        return response.status == 200


def endpoints(store: Store | None = None, telemetry_path: str = "/metrics", **more: Any) -> Endpoints:
    exposition = Exposition(BUILD, runtime=False)
    return Endpoints(store or showcase(), exposition, BUILD[0], telemetry_path, **more)


@asynccontextmanager
async def serving(served: Endpoints | None = None, config: WebConfig | None = None, limits: Limits | None = None) -> AsyncIterator[Client]:
    """Serve on loopback with this web configuration."""
    with closing(AccessControl(config or WebConfig())) as access:
        application = make_application(served or endpoints(), access)
        async with (
            Server(application, await bind([LOOPBACK]), config, limits) as server,
            aiohttp.ClientSession(skip_auto_headers=("Accept", "Accept-Encoding"), auto_decompress=False) as session,
        ):
            yield Client(server.addresses[0], session, server, access)


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
