"""Where the server listens, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import pytest

from exporter.errors import ExporterError
from exporter.web.address import Address
from exporter.web.server import Server
from exporter.web.site import make_application
from exporter.web.sockets import bind
from tests.support import PATIENCE
from tests.web.serving import LOOPBACK, serving, site


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


async def is_healthy(address: Address) -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"http://{address}/-/healthy") as response:
        return response.status == 200


async def new_server(*addresses: Address) -> Server:
    return Server(make_application(site()), await bind(addresses))


async def test_port_0_is_one_that_the_system_chooses() -> None:
    async with await new_server(LOOPBACK) as server:
        [address] = server.addresses
        assert address.host == "127.0.0.1"
        assert address.port > 0
        assert await is_healthy(address)


async def test_two_addresses_are_served_at_once() -> None:
    async with await new_server(LOOPBACK, LOOPBACK) as server:
        first, second = server.addresses
        assert first.port != second.port
        assert await is_healthy(first)
        assert await is_healthy(second)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
async def test_an_ipv6_address_is_served() -> None:
    async with await new_server(Address("::1", 0)) as server:
        [address] = server.addresses
        assert str(address).startswith("[::1]:")
        assert await is_healthy(address)


async def test_no_host_means_every_interface() -> None:
    async with await new_server(Address(None, 0)) as server:
        ports = {address.host: address.port for address in server.addresses}
        assert ports.keys() <= {"0.0.0.0", "::"}  # noqa: S104 -- it is what is tested
        assert await is_healthy(Address("127.0.0.1", ports["0.0.0.0"]))  # noqa: S104 -- the same


async def test_a_port_in_use_is_named_and_the_other_address_is_let_go() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as lent:
        address, free = Address(*taken.getsockname()), Address(*lent.getsockname())
        lent.close()
        with pytest.raises(ExporterError, match=f"cannot listen on {address}: .*address already in use"):
            await (await new_server(free, address)).__aenter__()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(free.host, free.port)


async def test_an_address_of_another_machine_is_named() -> None:
    address = Address("192.0.2.1", 9893)
    with pytest.raises(ExporterError, match=r"cannot listen on 192\.0\.2\.1:9893: "):
        await (await new_server(address)).__aenter__()


@pytest.mark.parametrize("host", ["exporter..example", "x" * 64])
async def test_a_host_that_cannot_be_a_name_is_named(host: str) -> None:
    with pytest.raises(ExporterError, match="cannot listen on "):
        await (await new_server(Address(host, 9893))).__aenter__()


async def test_nothing_listens_when_the_context_has_ended() -> None:
    async with await new_server(LOOPBACK) as server:
        [address] = server.addresses
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(address.host, address.port)


@pytest.mark.parametrize("turns", range(5))
async def test_who_comes_while_the_server_changes_its_certificate_is_let_in(turns: int) -> None:
    async with asyncio.timeout(PATIENCE), serving() as visitor:
        crowd = [socket.create_connection((str(visitor.address.host), visitor.address.port)) for _ in range(5)]
        for _ in range(turns):
            await asyncio.sleep(0)  # the moment matters by the turns of the event loop
        await visitor.server.use(None)
        for each in crowd:
            reader, writer = await asyncio.open_connection(sock=each)
            writer.write(b"GET /-/healthy HTTP/1.0\r\n\r\n")
            assert (await reader.read()).endswith(b"healthy\n")
            writer.close()


async def test_a_change_that_cannot_be_made_leaves_the_server_as_it_was() -> None:
    async with serving() as visitor:
        with resources_gone(), pytest.raises(ExporterError, match=f"cannot listen on {visitor.address}: Too many open files"):
            await visitor.server.use(None)
        assert await is_healthy(visitor.address)
        await visitor.server.use(None)
        assert await is_healthy(visitor.address)


@contextmanager
def resources_gone() -> Iterator[None]:
    """Leave this process no descriptor."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
