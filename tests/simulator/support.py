"""One simulated account of each vendor, and a plain client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import aiohttp
from hypothesis import settings

from exporter.simulator.elevenlabs import Workspace
from exporter.simulator.heygen import Wallet
from exporter.simulator.liveavatar import Credits
from exporter.simulator.simulator import SimulatedAccount
from exporter.simulator.usage import Balance, Usage
from tests.support import PATIENCE

NOW = 1_796_000_000.0
TIMEOUT = aiohttp.ClientTimeout(total=PATIENCE)
TIMELESS = settings(deadline=None)
"""Without a deadline, since a busy machine may be slow at any example."""
WALLET = SimulatedAccount("heygen", "hg-key", Wallet("studio", Balance(start=42.5, rate=0.5, floor=10, top_up=50)))
WORKSPACE = SimulatedAccount(
    "elevenlabs", "el-key", Workspace(name="one", tier="creator", limit=100_000, characters=Usage(17_231, 10, 83_200))
)
CREDITS = SimulatedAccount("liveavatar", "la-key", Credits(Balance(start=1010, rate=0.25)))
ACCOUNTS = (WALLET, WORKSPACE, CREDITS)
PATHS = {"heygen": "/v3/users/me", "elevenlabs": "/v1/user", "liveavatar": "/v1/users/credits"}
KEY_HEADERS = {"heygen": "X-Api-Key", "elevenlabs": "xi-api-key", "liveavatar": "X-API-KEY"}

WORKSPACES = {
    "normal": Workspace(name="normal", tier="creator", limit=100_000, characters=Usage(17_231, 10, 83_200)),
    "overage": Workspace(
        name="overage", tier="pro", limit=500_000, characters=Usage(512_300, 35), extension=200_000, price=Decimal("0.24"), currency="gbp"
    ),
    "unlimited": Workspace(name="unlimited", tier="scale", limit=2_000_000, characters=Usage(2_150_000, 120), extension="unlimited"),
    "free": Workspace(name="free", tier="free", limit=10_000, characters=Usage(9_990, 1), status="free", voices=(0, 3)),
    "past_due": Workspace(name="late", tier="starter", limit=30_000, characters=Usage(12, 0), status="past_due"),
}


class Clock:
    """A clock that only changes when it is set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Response(NamedTuple):
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


def body_of(account: SimulatedAccount, elapsed: float, now: float) -> Any:
    """The body of an account that has one of its own."""
    assert account.body
    return account.body(elapsed, now)


async def get(url: str, headers: Mapping[str, str] | None = None, *, method: str = "GET") -> Response:
    """Send one request on a new connection, and return the response without decompression."""
    async with (
        aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["Accept-Encoding"], timeout=TIMEOUT) as session,
        session.request(method, url, headers=headers, allow_redirects=False) as response,
    ):
        return Response(response.status, response.headers.copy(), await response.read())


async def ask(url: str, account: SimulatedAccount, **headers: str) -> Response:
    """Request an account's data with its key."""
    return await get(url + PATHS[account.provider], {KEY_HEADERS[account.provider]: account.secret, **headers})
