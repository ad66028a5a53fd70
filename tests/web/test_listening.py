"""Where the server listens, and the errors if it cannot."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from contextlib import ExitStack
from typing import Any

import pytest

from exporter.errors import ExporterError
from exporter.web.address import Address
from exporter.web.endpoints import make_application
from exporter.web.server import Server
from exporter.web.sockets import ListenError, bind
from tests.support import has_ipv6
from tests.web.serving import LOOPBACK, endpoints, is_healthy


async def new_server(*addresses: Address) -> Server:
    return Server(make_application(endpoints()), await bind(addresses))


async def test_the_system_chooses_a_port_for_0() -> None:
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


async def test_a_port_in_use_is_reported_and_the_other_address_is_released() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as lent:
        address, free = Address(*taken.getsockname()), Address(*lent.getsockname())
        lent.close()
        with pytest.raises(ExporterError, match=f"cannot listen on {address}: .*address already in use"):
            await (await new_server(free, address)).__aenter__()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(free.host, free.port)


async def test_an_address_of_another_machine_is_reported() -> None:
    address = Address("192.0.2.1", 9893)
    with pytest.raises(ExporterError, match=r"cannot listen on 192\.0\.2\.1:9893: ") as caught:
        await (await new_server(address)).__aenter__()
    assert caught.value.remedy == "choose an address of this machine with --web.listen-address"


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EADDRINUSE, "choose another address with --web.listen-address, or stop what uses this one"),
        (errno.EACCES, "choose a port above 1023 with --web.listen-address"),
        (None, "choose another address with --web.listen-address"),
    ],
)
def test_the_remedy_fits_the_cause(number: int | None, remedy: str) -> None:
    assert ListenError("cannot listen on :80", number).remedy == remedy


@pytest.mark.parametrize("host", ["exporter..example", "x" * 64])
async def test_an_invalid_host_name_is_reported(host: str) -> None:
    with pytest.raises(ExporterError, match="cannot listen on "):
        await (await new_server(Address(host, 9893))).__aenter__()


async def test_nothing_listens_when_the_context_has_ended() -> None:
    async with await new_server(LOOPBACK) as server:
        [address] = server.addresses
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(address.host, address.port)


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")


def free_port() -> int:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as probe:
        return int(probe.getsockname()[1])


async def reachable(*addresses: Address) -> list[bool]:
    """Whether a server on these addresses answers on the IPv4 and on the IPv6 loopback."""
    async with await new_server(*addresses) as server:
        port = server.addresses[0].port
        return [await is_healthy(Address(host, port)) for host in ("127.0.0.1", "::1")]


@needs_ipv6
async def test_the_ipv6_wildcard_covers_ipv4_too() -> None:
    assert await reachable(Address("::", 0)) == [True, True]


@needs_ipv6
@pytest.mark.parametrize("hosts", [("::", "0.0.0.0"), ("0.0.0.0", "::"), ("::", "127.0.0.1"), ("127.0.0.1", "::"), ("::1", "127.0.0.1")])  # noqa: S104 -- it is what is tested
async def test_the_ipv6_wildcard_can_be_beside_an_ipv4_address_of_the_same_port(hosts: tuple[str, str]) -> None:
    port = free_port()
    assert await reachable(*(Address(host, port) for host in hosts)) == [True, True]


@needs_ipv6
async def test_the_ipv6_wildcard_needs_the_port_of_both_families() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ExporterError, match=r"cannot listen on \[::\]:\d+: address already in use"),
    ):
        await bind([Address("::", taken.getsockname()[1])])


def resolving(*found: tuple[int, str]) -> Any:
    """A resolver that returns these families and hosts."""

    async def resolve(_host: str | None, port: int, **_options: int) -> list[tuple[Any, ...]]:
        return [(family, socket.SOCK_STREAM, 6, "", (host, port)) for family, host in found]

    return resolve


NO_FAMILY = 9_999
"""An address family that is not supported, as IPv6 on some machines."""


@pytest.mark.parametrize(
    "found",
    [
        ((socket.AF_INET, "127.0.0.1"), (NO_FAMILY, "::1")),
        ((NO_FAMILY, "::1"), (socket.AF_INET, "127.0.0.1")),
        ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "192.0.2.1")),
        ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.1")),
    ],
    ids=["no IPv6", "no IPv6, listed first", "another address is not here", "the same address twice"],
)
async def test_a_name_is_served_on_its_existing_addresses(found: tuple[tuple[int, str], ...]) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(each) for each in await bind([Address("localhost", 0)], resolving(*found))]
        assert [each.getsockname()[0] for each in sockets] == ["127.0.0.1"]


async def test_the_ipv6_wildcard_means_ipv4_without_ipv6() -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(each) for each in await bind([Address("::", 0)], resolving((NO_FAMILY, "::")))]
        assert [each.getsockname()[0] for each in sockets] == ["0.0.0.0"]  # noqa: S104 -- it is what is tested


@pytest.mark.parametrize(
    ("host", "why"), [("::1", errno.EAFNOSUPPORT), ("2001:db8::1", errno.EAFNOSUPPORT)], ids=["loopback", "another address"]
)
async def test_an_ipv6_address_is_an_error_without_ipv6(host: str, why: int) -> None:
    with pytest.raises(ExporterError, match=os.strerror(why)[1:]):
        await bind([Address(host, 0)], resolving((NO_FAMILY, host)))
