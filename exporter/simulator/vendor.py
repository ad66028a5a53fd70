"""The description of a vendor that the server simulates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from exporter.simulator.faults import Fault


@dataclass(frozen=True, slots=True)
class FixedResponse:
    """A response: a status, a body that is sent as JSON, and headers besides those of the vendor."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class PresentedKey(NamedTuple):
    """The secret that a request carries, and whether it came as a bearer token."""

    secret: str
    bearer: bool = False


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor's HTTP API."""

    name: str
    path: str
    """The path of the account's data."""
    path_prefix: str
    """The prefix of all paths of this vendor. The longest matching prefix decides which 404 an unknown path gets."""
    read_key: Callable[[Mapping[str, str]], PresentedKey | None]
    """Returns the key in the request headers."""
    headers: Callable[[str], Mapping[str, str]]
    """Returns the headers of every response, from the request id."""
    missing_key: FixedResponse
    not_found: FixedResponse
    refusals: Mapping[Fault, FixedResponse]
    """The responses for faults that have an error body of the vendor."""
    other_paths: Mapping[str, Callable[[float, float], Any]] = field(default_factory=dict)
    """Further paths, with the same body for every account: a function of seconds since the start and Unix time."""
