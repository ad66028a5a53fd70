"""Sockets to listen on: bound here, or handed over by systemd."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable, Mapping

from exporter.errors import ExporterError
from exporter.web.address import Address

FIRST_INHERITED = 3
"""The number of the first descriptor that systemd hands over; see sd_listen_fds(3)."""


async def bind(addresses: Iterable[Address]) -> list[socket.socket]:
    """Bind every address; an address without a host gives one socket for each family. Raises ExporterError, and then holds none."""
    bound: list[socket.socket] = []
    for address in addresses:
        try:
            # asyncio knows which sockets a host needs; it is not to serve them yet, since TLS may change while they are open.
            server = await asyncio.get_running_loop().create_server(asyncio.Protocol, address.host, address.port, start_serving=False)
            bound += [each.dup() for each in server.sockets]
            server.close()
        except (OSError, UnicodeError) as error:
            for each in bound:
                each.close()
            raise unheard(address, error) from None
    return bound


def unheard(address: object, error: OSError | UnicodeError) -> ExporterError:
    """What to tell when an address cannot be listened on."""
    why = error.strerror if isinstance(error, OSError) else "this is no host name"
    return ExporterError(f"cannot listen on {address}: {why}")


def inherited(environ: Mapping[str, str]) -> list[socket.socket]:
    """Take the sockets that systemd opened for this process. Raises ExporterError when there is none, or one of another kind."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(os.getpid()) or not count.isdecimal() or count == "0":
        raise ExporterError("systemd handed over no socket: start the service by its .socket unit, or use --web.listen-address")
    sockets: list[socket.socket] = []
    for number in range(FIRST_INHERITED, FIRST_INHERITED + int(count)):
        try:
            sockets.append(_taken(number))
        except ExporterError:
            for each in sockets:
                each.close()
            raise
    return sockets


def _taken(number: int) -> socket.socket:
    try:
        os.set_inheritable(number, False)  # noqa: FBT003 -- the system call's own argument
        taken = socket.socket(fileno=number)
    except OSError as error:
        raise ExporterError(f"systemd's descriptor {number} is no socket: {error.strerror}") from None
    if taken.type != socket.SOCK_STREAM or taken.family not in {socket.AF_INET, socket.AF_INET6}:
        taken.close()
        raise ExporterError(f"systemd's descriptor {number} is no TCP socket: the .socket unit needs ListenStream= with a port")
    return taken
