"""A loopback server that can drop all connections."""

from __future__ import annotations

import ssl
from typing import Final, Self

from aiohttp import web

HOST: Final = "127.0.0.1"
SHUTDOWN_TIMEOUT: Final = 2.0  # 0 means no limit


class Listener:
    """Responds with `handle`, which subclasses define."""

    path = ""
    """The path of the URL."""

    def __init__(self) -> None:
        self._web: web.Server | None = None
        self._runner: web.ServerRunner | None = None
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Respond to one request."""
        raise NotImplementedError

    async def start(self, port: int = 0, ssl_context: ssl.SSLContext | None = None) -> str:
        """Listen on loopback and return the URL; port 0 lets the system choose one."""
        self._web = web.Server(self.handle, handler_cancellation=True, access_log=None)  # a fault ends with its connection
        self._runner = web.ServerRunner(self._web, shutdown_timeout=SHUTDOWN_TIMEOUT)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, port, ssl_context=ssl_context).start()
        except OSError:
            await self.stop()
            raise
        self.url = f"{'https' if ssl_context else 'http'}://{HOST}:{self._runner.addresses[0][1]}{self.path}"
        return self.url

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        if self._web is None or self._runner is None:
            return
        for connection in self._web.connections:
            if connection.transport is not None:
                connection.transport.abort()
        await self._runner.cleanup()
        self._web = self._runner = None

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._web.connections) if self._web else 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
