"""The choice between a proxy and a direct connection."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress

from yarl import URL

from exporter.config.connection_settings import ConnectionSettings, Proxy, environment_proxy
from exporter.errors import PollError
from exporter.model import Reason

_WITH_PORT = re.compile(r"(\[.*\]|[^:]*):([0-9]+)")


def proxy_for(url: URL, settings: ConnectionSettings, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a URL; None if the host is reached directly. Plain http never uses a proxy, because the proxy would see the key.

    Raises:
        PollError: the proxy that the environment names cannot be used.
    """
    exempt = settings.no_proxy
    try:
        proxy = environment_proxy(environ) if settings.proxy_from_environment else settings.proxy
    except ValueError as error:
        raise PollError(Reason.CONNECTION, str(error)) from None
    if proxy is None or url.scheme != "https":
        return None
    if settings.proxy_from_environment:
        exempt += tuple(re.split(r"[\s,]+", environ.get("no_proxy") or environ.get("NO_PROXY") or ""))
    return None if is_direct(url.raw_host or "", url.port or 443, exempt) else proxy


def proxy_headers(proxy: Proxy) -> dict[str, str]:
    """Return the headers that authenticate with a proxy."""
    if proxy.userinfo is None:
        return {}
    return {"Proxy-Authorization": f"Basic {base64.b64encode(proxy.userinfo.encode()).decode()}"}


def is_direct(host: str, port: int, exempt: Iterable[str]) -> bool:
    """Whether a host is reached without the proxy: it is this machine, or an entry matches it as in NO_PROXY of curl and Go."""
    host = host.lower().rstrip(".")
    address = _address(host)
    if address.is_loopback if address else host == "localhost" or host.endswith(".localhost"):
        return True
    return any(_matches(entry.lower(), host, address, port) for entry in exempt if entry)


def _matches(entry: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None, port: int) -> bool:
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
