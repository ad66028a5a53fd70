"""What the server must know of a vendor to play it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from exporter.simulator.faults import Fault


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: a status, a body that is sent as JSON, and headers beyond the usual ones."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Presented(NamedTuple):
    """The secret that a request carries, and whether it came as a bearer token."""

    secret: str
    bearer: bool = False


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor as its clients see it."""

    name: str
    path: str
    """The path that tells of the account."""
    territory: str
    """How all paths of this vendor begin; the longest match decides whose 404 a stranger gets."""
    presented: Callable[[Mapping[str, str]], Presented | None]
    """Finds the secret in the request headers."""
    headers: Callable[[str], Mapping[str, str]]
    """The headers on every answer, for one request id."""
    missing_key: Answer
    not_found: Answer
    refusals: Mapping[Fault, Answer]
    """The faults that the vendor words itself."""
    beside: Mapping[str, Callable[[float, float], Any]] = field(default_factory=dict)
    """Other paths that are played alike for every account: from seconds since the start and Unix time to the success body."""
