from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from exporter.model import Seconds
from exporter.simulator.faults import MIB, Fault, Scene, send_raw
from exporter.simulator.listener import HOST
from tests.drills.checks import carry_out
from tests.drills.range import POISON, SECRET, Play, Range, broken
from tests.drills.table import DRILLS, Drill

GOOD: Final = 555
SHORT: Final = {"timeout": Seconds(0.2)}
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def body(figure: int) -> bytes:
    return b'{"code":1000,"data":{"credits_left":"%d"},"message":"ok"}' % figure


def whole(figure: int) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body(figure)) + body(figure)


def raw(content: bytes, ending: Literal["close", "reset", "hold"] = "close", figure: float | None = None) -> Play:
    return broken(send_raw(content, ending), figure=figure)


CHUNKED: Final = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body(POISON)), body(POISON))


async def endless(scene: Scene, head: bytes, piece: bytes) -> web.StreamResponse:
    transport = scene.request.transport
    assert transport is not None
    transport.write(head)
    while True:  # cancelled when the client leaves
        transport.write(piece)
        await asyncio.sleep(0.02)


async def endless_headers(scene: Scene) -> web.StreamResponse:
    return await endless(scene, HEAD, b"X-More: more\r\n")


async def endless_hints(scene: Scene) -> web.StreamResponse:
    return await endless(scene, b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")


def followed(more: bytes) -> Play:
    """A good response, and bytes that nobody asked for on the idle connection."""

    async def act(scene: Scene) -> web.StreamResponse:
        transport = scene.request.transport
        assert transport is not None
        transport.write(whole(GOOD))
        asyncio.get_running_loop().call_later(0.01, transport.write, more)
        return await endless(scene, b"", b"")

    return broken(act, figure=GOOD, polls=4)


async def stop(place: Range) -> None:
    await place.vendor.stop()


async def start_again(place: Range) -> None:
    await place.vendor.start(place.port)


class Directory(AbstractResolver):
    """A name server that can be at a loss."""

    def __init__(self) -> None:
        self.knows = False

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        del family
        if not self.knows:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [ResolveResult(hostname=host, host=HOST, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        pass


def unknown_name() -> Play:
    directory = Directory()

    def learn(_place: Range) -> None:
        directory.knows = True

    return Play(begin=lambda _: None, end=learn, from_start=True, alone=True, host="vendor.test", resolver=directory)


PLAYS: Final[Mapping[str, Play]] = {
    "hang": broken(Fault.HANG, job=SHORT),
    "endless headers": broken(endless_headers, job=SHORT),
    "endless early hints": broken(endless_hints, job=SHORT),
    "drip": broken(Fault.DRIP, job=SHORT),
    "reset": broken(Fault.RESET),
    "reset mid-body": raw(whole(POISON)[:-10], "reset"),
    "closed": raw(b""),
    "announced too long": raw(whole(POISON)[:-1]),
    "announced too short": raw(HEAD + b"Content-Length: 20\r\n\r\n" + body(POISON), "hold"),
    "bad chunk": raw(CHUNKED + b"zz\r\n", "hold"),
    "no last chunk": raw(CHUNKED),
    "one huge header": raw(HEAD + b"X-Long: " + b"x" * MIB + b"\r\n" + whole(POISON)),
    "many headers": raw(HEAD + b"X-More: more and more\r\n" * (MIB // 22) + whole(POISON)),
    "not HTTP": broken(Fault.NOT_HTTP),
    "two answers": raw(whole(GOOD) + whole(POISON), "hold", figure=GOOD),
    "unsolicited response": followed(whole(POISON)),
    "late 408": followed(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"),
    "large headers": raw(HEAD + b"X-Long: %s\r\n" % (b"x" * 100_000) + b"X-More: more\r\n" * 150 + whole(GOOD)[len(HEAD) :], figure=GOOD),
    "HTTP/1.0": raw(b"HTTP/1.0 200 OK\r\n\r\n" + body(GOOD), figure=GOOD),
    "early hints": raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + whole(GOOD), figure=GOOD),
    "continue": raw(b"HTTP/1.1 100 Continue\r\n\r\n" + whole(GOOD), figure=GOOD),
    "server stopped": Play(begin=stop, end=start_again, alone=True),
    "unknown name": unknown_name(),
}


@pytest.mark.parametrize("drill", [drill for drill in DRILLS if drill.name in PLAYS], ids=lambda drill: drill.name)
async def test_a_drill_on_the_connection(drill: Drill) -> None:
    await carry_out(drill, PLAYS[drill.name])


@asynccontextmanager
async def trap(caught: list[bytes]) -> AsyncIterator[str]:
    """A server that keeps all that reaches it, a mere connection included; its URL."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caught.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(take, HOST, 0)
    async with server:
        yield f"http://localhost:{server.sockets[0].getsockname()[1]}/trap"


REDIRECTS: Final = ("redirect",)


@pytest.mark.parametrize("drill", [drill for drill in DRILLS if drill.name in REDIRECTS], ids=lambda drill: drill.name)
async def test_a_redirect_takes_no_byte_to_another_host(drill: Drill) -> None:
    caught: list[bytes] = []
    async with trap(caught) as url:
        await carry_out(drill, Play(begin=lambda place: place.vendor.misbehave(SECRET, Fault.REDIRECT, location=url)))
    assert caught == []
