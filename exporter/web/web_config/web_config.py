"""A valid web configuration, as the server uses it."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exporter.errors import Problem
from exporter.model import Seconds


@dataclass(frozen=True, slots=True)
class ServerTls:
    """What the server listens with."""

    context: ssl.SSLContext = field(repr=False, compare=False)
    certificate: str
    """Digest of the server's certificates."""
    policy: str
    """Digest of everything else: accepted clients, versions, suites, curves."""
    requires_client_certificate: bool = False


@dataclass(frozen=True, slots=True)
class WebConfig:
    """A valid web configuration with its certificates loaded. Without arguments it asks nothing of clients."""

    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Bcrypt hashes by user; empty means that no password is needed."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Set on every response."""
    rate_limit: tuple[Seconds, int] | None = None
    """Interval and burst."""
    allowed_names: frozenset[str] | None = None
    """A client certificate must contain one of them; None accepts any name."""
    tls: ServerTls | None = None
    """None means plain HTTP."""
    files: tuple[Path, ...] = ()
    """The file itself and the files that it names."""
    without_effect: tuple[Problem, ...] = ()
    """Accepted settings that have no effect in this exporter."""


def canonical_name(name: str) -> str:
    """Return an IP address in its shortest form, and any other name as it is."""
    try:
        return str(ipaddress.ip_address(name.strip()))
    except ValueError:
        return name
