"""Listens for requests, with or without TLS, and changes from one certificate to the next without closing its door."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Self

from aiohttp import web

from exporter.web.address import Address
from exporter.web.connections import IDLE_FOR, SHAKEN_WITHIN, Connections
from exporter.web.sockets import unheard

SHUTDOWN_TIMEOUT = 1.0
"""How long open connections may finish, in seconds."""


class Server:
    """Listens on sockets as long as its context lasts, and closes them at its end."""

    def __init__(self, application: web.Application, sockets: Iterable[socket.socket], tls: ssl.SSLContext | None = None) -> None:
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT, keepalive_timeout=IDLE_FOR)
        self._sockets = tuple(sockets)
        self._tls = tls
        self._sites: list[_Site] = []
        self._connections = Connections(self._new_protocol)
        application.middlewares.insert(0, self._connections.middleware)

    @property
    def addresses(self) -> list[Address]:
        """Where it really listens: the ports that the system chose in place of 0."""
        return [Address(*each.getsockname()[:2]) for each in self._sockets]

    async def use(self, tls: ssl.SSLContext | None) -> None:
        """Serve new connections with other certificates, or without; those that are open go on as they are.

        Raises:
            ExporterError: that is not possible; all goes on as it was.
        """
        former, self._sites = self._sites, await self._listen(tls)
        for site in former:
            await site.stop()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self._close)
            await self._runner.setup()
            self._sites = await self._listen(self._tls)
            undo.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _close(self) -> None:
        await self._runner.cleanup()
        for each in self._sockets:
            each.close()

    async def _listen(self, tls: ssl.SSLContext | None) -> list[_Site]:
        sites: list[_Site] = []
        async with AsyncExitStack() as undo:
            for each, address in zip(self._sockets, self.addresses, strict=True):
                try:
                    site = _Site(self._runner, self._connections, each, tls)
                    undo.push_async_callback(site.stop)
                    await site.start()
                except OSError as error:
                    raise unheard(address, error) from None
                sites.append(site)
            undo.pop_all()
        return sites

    def _new_protocol(self) -> web.RequestHandler:
        if self._runner.server is None:
            raise RuntimeError("connections come while the server runs")
        return self._runner.server()


class _Site(web.BaseSite):
    """One socket under aiohttp's care, with this server's own protocol and patience."""

    def __init__(self, runner: web.AppRunner, connections: Connections, bound: socket.socket, tls: ssl.SSLContext | None) -> None:
        super().__init__(runner, ssl_context=tls)
        self._connections = connections
        self._door = connections.door(bound)

    @property
    def name(self) -> str:
        """Where it listens."""
        return str(self._door.getsockname())

    async def start(self) -> None:
        """Begin to serve."""
        await super().start()
        patience = SHAKEN_WITHIN if self._ssl_context else None
        self._server = await asyncio.get_running_loop().create_server(
            self._connections,
            sock=self._door,
            ssl=self._ssl_context,
            backlog=self._backlog,
            ssl_handshake_timeout=patience,
            ssl_shutdown_timeout=patience,
        )

    async def stop(self) -> None:
        """Let nobody in any more; who is in already stays."""
        if self._server:
            # asyncio drops those that it has accepted in this very turn: let none come in, and wait for the next turn.
            asyncio.get_running_loop().remove_reader(self._door)
            await asyncio.sleep(0)
        await super().stop()
        self._door.close()
