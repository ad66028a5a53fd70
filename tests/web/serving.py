"""A real server on loopback, and a real client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from exporter.metrics.exposition import Exposition
from exporter.store import Store
from exporter.web.address import Address
from exporter.web.server import Server, Site, make_application
from tests.metrics.showcase import BUILD, NOW, showcase

LOOPBACK = Address("127.0.0.1", 0)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Someone who asks the server."""

    address: Address
    session: aiohttp.ClientSession

    @asynccontextmanager
    async def ask(self, path: str, method: str = "GET", **headers: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask as it is written: no header of the client's own, nothing unpacked."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, f"http://{self.address}{path}", headers=names) as response:
            yield response

    async def say(self, request: bytes) -> bytes:
        """Send bytes that no client would send, and read until the server hangs up."""
        reader, writer = await asyncio.open_connection(self.address.host, self.address.port)
        try:
            writer.write(request)
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()
            await writer.wait_closed()


def site(store: Store | None = None, telemetry_path: str = "/metrics") -> Site:
    exposition = Exposition(lambda: NOW, BUILD, runtime=False)
    return Site(store or showcase(), exposition, BUILD[0], telemetry_path)


@asynccontextmanager
async def serving(served: Site | None = None) -> AsyncIterator[Visitor]:
    async with (
        Server(make_application(served or site()), [LOOPBACK]) as server,
        aiohttp.ClientSession(skip_auto_headers=("Accept", "Accept-Encoding"), auto_decompress=False) as session,
    ):
        yield Visitor(server.addresses[0], session)
