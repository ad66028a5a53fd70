"""How an account may misbehave: refusals that each vendor words itself, and faults on the wire that look alike for all."""

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
    """What goes wrong for an account."""

    BAD_KEY = "bad_key"
    """The vendor does not know the key."""
    NO_PERMISSION = "no_permission"
    """The key is good but may not read the account."""
    RATE_LIMITED = "rate_limited"
    """Too many requests; HeyGen and LiveAvatar tell how long to wait."""
    QUOTA_EXHAUSTED = "quota_exhausted"
    """Nothing is left; LiveAvatar says so by a balance of zero."""
    SERVER_ERROR = "server_error"
    """HTTP 500 with the vendor's error object."""
    HTML = "html"
    """HTTP 502 with a page for people, as from a proxy at the edge."""
    HTML_200 = "html_200"
    """HTTP 200 with a page for people."""
    EMPTY = "empty"
    """HTTP 204 and nothing else."""
    NULL = "null"
    """HTTP 200 with the JSON `null`."""
    ARRAY = "array"
    """HTTP 200 with the JSON `[]`."""
    NOT_JSON = "not_json"
    """HTTP 200, called JSON, which ends in the middle."""
    INVALID_UTF8 = "invalid_utf8"
    """HTTP 200 with JSON in an encoding that JSON does not have."""
    REDIRECT = "redirect"
    """HTTP 302 to another address."""
    HANG = "hang"
    """No answer, until the client leaves or the server stops."""
    DRIP = "drip"
    """An answer that comes byte by byte and never ends."""
    RESET = "reset"
    """The connection is torn down in place of an answer."""
    TRUNCATED = "truncated"
    """The connection ends before the announced length is reached."""
    TRUNCATED_GZIP = "truncated_gzip"
    """A compressed body that is whole as HTTP and cut off as gzip."""
    BAD_GZIP = "bad_gzip"
    """A body that is called gzip and is not."""
    GZIP_BOMB = "gzip_bomb"
    """A small compressed body that inflates to 64 MiB."""
    OVERSIZED = "oversized"
    """A plain body of 8 MiB."""
    NOT_HTTP = "not_http"
    """The greeting of another protocol."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a fault on the wire may use."""

    request: web.BaseRequest
    location: str
    """Where a redirect leads."""


Act = Callable[[Scene], Awaitable[web.StreamResponse]]

_JSON: Final = {"Content-Type": "application/json"}
_HTML: Final = {"Content-Type": "text/html; charset=utf-8"}
_GZIP: Final = {**_JSON, "Content-Encoding": "gzip"}
_PAGE: Final = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>The service is away for a moment</h1></body></html>"
_CUT_OFF: Final = gzip.compress(b'{"data": {"username": "demo"}}', mtime=0)[:-12]


def _send(status: int, content: bytes, headers: Mapping[str, str]) -> Act:
    async def act(scene: Scene) -> web.StreamResponse:  # noqa: ARG001 -- every fault is called alike
        return web.Response(status=status, body=content, headers=headers)

    return act


def send_raw(content: bytes, ending: Literal["close", "reset", "hold"] = "close") -> Act:
    """Bytes past the HTTP server; then the connection is closed, reset, or held open until the client leaves."""

    async def act(scene: Scene) -> web.StreamResponse:
        if (transport := scene.request.transport) is not None:
            transport.write(content)
            if ending == "close":
                transport.close()
        if ending == "hold":
            await _hang(scene)
        return await _reset(scene) if ending == "reset" else web.Response()  # nobody gets it: the connection is closed

    return act


async def _redirect(scene: Scene) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": scene.location})


async def _hang(scene: Scene) -> NoReturn:  # noqa: ARG001 -- every fault is called alike
    await asyncio.get_running_loop().create_future()  # cancelled when the client leaves or the server stops
    raise AssertionError("nobody sets this future")


async def _reset(scene: Scene) -> web.StreamResponse:
    if (transport := scene.request.transport) is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with RST, not with FIN
        transport.abort()
    return web.Response()  # nobody gets it: the connection is closed


async def _drip(scene: Scene) -> NoReturn:
    response = web.StreamResponse(headers=_JSON)
    await response.prepare(scene.request)
    await response.write(b"{")
    while True:  # cancelled when the client leaves or the server stops
        await asyncio.sleep(DRIP_PAUSE)
        await response.write(b" ")


async def _oversized(scene: Scene) -> web.StreamResponse:
    response = web.StreamResponse(headers={**_JSON, "Content-Length": str(OVERSIZED_BYTES)})
    await response.prepare(scene.request)
    for _ in range(OVERSIZED_BYTES // MIB):
        await response.write(b" " * MIB)
    return response


async def _gzip_bomb(scene: Scene) -> web.StreamResponse:  # noqa: ARG001 -- every fault is called alike
    return web.Response(body=await asyncio.to_thread(_bomb), headers=_GZIP)


@cache
def _bomb() -> bytes:
    compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return b"".join([compressor.compress(b" " * MIB) for _ in range(BOMB_BYTES // MIB)]) + compressor.flush()


WIRE: Final[Mapping[Fault, Act]] = MappingProxyType(
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
"""The faults on the wire; the others stand in each vendor's `refusals`."""
