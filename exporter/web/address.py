"""Listen addresses in the form that all exporters share: `:9893`, `127.0.0.1:9893`, `[::1]:9893`."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|(?P<host>[\w.-]*)):(?P<port>[0-9]{1,5})", re.ASCII)


class Address(NamedTuple):
    """Where to listen; no host means every interface."""

    host: str | None
    port: int

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if self.host and ':' in self.host else self.host or ''}:{self.port}"


def parse_address(text: str) -> Address:
    """Read a listen address; raises ValueError with what one looks like."""
    found = _ADDRESS.fullmatch(text)
    if not found or int(found["port"]) > 65_535 or (found["ipv6"] and not _is_ipv6(found["ipv6"])):
        raise ValueError(f"{text!r} is not a listen address; expected :9893, 127.0.0.1:9893 or [::1]:9893, with a port up to 65535")
    return Address(found["ipv6"] or found["host"] or None, int(found["port"]))


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
