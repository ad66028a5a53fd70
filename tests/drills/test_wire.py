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
from exporter.simulator.faults import MIB, Fault, FaultContext, send_raw
from exporter.simulator.listener import HOST
from tests.drills.environment import SECRET, WRONG, Environment, Scenario, with_fault
from tests.drills.running import run_drill
from tests.drills.table import DRILLS, Drill

GOOD: Final = 555
SHORT: Final = {"timeout": Seconds(0.2)}
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def body(figure: int) -> bytes:
    return b'{"code":1000,"data":{"credits_left":"%d"},"message":"ok"}' % figure


def good_response(figure: int) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body(figure)) + body(figure)


def raw(content: bytes, ending: Literal["close", "reset", "hold"] = "close", figure: float | None = None) -> Scenario:
    return with_fault(send_raw(content, ending), figure=figure)


CHUNKED: Final = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body(WRONG)), body(WRONG))


async def endless(context: FaultContext, head: bytes, piece: bytes) -> web.StreamResponse:
    transport = context.request.transport
    assert transport is not None
    transport.write(head)
    while True:  # cancelled when the client disconnects
        transport.write(piece)
        await asyncio.sleep(0.02)


async def endless_headers(context: FaultContext) -> web.StreamResponse:
    return await endless(context, HEAD, b"X-More: more\r\n")


async def endless_hints(context: FaultContext) -> web.StreamResponse:
    return await endless(context, b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")


def followed(more: bytes) -> Scenario:
    """A good response, and unsolicited bytes on the idle connection."""

    async def handle(context: FaultContext) -> web.StreamResponse:
        transport = context.request.transport
        assert transport is not None
        transport.write(good_response(GOOD))
        asyncio.get_running_loop().call_later(0.01, transport.write, more)
        return await endless(context, b"", b"")

    return with_fault(handle, figure=GOOD, polls=4, own_server=True)


async def stop(env: Environment) -> None:
    await env.vendor.stop()


async def start_again(env: Environment) -> None:
    await env.vendor.start(env.port)


class Resolver(AbstractResolver):
    """A resolver that can fail."""

    def __init__(self) -> None:
        self.is_up = False

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        del family
        if not self.is_up:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [ResolveResult(hostname=host, host=HOST, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        pass


def unknown_name() -> Scenario:
    resolver = Resolver()

    def recover(_env: Environment) -> None:
        resolver.is_up = True

    return Scenario(begin=lambda _: None, end=recover, from_start=True, own_server=True, host="vendor.test", resolver=resolver)


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "hang": with_fault(Fault.HANG, job=SHORT),
    "endless headers": with_fault(endless_headers, job=SHORT),
    "endless early hints": with_fault(endless_hints, job=SHORT),
    "drip": with_fault(Fault.DRIP, job=SHORT),
    "reset": with_fault(Fault.RESET),
    "reset mid-body": raw(good_response(WRONG)[:-10], "reset"),
    "closed": raw(b""),
    "announced too long": raw(good_response(WRONG)[:-1]),
    "announced too short": raw(HEAD + b"Content-Length: 20\r\n\r\n" + body(WRONG), "hold"),
    "bad chunk": raw(CHUNKED + b"zz\r\n", "hold"),
    "no last chunk": raw(CHUNKED),
    "one huge header": raw(HEAD + b"X-Long: " + b"x" * MIB + b"\r\n" + good_response(WRONG)),
    "many headers": raw(HEAD + b"X-More: more and more\r\n" * (MIB // 22) + good_response(WRONG)),
    "not HTTP": with_fault(Fault.NOT_HTTP),
    "two responses": raw(good_response(GOOD) + good_response(WRONG), "hold", figure=GOOD),
    "unsolicited response": followed(good_response(WRONG)),
    "late 408": followed(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"),
    "large headers": raw(
        HEAD + b"X-Long: %s\r\n" % (b"x" * 100_000) + b"X-More: more\r\n" * 150 + good_response(GOOD)[len(HEAD) :], figure=GOOD
    ),
    "HTTP/1.0": raw(b"HTTP/1.0 200 OK\r\n\r\n" + body(GOOD), figure=GOOD),
    "early hints": raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + good_response(GOOD), figure=GOOD),
    "continue": raw(b"HTTP/1.1 100 Continue\r\n\r\n" + good_response(GOOD), figure=GOOD),
    "server stopped": Scenario(begin=stop, end=start_again, own_server=True),
    "unknown name": unknown_name(),
}


@pytest.mark.parametrize("drill", [drill for drill in DRILLS if drill.name in SCENARIOS], ids=lambda drill: drill.name)
async def test_drill_on_the_connection(drill: Drill) -> None:
    await run_drill(drill, SCENARIOS[drill.name])


@asynccontextmanager
async def recording(received: list[bytes]) -> AsyncIterator[str]:
    """Start a server that records all bytes that it receives, and connections without any. Returns its URL."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(take, HOST, 0)
    async with server:
        yield f"http://localhost:{server.sockets[0].getsockname()[1]}/elsewhere"


REDIRECTS: Final = ("redirect",)


@pytest.mark.parametrize("drill", [drill for drill in DRILLS if drill.name in REDIRECTS], ids=lambda drill: drill.name)
async def test_a_redirect_sends_no_byte_to_another_host(drill: Drill) -> None:
    received: list[bytes] = []
    async with recording(received) as url:
        await run_drill(drill, Scenario(begin=lambda env: env.vendor.set_fault(SECRET, Fault.REDIRECT, location=url)))
    assert received == []
