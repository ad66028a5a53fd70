"""The faults of an account: refusals with each vendor's own error body, and network faults, which are the same for all."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final, Literal, NoReturn

from aiohttp import web

MIB: Final = 1_048_576
BOMB_BYTES: Final = 64 * MIB
OVERSIZED_BYTES: Final = 8 * MIB
DRIP_PAUSE: Final = 0.05


class Fault(StrEnum):
    """A fault of an account."""

    BAD_KEY = "bad_key"
    """The vendor does not know the key."""
    NO_PERMISSION = "no_permission"
    """The key is valid but may not read the account."""
    RATE_LIMITED = "rate_limited"
    """Too many requests; HeyGen and LiveAvatar send Retry-After."""
    QUOTA_EXHAUSTED = "quota_exhausted"
    """Nothing is left; LiveAvatar reports a balance of zero."""
    SERVER_ERROR = "server_error"
    """HTTP 500 with the vendor's error object."""
    HTML = "html"
    """HTTP 502 with an HTML page, as a gateway sends it."""
    HTML_200 = "html_200"
    """HTTP 200 with an HTML page."""
    EMPTY = "empty"
    """HTTP 204 without a body."""
    NULL = "null"
    """HTTP 200 with the JSON `null`."""
    ARRAY = "array"
    """HTTP 200 with the JSON `[]`."""
    NOT_JSON = "not_json"
    """HTTP 200 with truncated JSON."""
    INVALID_UTF8 = "invalid_utf8"
    """HTTP 200 with JSON that is not UTF-8."""
    REDIRECT = "redirect"
    """HTTP 302 to another address."""
    HANG = "hang"
    """No response until the client disconnects or the server stops."""
    DRIP = "drip"
    """A response that is sent byte by byte and never ends."""
    RESET = "reset"
    """The connection is reset without a response."""
    TRUNCATED = "truncated"
    """The connection is closed before Content-Length is reached."""
    TRUNCATED_GZIP = "truncated_gzip"
    """A gzip body that is truncated; the HTTP response is complete."""
    BAD_GZIP = "bad_gzip"
    """A body with Content-Encoding gzip that is not gzip."""
    GZIP_BOMB = "gzip_bomb"
    """A small gzip body of 64 MiB when decompressed."""
    OVERSIZED = "oversized"
    """A plain body of 8 MiB."""
    NOT_HTTP = "not_http"
    """The greeting of another protocol."""


@dataclass(frozen=True, slots=True)
class FaultContext:
    """The input of a fault handler."""

    request: web.BaseRequest
    location: str
    """The target of a redirect."""


FaultHandler = Callable[[FaultContext], Awaitable[web.StreamResponse]]

_JSON: Final = {"Content-Type": "application/json"}
_HTML: Final = {"Content-Type": "text/html; charset=utf-8"}
_GZIP: Final = {**_JSON, "Content-Encoding": "gzip"}
_PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>The service is temporarily unavailable</h1></body></html>"
)
_CUT_OFF: Final = gzip.compress(b'{"data": {"username": "demo"}}', mtime=0)[:-12]


def _send(status: int, content: bytes, headers: Mapping[str, str]) -> FaultHandler:
    async def handle(context: FaultContext) -> web.StreamResponse:  # noqa: ARG001 -- all fault handlers have the same parameters
        return web.Response(status=status, body=content, headers=headers)

    return handle


def send_raw(content: bytes, ending: Literal["close", "reset", "hold"] = "close") -> FaultHandler:
    """Write bytes to the connection directly, then close it, reset it, or hold it open until the client disconnects."""

    async def handle(context: FaultContext) -> web.StreamResponse:
        if (transport := context.request.transport) is not None:
            transport.write(content)
            if ending == "close":
                transport.close()
        if ending == "hold":
            await _hang(context)
        return await _reset(context) if ending == "reset" else web.Response()  # not sent: the connection is closed

    return handle


async def _redirect(context: FaultContext) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": context.location})


async def _hang(context: FaultContext) -> NoReturn:  # noqa: ARG001 -- all fault handlers have the same parameters
    await asyncio.get_running_loop().create_future()  # cancelled when the client disconnects or the server stops
    raise AssertionError("this future is never set")


async def _reset(context: FaultContext) -> web.StreamResponse:
    if (transport := context.request.transport) is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with RST, not with FIN
        transport.abort()
    return web.Response()  # not sent: the connection is closed


async def _drip(context: FaultContext) -> NoReturn:
    response = web.StreamResponse(headers=_JSON)
    await response.prepare(context.request)
    await response.write(b"{")
    while True:  # cancelled when the client disconnects or the server stops
        await asyncio.sleep(DRIP_PAUSE)
        await response.write(b" ")


async def _oversized(context: FaultContext) -> web.StreamResponse:
    response = web.StreamResponse(headers={**_JSON, "Content-Length": str(OVERSIZED_BYTES)})
    await response.prepare(context.request)
    for _ in range(OVERSIZED_BYTES // MIB):
        await response.write(b" " * MIB)
    return response


async def _gzip_bomb(context: FaultContext) -> web.StreamResponse:  # noqa: ARG001 -- all fault handlers have the same parameters
    return web.Response(body=await asyncio.to_thread(_bomb), headers=_GZIP)


@cache
def _bomb() -> bytes:
    compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return b"".join([compressor.compress(b" " * MIB) for _ in range(BOMB_BYTES // MIB)]) + compressor.flush()


NETWORK_FAULTS: Final[Mapping[Fault, FaultHandler]] = MappingProxyType(
    {
        Fault.HTML: _send(502, _PAGE, _HTML),
        Fault.HTML_200: _send(200, _PAGE, _HTML),
        Fault.EMPTY: _send(204, b"", {}),
        Fault.NULL: _send(200, b"null", _JSON),
        Fault.ARRAY: _send(200, b"[]", _JSON),
        Fault.NOT_JSON: _send(200, b'{"data": {"username": ', _JSON),
        Fault.INVALID_UTF8: _send(200, b'{"data": {"username": "caf\xe9"}}', _JSON),
        Fault.REDIRECT: _redirect,
        Fault.HANG: _hang,
        Fault.DRIP: _drip,
        Fault.RESET: _reset,
        Fault.TRUNCATED: send_raw(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n{"data": '),
        Fault.TRUNCATED_GZIP: _send(200, _CUT_OFF, _GZIP),
        Fault.BAD_GZIP: _send(200, b'{"data": {"username": "demo"}}', _GZIP),
        Fault.GZIP_BOMB: _gzip_bomb,
        Fault.OVERSIZED: _oversized,
        Fault.NOT_HTTP: send_raw(b"220 mail.example.com ESMTP\r\n"),
    }
)
"""The handlers of the network faults. The other faults are in each vendor's `refusals`."""
