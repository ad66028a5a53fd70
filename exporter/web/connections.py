"""Connections that do no harm: those that say nothing, those that do not listen, and too many of them."""

from __future__ import annotations

import asyncio
import socket
import weakref
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

MAX_CONNECTIONS = 512
"""At once; more are turned away, so that polls never lack a descriptor."""
SHAKEN_WITHIN = 5.0
"""How long a TLS handshake may take, and how long the farewell, in seconds: less than what follows, which begins with the handshake."""
FIRST_WORD_WITHIN = 10.0
"""How long a connection may take to its first whole request, its TLS handshake included, in seconds."""
IDLE_FOR = 150.0
"""How long it may then wait for the next one: longer than the two minutes that scrapes are apart at most."""
TAKEN_WITHIN = 30.0
"""How long a client may take to read its answer, in seconds."""


class Connections:
    """Makes the protocol of each connection that comes in; to be given to `create_server`, with the sockets that it makes."""

    def __init__(self, make: Callable[[], web.RequestHandler]) -> None:
        """`make` makes aiohttp's protocol."""
        self._make = make
        self._inside: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._silent: dict[object, asyncio.TimerHandle] = {}

    def door(self, bound: socket.socket) -> socket.socket:
        """A duplicate of a socket to listen on, through which nobody comes beyond the number of those that may be here."""
        return _Door(bound, self._inside)

    def __call__(self) -> web.RequestHandler:
        """Admit a connection, for a while."""
        protocol = self._make()
        self._silent[protocol] = asyncio.get_running_loop().call_later(FIRST_WORD_WITHIN, self._close_silent, protocol)
        return protocol

    def _close_silent(self, protocol: web.RequestHandler) -> None:
        if self._silent.pop(protocol, None):
            protocol.force_close()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note that a connection has spoken, and see to it that it takes its answer."""
        if timer := self._silent.pop(request.protocol, None):
            timer.cancel()
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            await deliver(request, refusal)
            raise
        await deliver(request, response)
        return response


async def deliver(request: web.Request, response: web.StreamResponse) -> None:
    """Send an answer, and hang up on a client that does not take it in time. Nothing is sent twice."""
    if request.transport:
        # Wait until nothing is left in this process: a connection with a rest that nobody reads could not be closed later.
        request.transport.set_write_buffer_limits(high=1, low=0)
    try:
        async with asyncio.timeout(TAKEN_WITHIN):
            await response.prepare(request)
            await response.write_eof()
    except TimeoutError:
        if request.transport:
            request.transport.abort()
    except ConnectionError:
        pass  # the client has hung up: aiohttp finds that too, and takes it for a defect only where a handler says so


class _Door(socket.socket):
    """A listening socket that counts: sockets are closed at the end of every connection, also of one whose handshake fails."""

    def __init__(self, bound: socket.socket, inside: weakref.WeakSet[socket.socket]) -> None:
        super().__init__(fileno=bound.dup().detach())
        self._inside = inside

    def accept(self) -> tuple[socket.socket, Any]:
        connection, peer = super().accept()
        if sum(each.fileno() >= 0 for each in self._inside) >= MAX_CONNECTIONS:
            connection.close()
            raise ConnectionAbortedError("too many connections")  # for the event loop, a client that has left already
        self._inside.add(connection)
        return connection, peer
