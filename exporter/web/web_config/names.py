"""The names in a client's certificate, and whether one of them is allowed."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Mapping
from typing import Any

_TEXT = ("DNS", "email", "URI")


def canonical(name: str) -> str:
    """An address in its shortest form, since the same one can be written in many ways; any other name as it is."""
    try:
        return str(ipaddress.ip_address(name.strip()))
    except ValueError:
        return name


def is_allowed(certificate: Mapping[str, Any] | None, allowed: Collection[str]) -> bool:
    """Judge a certificate that TLS has verified, in the form of `SSLSocket.getpeercert`; none has no name."""
    return any(name in allowed for name in _names_of(certificate or {}))


def _names_of(certificate: Mapping[str, Any]) -> Iterator[str]:
    for kind, value in certificate.get("subjectAltName", ()):
        if kind in _TEXT:
            yield value
        elif kind == "IP Address":
            yield canonical(value)
