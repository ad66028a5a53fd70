"""Connections to vendors. They are reused only if nothing except the responses to our requests has arrived on them."""

from __future__ import annotations

import asyncio
import select
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http_exceptions import LineTooLong

MAX_HEADER_LINE: Final = 102_400
MAX_HEADERS: Final = 5_000
MAX_HEADER_BYTES: Final = 307_200
"""The limits of curl: of one line, of the number of headers, and of all headers together."""

_END: Final = getattr(select, "POLLRDHUP", 0)
_TCP_INFO_BYTES: Final = 136
"""Linux's struct tcp_info up to its member tcpi_bytes_received, of eight bytes."""


class HeadersTooLargeError(aiohttp.ClientError):
    """The headers of a response exceed a limit."""


class GuardedProtocol(ResponseHandler):
    """One connection. It closes itself when anything arrives that does not belong to the response to its request.

    A server may send an unsolicited response, such as a 408 on an idle connection. aiohttp takes it as the response to the next
    request, which may be another account's (https://github.com/aio-libs/aiohttp/issues/13656). Each step below errs on the side of closing:
    where aiohttp stops calling one of these methods, connections are no longer reused.
    """

    is_used = False
    """Whether a request was sent on it."""
    on_unsolicited: Callable[[], None] = staticmethod(lambda: None)
    """Called when something unsolicited arrives."""
    _response_body: aiohttp.StreamReader | None = None
    """The body of the final (not 1xx) response to the current request."""
    _received_at_completion = 0
    _head_bytes = 0
    """What has arrived since the request, until its response's headers are complete."""

    @property
    def _is_complete(self) -> bool:
        """Whether the response to the current request has arrived completely."""
        return self._response_body is not None and self._response_body.is_eof()

    def set_response_params(self, **params: Any) -> None:
        """Prepare for a response; aiohttp calls this before each request, and does not pass the session's limits for a proxy's response."""
        super().set_response_params(
            **{**params, "max_line_size": MAX_HEADER_LINE, "max_field_size": MAX_HEADER_LINE, "max_headers": MAX_HEADERS}
        )

    def start_timeout(self) -> None:
        """Expect a response; aiohttp calls this when the request is written."""
        self._response_body, self._head_bytes = None, 0
        super().start_timeout()

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Note the body of a response whose headers are complete."""
        message, body = data
        if message.code >= 200 or message.code == 101:
            self._response_body = body
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Parse all but the last byte first: if the response is complete before the last byte, that byte is unsolicited.

        This holds for every way of framing a body. `data` is empty where aiohttp resumes what it stopped parsing when its buffer was full:
        what follows a response that ends there is unknown, so the connection is not used again.
        """
        if not data:
            was_complete = self._is_complete
            super().data_received(data)
            if self._is_complete and not was_complete:
                self.force_close()
        for part in (data[:-1], data[-1:]):
            if part and self.exception() is None:
                self._parse(part)

    def _parse(self, data: bytes) -> None:
        if self._is_complete:
            self.on_unsolicited()
            self._refuse()
            return
        super().data_received(data)
        if self._is_complete and self.transport is not None:
            self._received_at_completion = _received(self.transport)
        if self._response_body is None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEADER_BYTES:
                self.set_exception(HeadersTooLargeError())
                self._refuse()

    def _refuse(self) -> None:
        self.force_close()
        if self.transport is not None:
            self.transport.abort()  # TLS would wait for the server to confirm the end

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Distinguish headers that are too large from other errors of the parser."""
        too_large = any(isinstance(each, LineTooLong) or "Too many headers" in str(each) for each in cause)
        super().set_exception(HeadersTooLargeError() if too_large else exc, *cause)

    def can_be_used(self) -> bool:
        """Whether a request may be sent: on a new connection, or if nothing has arrived after the last response."""
        return not self.is_used or (self._is_complete and not self.should_close and self.is_connected() and not self._has_unread())

    def _has_unread(self) -> bool:
        """Whether something has arrived that was not parsed yet: data or an end in the socket, or a part of a TLS record."""
        if self.transport is None:
            return True
        unread = select.poll()
        unread.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN | _END)
        is_plain = self.transport.get_extra_info("sslcontext") is None  # TLS also sends data that is not a response
        if (found := unread.poll(0)) and is_plain and not found[0][1] & (_END | select.POLLHUP):
            self.on_unsolicited()
        return bool(found) or _received(self.transport) != self._received_at_completion


def _received(transport: asyncio.Transport) -> int:
    """Return how many bytes the system has received on a TLS connection; 0 where that is unknown, and on others, which hold nothing back."""
    if transport.get_extra_info("sslcontext") is None or not hasattr(socket, "TCP_INFO"):
        return 0
    info = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    return int.from_bytes(info[_TCP_INFO_BYTES - 8 :], sys.byteorder)


class Connector(aiohttp.TCPConnector):
    """A pool of guarded connections."""

    def __init__(self, resolver: AbstractResolver, *, force_close: bool = False) -> None:
        # Ten seconds let polls of the same moment share a look-up, and show a changed address to the next poll. Failures are not kept.
        super().__init__(limit=0, resolver=resolver, ttl_dns_cache=10, force_close=force_close)
        self._factory = partial(GuardedProtocol, loop=self._loop)  # type: ignore[assignment]  # makes a subclass
        self._shared_resolver = resolver
        self._unreliable: set[ConnectionKey] = set()
        """Servers that sent an unsolicited response. The next one may arrive after a request was sent, and then looks like its response."""

    def unshared(self) -> Connector:
        """Return a pool that keeps no connection."""
        return Connector(self._shared_resolver, force_close=True)

    async def connect(self, req: ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout) -> Connection:  # noqa: ASYNC109 -- aiohttp's signature
        """Return a connection on which nothing unsolicited has arrived; for an unreliable server always a new one."""
        server = req.connection_key
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            if not isinstance(protocol, GuardedProtocol):  # another version of aiohttp: what is not guarded is used once
                _use_once(protocol)
                return connection
            is_unreliable = bool(self._unreliable) and server in self._unreliable
            if protocol.can_be_used() and not (protocol.is_used and is_unreliable):
                protocol.is_used, protocol.on_unsolicited = True, partial(self._unreliable.add, server)
                if is_unreliable:
                    _use_once(protocol)
                return connection
            protocol.abort()
            connection.close()


def _use_once(protocol: ResponseHandler | None) -> None:
    if protocol is not None:
        protocol.force_close()
