"""A loopback server of which every connection can be dropped at once."""

from __future__ import annotations

import ssl
from typing import Final, Self

from aiohttp import web

HOST: Final = "127.0.0.1"
SHUTDOWN_TIMEOUT: Final = 2.0  # 0 would mean: wait for ever


class Listener:
    """Answers by `handle`, which its kinds define."""

    path = ""
    """What the URL ends with."""

    def __init__(self) -> None:
        self._web: web.Server | None = None
        self._runner: web.ServerRunner | None = None
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
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
        """Drop every connection, whatever is under way on it, and listen no more."""
        if self._web is None or self._runner is None:
            return
        for connection in self._web.connections:
            if connection.transport is not None:
                connection.transport.abort()
        await self._runner.cleanup()
        self._web = self._runner = None

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._web.connections) if self._web else 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
