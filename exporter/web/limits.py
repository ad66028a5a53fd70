"""How much the server lets clients use: connections, headers, time, requests in a second, requests at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from exporter.model import Seconds

MAX_CONNECTIONS: Final = 512
_ROUNDING = 1e-9


def most_connections(descriptors: int) -> int:
    """Return how many connections may be open, from how many file descriptors the process may open: half of them are kept for the polls."""
    return MAX_CONNECTIONS if descriptors == RLIM_INFINITY else min(MAX_CONNECTIONS, descriptors // 2)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of each connection, named as in Go's net/http. Durations are in seconds."""

    max_connections: int = field(default_factory=lambda: most_connections(getrlimit(RLIMIT_NOFILE)[0]))
    """TLS handshakes included."""
    max_header_bytes: int = 32_768
    """Request line and headers of one request; a browser sends up to 16 KiB of cookies."""
    handshake_timeout: float = 5.0
    """For a TLS handshake, and for the end of a TLS connection."""
    read_header_timeout: float = 10.0
    """From accepting a connection to its first complete request, without the TLS handshake."""
    write_timeout: float = 30.0
    """For a client to read one response."""
    idle_timeout: float = 150.0
    """From a response to the next complete request. Scrapes are at most two minutes apart."""


class RateLimiter:
    """A token bucket that starts full: admits `burst` requests at once, and one more after each interval."""

    def __init__(self, interval: Seconds, burst: int) -> None:
        self.rate = (interval, burst)
        self._full_at = float("-inf")

    def take(self, now: float) -> float:
        """Take one token and return 0; without a token, return the seconds until there is one."""
        interval, burst = self.rate
        full_at = max(self._full_at, now)
        missing = full_at - now - interval * (burst - 1)
        if missing > _ROUNDING:
            return missing
        self._full_at = full_at + interval
        return 0.0


def limit_in_flight(handler: Handler, max_requests: int) -> Handler:
    """Return 503 for more concurrent requests than this; 0 is no limit. A request counts until its response is sent."""
    in_flight = 0

    def finished(_task: asyncio.Task[Any]) -> None:
        nonlocal in_flight
        in_flight -= 1

    async def limited(request: web.Request) -> web.StreamResponse:
        nonlocal in_flight
        if max_requests and in_flight >= max_requests:
            text = f"{max_requests} such requests are already in progress; --web.max-requests allows no more\n"
            return web.Response(text=text, status=503)
        in_flight += 1
        on_response_sent(finished)
        return await handler(request)

    return limited


def on_response_sent(callback: Callable[[asyncio.Task[Any]], None]) -> None:
    """Call back when the response to the current request is sent: aiohttp handles each request in its own task."""
    if task := asyncio.current_task():
        task.add_done_callback(callback)
