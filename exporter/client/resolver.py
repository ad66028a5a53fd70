"""Name resolution."""

from __future__ import annotations

import socket
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

from exporter.validation.file_threads import in_daemon_thread

_NUMERIC: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Resolver(AbstractResolver):
    """Looks names up with the system's resolver, in daemon threads.

    aiohttp looks up each name once at a time, so that no more threads hang than there are names.
    """

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Return the addresses of a host.

        Raises:
            OSError: there are none.
        """
        infos = await in_daemon_thread(lambda: _look_up(host, port, family), "name look-up")
        return [
            ResolveResult(hostname=host, host=str(address[0]), port=int(address[1]), family=found, proto=protocol, flags=_NUMERIC)
            for found, _, protocol, _, address in infos
        ]

    async def close(self) -> None:
        """Nothing is open."""


def _look_up(host: str, port: int, family: int) -> list[tuple[Any, ...]]:
    try:
        return [*socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)]
    except ValueError:  # a label that is too long
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
