"""One HTTP connection: its timeouts, the size of its requests, and the delivery of every response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from aiohttp import hdrs, web
from aiohttp.http import RawRequestMessage
from aiohttp.typedefs import Handler

from exporter.web.limits import Limits

SERVER_HEADERS: Final = {hdrs.SERVER: "ai-account-exporter", "X-Content-Type-Options": "nosniff"}
"""In every response. aiohttp's own Server header contains the versions of Python and aiohttp."""
_BAD_REQUEST: Final = "bad request: malformed, or its headers are too large\n"
_BLANK_LINE: Final = b"\r\n\r\n"


class Observer(NamedTuple):
    """What a connection needs from its server."""

    headers: Callable[[], Mapping[str, str]]
    """The headers of every response."""
    closed: Callable[[Connection], None]


class Connection(web.RequestHandler):
    """aiohttp's protocol with limits. Every response passes through `finish_response`, including aiohttp's own responses."""

    def __init__(self, server: web.Server, limits: Limits, observer: Observer) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own runner passes None for no access log
            keepalive_timeout=limits.idle_timeout,
            max_field_size=limits.max_header_bytes,
            lingering_time=1.0,
            auto_decompress=False,  # no handler reads a body
        )
        self._limits = limits
        self._observer = observer
        self._unfinished = 0
        self._last_bytes = b""
        self._has_unread_body = False
        self._is_half_closed = False
        self._read_header_timer: asyncio.TimerHandle | None = None
        self.idle_since = asyncio.get_running_loop().time()
        self.is_busy = False
        """Whether a request is being handled, or its response is being sent."""
        self.is_outdated = False
        """Whether to close after the next response, because the TLS configuration has changed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the timeout of the first request."""
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self._read_header_timer = loop.call_later(self._limits.read_header_timeout, self.force_close)
        if self.transport:
            # Wait until the kernel has the whole response: an unread remainder would keep the connection open.
            self.transport.set_write_buffer_limits(high=1, low=0)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Report to the server that the connection is closed."""
        super().connection_lost(exc)
        self._cancel_timer()
        self._observer.closed(self)

    def data_received(self, data: bytes) -> None:
        """Bound the bytes since the last blank line. That covers headers, trailers and bodies, which no request here needs."""
        received = self._last_bytes + data
        end = received.rfind(_BLANK_LINE)
        self._unfinished = self._unfinished + len(data) if end < 0 else len(received) - end - len(_BLANK_LINE)
        self._last_bytes = received[-3:]
        if self._unfinished <= self._limits.max_header_bytes:
            super().data_received(data)
        elif self.is_busy or self._has_unread_body:
            self.close()
        elif self.transport:
            self.transport.write(self._raw_bad_request())
            self.force_close()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio keeps a connection open if it is true; aiohttp's is never
        """Respond to a client that has sent its requests and sends no more, as `socat` and `nc -N` do, before the connection is closed."""
        is_responding = self._messages or (self._request_count and self._waiter is None)
        if is_responding and self.transport and not self.transport.get_extra_info("sslcontext"):  # TLS is always closed as a whole
            self._is_half_closed = True
        return self._is_half_closed

    def begin(self) -> None:
        """Note that a complete request has arrived."""
        self._cancel_timer()
        self.is_busy = True

    def abort(self) -> None:
        """Close immediately, even if data is still to be sent."""
        if self.transport:
            self.transport.abort()

    def retire(self) -> None:
        """Close now, or after the response in progress."""
        self.is_outdated = True
        if self.is_busy:
            self.close()
        else:
            self.force_close()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response; abort if the client does not read it in time."""
        self.begin()
        resp.headers.update(SERVER_HEADERS)
        resp.headers.update(self._observer.headers())
        if self.is_outdated or (self._is_half_closed and not self._messages):
            resp.force_close()
        try:
            async with asyncio.timeout(self._limits.write_timeout):
                finished = await super().finish_response(request, resp, start_time)
                await request.writer.drain()
                return finished
        except TimeoutError:
            self.abort()
            return resp, True
        finally:
            self.idle_since, self.is_busy = asyncio.get_running_loop().time(), False
            self._has_unread_body = not request.content.is_eof()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Respond to a request that is not HTTP, or whose handler has failed, without repeating what was sent."""
        if status == HTTPStatus.BAD_REQUEST:
            response = web.Response(status=status, text=_BAD_REQUEST)
        else:
            super().handle_error(request, status, exc, message)  # logs it
            response = web.Response(status=status, text=f"{HTTPStatus(status).phrase.lower()}\n")
        response.force_close()
        return response

    def _raw_bad_request(self) -> bytes:
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": len(_BAD_REQUEST), "Connection": "close"}
        lines = [f"{name}: {value}" for name, value in {**headers, **SERVER_HEADERS, **self._observer.headers()}.items()]
        return "\r\n".join(("HTTP/1.1 400 Bad Request", *lines, "", _BAD_REQUEST)).encode()

    def _cancel_timer(self) -> None:
        if self._read_header_timer:
            self._read_header_timer.cancel()
            self._read_header_timer = None


def without_expectation(make: Callable[..., web.BaseRequest]) -> Callable[..., web.BaseRequest]:
    """Return a factory of requests without the header `Expect`.

    aiohttp would respond to it before the access control, and with status 500 to bytes that are not text. No handler reads the body that it is
    about.
    """

    def make_request(message: RawRequestMessage, *rest: Any) -> web.BaseRequest:
        if hdrs.EXPECT in message.headers:
            headers = message.headers.copy()
            headers.popall(hdrs.EXPECT)
            message = message._replace(headers=type(message.headers)(headers))
        return make(message, *rest)

    return make_request


@web.middleware
async def note_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Mark the connection as busy, so it is not closed as idle."""
    if isinstance(connection := request.protocol, Connection):
        connection.begin()
    return await handler(request)
