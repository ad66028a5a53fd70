"""Sockets to listen on: bound here, or inherited from systemd."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from exporter.errors import ExporterError
from exporter.web.address import Address

FIRST_INHERITED: Final = 3
"""The number of the first descriptor that systemd passes; see sd_listen_fds(3)."""
BACKLOG: Final = 1024
_NOT_HERE: Final = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
"""The kernel has no IPv6, or the address belongs to no interface."""

_REMEDIES: Final = {
    errno.EADDRINUSE: "choose another address with --web.listen-address, or stop what uses this one",
    errno.EADDRNOTAVAIL: "choose an address of this machine with --web.listen-address",
    errno.EACCES: "choose a port above 1023 with --web.listen-address",
}
"""By number of the system's error."""

Resolve = Callable[..., Awaitable[list[tuple[Any, ...]]]]
"""`getaddrinfo` of an event loop."""


class ListenError(ExporterError):
    """An address cannot be listened on."""

    def __init__(self, message: str, number: int | None) -> None:
        """`number` is that of the system's error."""
        super().__init__(message)
        self.remedy = _REMEDIES.get(number or 0, "choose another address with --web.listen-address")


class _SocketAddress(NamedTuple):
    """One address of one family."""

    family: socket.AddressFamily
    sockaddr: tuple[Any, ...]


async def bind(addresses: Iterable[Address], resolve: Resolve | None = None) -> list[socket.socket]:
    """Listen on every address, with one socket for each address family.

    `[::]` covers IPv4 too, as in Go, unless an IPv4 address with the same port is listed. A family that the kernel lacks is left out
    where the address has another one.

    Raises:
        ExporterError: an address cannot be listened on; no socket stays open.
    """
    resolve = resolve or asyncio.get_running_loop().getaddrinfo
    resolved = [(address, await _socket_addresses(address, resolve)) for address in addresses]
    ipv4_ports = {each.sockaddr[1] for _, found in resolved for each in found if each.family == socket.AF_INET}
    sockets: list[socket.socket] = []
    try:
        for address, found in resolved:
            sockets += _listen(address, found, ipv4_ports)
    except ExporterError:
        for each in sockets:
            each.close()
        raise
    return sockets


async def _socket_addresses(address: Address, resolve: Resolve) -> list[_SocketAddress]:
    try:
        found = await resolve(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise _cannot_listen(address, error) from None
    return list(dict.fromkeys(_SocketAddress(family, sockaddr) for family, _, _, _, sockaddr in found))


def _listen(address: Address, found: Iterable[_SocketAddress], ipv4_ports: set[int]) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for socket_address in found:
            try:
                sockets.append(_listen_on(socket_address, ipv4_ports))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                missing = error
        if not sockets and address.host == "::":  # Go too uses IPv4 where there is no IPv6
            sockets.append(_listen_on(_SocketAddress(socket.AF_INET, ("0.0.0.0", address.port)), ipv4_ports))  # noqa: S104 -- the operator asks for it
        if not sockets and missing:
            raise missing
    except OSError as error:
        for each in sockets:
            each.close()
        raise _cannot_listen(address, error) from None
    return sockets


def _listen_on(found: _SocketAddress, ipv4_ports: set[int]) -> socket.socket:
    host, port = found.sockaddr[:2]
    both = found.family == socket.AF_INET6 and host == "::" and port not in ipv4_ports and socket.has_dualstack_ipv6()
    return socket.create_server(found.sockaddr, family=found.family, backlog=BACKLOG, dualstack_ipv6=both)


def _cannot_listen(address: Address, error: OSError | UnicodeError) -> ExporterError:
    why = "not a valid host name"
    if isinstance(error, OSError):
        why = (error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)) or ""
    return ListenError(f"cannot listen on {address}: {why[:1].lower()}{why[1:]}", getattr(error, "errno", None))


def inherited(environ: Mapping[str, str]) -> list[socket.socket]:
    """Take the sockets that systemd opened for this process. Raises ExporterError if there is none, or one of another kind."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(os.getpid()) or not count.isdecimal() or count == "0":
        raise ExporterError("systemd passed no socket: start the service by its .socket unit, or use --web.listen-address")
    sockets: list[socket.socket] = []
    for number in range(FIRST_INHERITED, FIRST_INHERITED + int(count)):
        try:
            sockets.append(_inherit(number))
        except ExporterError:
            for each in sockets:
                each.close()
            raise
    return sockets


def _inherit(number: int) -> socket.socket:
    try:
        os.set_inheritable(number, False)  # noqa: FBT003 -- the system call's own argument
        found = socket.socket(fileno=number)
    except OSError as error:
        raise ExporterError(f"systemd's descriptor {number} is not a socket: {error.strerror}") from None
    if found.type != socket.SOCK_STREAM or found.family not in {socket.AF_INET, socket.AF_INET6}:
        found.close()
        raise ExporterError(f"systemd's descriptor {number} is not a TCP socket: the .socket unit needs ListenStream= with a port")
    return found
