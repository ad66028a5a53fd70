"""The way to a vendor: direct or through a proxy, whom to trust there, how names are looked up, and what each fault means."""

from __future__ import annotations

import base64
import ipaddress
import os
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from exporter.client.file_threads import FileThreads, in_daemon_thread
from exporter.config.connection import Proxy, Way, environment_proxy, trust
from exporter.errors import PollError
from exporter.model import Reason

_WITH_PORT = re.compile(r"(\[.*\]|[^:]*):([0-9]+)")
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Options(TypedDict):
    """What a request of aiohttp's takes."""

    proxy: str | None
    proxy_headers: Mapping[str, str] | None
    ssl: ssl.SSLContext | bool
    timeout: aiohttp.ClientTimeout


class Routes:
    """Turns an account's way into the options of a request."""

    def __init__(self, environ: Mapping[str, str], files: FileThreads | None = None) -> None:
        self._environ = environ
        self._files = files or FileThreads()
        self._trusted: dict[Path, tuple[tuple[int, ...], ssl.SSLContext]] = {}

    async def options(self, url: str, way: Way) -> Options:
        """Tell how to ask for this URL.

        Raises:
            PollError: what the way names cannot be used, and a request would fail.
        """
        proxy = self._proxy(url, way)
        return {
            "proxy": proxy.url if proxy else None,
            "proxy_headers": {"Proxy-Authorization": _basic(proxy.login)} if proxy and proxy.login is not None else None,
            "ssl": await self._trusted_by(way.ca_file) if way.ca_file else True,
            # The pool is unlimited, so that no wait for a place counts here.
            "timeout": aiohttp.ClientTimeout(total=None, connect=way.connect_timeout),
        }

    def _proxy(self, url: str, way: Way) -> Proxy | None:
        exempt = way.no_proxy
        try:
            proxy = environment_proxy(self._environ) if way.proxy_from_environment else way.proxy
        except ValueError as error:
            raise PollError(Reason.CONNECTION, str(error)) from None
        if way.proxy_from_environment:
            exempt += tuple(re.split(r"[\s,]+", self._environ.get("no_proxy") or self._environ.get("NO_PROXY") or ""))
        parts = urlsplit(url)
        is_tunnelled = parts.scheme == "https"  # without a tunnel the proxy would see the key
        return proxy if is_tunnelled and not goes_direct(parts.hostname or "", parts.port or 443, exempt) else None

    async def _trusted_by(self, ca_file: Path) -> ssl.SSLContext:
        try:
            return await self._files.run(ca_file, lambda: self._trust(ca_file))
        except TimeoutError:
            raise PollError(Reason.TLS, "ca_file: the file does not answer") from None

    def _trust(self, ca_file: Path) -> ssl.SSLContext:
        """Read the file only when it changed: a new context is costly, and its connections are not shared with the former's."""
        try:
            found = ca_file.stat()
            state = (found.st_mtime_ns, found.st_size, found.st_ino)
            former, context = self._trusted.get(ca_file, ((), None))
            if context is None or former != state:
                context = trust(ca_file)
                self._trusted[ca_file] = (state, context)
        except OSError as error:
            raise PollError(Reason.TLS, f"ca_file: the file cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise PollError(Reason.TLS, f"ca_file: {error}") from None
        return context


def _basic(login: str) -> str:
    return f"Basic {base64.b64encode(login.encode()).decode()}"


def goes_direct(host: str, port: int, exempt: Iterable[str]) -> bool:
    """Tell whether a host is reached without the proxy: it is this machine, or an entry names it as curl and Go read NO_PROXY."""
    host = host.lower().rstrip(".")
    address = _address(host)
    if address.is_loopback if address else host == "localhost" or host.endswith(".localhost"):
        return True
    return any(_names(entry.lower(), host, address, port) for entry in exempt if entry)


def _names(entry: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        with suppress(ValueError):
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        return False
    found = _WITH_PORT.fullmatch(entry)
    name, wanted = (found[1], int(found[2])) if found else (entry, port)
    name = name.strip("[]").rstrip(".")
    if wanted != port or not name:
        return False
    if address is not None:
        return address == _address(name)
    name = name[1:] if name.startswith("*.") else name
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


class Resolver(AbstractResolver):
    """Looks names up in daemon threads.

    One that hangs holds up neither the end of the process, which waits for asyncio's own threads, nor what else runs in those.
    aiohttp looks each name up once at a time, so that no more threads hang than there are names.
    """

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Ask the system.

        Raises:
            OSError: it has no answer.
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


def fault(error: aiohttp.ClientError | OSError, *, proxied: bool = False) -> PollError:
    """Name the reason without the cause's own text, which may hold a URL. A proxy's status says nothing of the account."""
    reason, message = _reason(error, "the proxy's" if proxied else "the")
    return PollError(reason, f"{message}, through the proxy" if proxied and "proxy" not in message else message)


def _reason(error: aiohttp.ClientError | OSError, whose: str) -> tuple[Reason, str]:  # noqa: PLR0911 -- one case, one line
    match error:
        case TimeoutError():
            return Reason.TIMEOUT, "the connection timed out"
        case aiohttp.ClientHttpProxyError():
            wish = " (it wants a user and a password that it knows)" if error.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED else ""
            return Reason.CONNECTION, f"the proxy refused to connect: HTTP {error.status}{wish}"
        case aiohttp.ClientProxyConnectionError():
            return Reason.CONNECTION, f"no connection to the proxy: {_cause(error)}"
        case aiohttp.ClientConnectorCertificateError():
            return Reason.TLS, "the server's certificate was refused"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return Reason.TLS, "the TLS handshake failed"
        case aiohttp.ClientConnectorDNSError():
            return Reason.CONNECTION, f"{whose} host name could not be resolved"
        case aiohttp.ClientConnectorError(os_error=ConnectionResetError() | ConnectionAbortedError()):  # what only a connection can be
            return Reason.TLS, "the connection ended during the TLS handshake"
        case aiohttp.ClientConnectorError():
            return Reason.CONNECTION, f"no connection: {_cause(error)}"
        case aiohttp.ClientResponseError():
            return Reason.CONNECTION, "the answer was not HTTP"
        case _:
            return Reason.CONNECTION, "the connection ended before the answer was whole"


def _cause(error: aiohttp.ClientConnectorError) -> str:
    return _why(error.os_error)


def _why(error: OSError) -> str:
    """What the system says, without the address that asyncio puts into its own words."""
    return os.strerror(error.errno) if error.errno else type(error).__name__
