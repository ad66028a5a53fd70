"""Accepts connections on listening sockets, with or without TLS, and bounds how many are open."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from functools import partial
from typing import NoReturn, Self

import structlog
from aiohttp import web

from exporter.log import Reminder
from exporter.web.address import Address
from exporter.web.connection import Connection, Observer, without_expectation
from exporter.web.limits import Limits
from exporter.web.web_config.web_config import WebConfig

SHUTDOWN_TIMEOUT = 0.5
"""How long responses in progress may take during the shutdown, in seconds. aiohttp waits twice: before it cancels them and after."""
ACCEPT_RETRY = 1.0
"""How long to wait when the process has no file descriptor left, in seconds."""

log = structlog.get_logger()


class Server:
    """Serves an application while its context lasts, and closes the sockets at its end."""

    def __init__(
        self, application: web.Application, sockets: Iterable[socket.socket], config: WebConfig | None = None, limits: Limits | None = None
    ) -> None:
        """`sockets` listen already. `config` contains TLS and the headers of every response."""
        self._runner = web.AppRunner(application, shutdown_timeout=SHUTDOWN_TIMEOUT)
        self._sockets = tuple(sockets)
        self._config = config or WebConfig()
        self._limits = limits or Limits()
        self._observer = Observer(lambda: self._config.headers, self._forget)
        self._connections: dict[Connection, asyncio.Task[bool]] = {}
        self._acceptors: list[asyncio.Task[NoReturn]] = []
        self._reminder = Reminder()

    @property
    def addresses(self) -> list[Address]:
        """Where it listens, with the ports that the system chose for 0."""
        return [Address(*each.getsockname()[:2]) for each in self._sockets]

    def apply(self, config: WebConfig) -> None:
        """Use another configuration from now on.

        A connection that was made under another TLS configuration is closed: after its next response if only the certificate
        has changed, else immediately or after the response in progress.
        """
        former, self._config = self._config.tls, config
        for connection, opening in list(self._connections.items()):
            if (former and former.policy) != (config.tls and config.tls.policy):
                opening.cancel()
                connection.retire()
            elif former != config.tls:
                connection.is_outdated = True

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        if server := self._runner.server:
            server.request_factory = without_expectation(server.request_factory)
        for each in self._sockets:
            each.setblocking(False)  # noqa: FBT003 -- the method's own argument
            self._acceptors.append(asyncio.create_task(self._accept(each), name="accept"))
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [*self._acceptors, *self._connections.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in self._sockets:
            each.close()
        await self._runner.cleanup()

    async def _accept(self, listener: socket.socket) -> NoReturn:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listener)
            except ConnectionError:
                continue  # the client has left
            except OSError as error:
                if self._reminder.is_due(None, str(error.strerror), loop.time()):
                    log.warning("accept failed", error=error.strerror)
                await asyncio.sleep(ACCEPT_RETRY)
                continue
            self._reminder.forget(None)
            self._admit(accepted)
            await asyncio.sleep(0)  # accepting does not wait while clients queue

    def _admit(self, accepted: socket.socket) -> None:
        if self._runner.server is None or (len(self._connections) >= self._limits.max_connections and not self._close_longest_idle()):
            accepted.close()
            return
        connection = Connection(self._runner.server, self._limits, self._observer)
        opening = asyncio.create_task(self._open(connection, accepted), name="open connection")
        self._connections[connection] = opening
        opening.add_done_callback(partial(self._opened, connection, accepted))

    async def _open(self, connection: Connection, accepted: socket.socket) -> bool:
        tls = self._config.tls
        timeout = self._limits.handshake_timeout if tls else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=tls.context if tls else None,
                ssl_handshake_timeout=timeout,
                ssl_shutdown_timeout=timeout,
            )
        except OSError:
            return False  # the TLS handshake has failed, or the client has left
        return True

    def _opened(self, connection: Connection, accepted: socket.socket, opening: asyncio.Task[bool]) -> None:
        if not opening.cancelled() and (error := opening.exception()) is not None:
            log.error("connection failed", error=type(error).__name__)
        elif not opening.cancelled() and opening.result():
            return
        accepted.close()
        self._forget(connection)

    def _close_longest_idle(self) -> bool:
        """Make room for a new connection. Return False if every connection is in the middle of a response."""
        idle = [connection for connection in self._connections if not connection.is_busy]
        if not idle:
            return False
        connection = min(idle, key=lambda each: each.idle_since)
        self._connections.pop(connection).cancel()
        connection.abort()
        return True

    def _forget(self, connection: Connection) -> None:
        self._connections.pop(connection, None)
