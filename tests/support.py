"""Values and helpers for many tests."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.clock import Clock
from exporter.config.connection_settings import ConnectionSettings
from exporter.config.credentials import SecretSource
from exporter.config.job import Job
from exporter.config.models import RequestBudget
from exporter.config.settings import Settings
from exporter.model import AccountKey, Seconds
from exporter.providers.library import load_definitions
from exporter.simulator.elevenlabs import Workspace
from exporter.simulator.heygen import Wallet
from exporter.simulator.liveavatar import Credits
from exporter.simulator.simulator import SimulatedAccount
from exporter.simulator.usage import Balance, Usage

MakeJob = Callable[..., Job]
"""Makes a job; the arguments are changes of its settings."""

DEFINITIONS: Final = load_definitions()

NOW: Final = 1_795_000_000.0
"""The start of the fake clock, as Unix time."""

CANARY: Final = "canary-5eC7et-key"
"""A key that must appear nowhere."""

PATIENCE: Final = 60.0
"""How long a test waits for an event, in seconds. Long enough for any machine: only a real stall fails."""

ACCOUNTS: Final = (
    SimulatedAccount("heygen", f"{CANARY}-heygen", Wallet("demo", Balance(start=42.5, rate=0, floor=10, top_up=50))),
    SimulatedAccount(
        "elevenlabs", f"{CANARY}-elevenlabs", Workspace(name="demo", tier="creator", limit=100_000, characters=Usage(17_231, 0))
    ),
    SimulatedAccount("liveavatar", f"{CANARY}-liveavatar", Credits(Balance(start=1010, rate=0))),
)


def secret_of(provider: str) -> str:
    """Return the key of the simulated account at a vendor."""
    return next(account.secret for account in ACCOUNTS if account.provider == provider)


def make_job(url: str, provider: str = "liveavatar", **changes: Any) -> Job:
    """Return a job for the simulated account of a provider; `changes` are settings, `account` and `secret`, which may be text."""
    definition = DEFINITIONS[provider]
    secret = changes.pop("secret", secret_of(provider))
    key = AccountKey(provider, changes.pop("account", "demo"))
    settings = Settings(
        base_url=url,
        interval=Seconds(300.0),
        timeout=Seconds(PATIENCE),
        stale_after=Seconds(900.0),
        max_backoff=Seconds(900.0),
        max_retry_after=Seconds(86_400.0),
        min_interval=None,
        labels={},
        thresholds=(),
        params={},
        budgets={},
        connection=ConnectionSettings(),
        request_budget=RequestBudget(**{name: changes.pop(name) for name in RequestBudget.model_fields if name in changes}),
    )
    return Job(
        key,
        definition,
        "api_key",
        SecretSource.model_validate({"value": secret}) if isinstance(secret, str) else secret,
        replace(settings, **changes),
    )


def job_of(key: AccountKey, **settings: Any) -> Job:
    """Return a job for any name and provider, for tests that do not poll it."""
    job = _any_job(key.provider if key.provider in DEFINITIONS else "liveavatar")
    return replace(job, key=key, settings=replace(job.settings, **settings))


@cache
def _any_job(provider: str) -> Job:
    return make_job("http://127.0.0.1:1", provider)


def clock_at(now: float) -> Clock:
    """Return a clock that does not move."""
    return Clock(wall=lambda: now, monotonic=lambda: now)


def stated(path: Path, what: str) -> list[str]:
    """Return what the comments of a file state about it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(f"# {what}: ") for line in lines if line.startswith(f"# {what}: ")]


def has_ipv6() -> bool:
    """Return whether this machine has the IPv6 loopback address."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 -- conditions are about many things, and no event covers them all
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"never happened: {what}") from None


def pass_time(seconds: float) -> None:
    """Set the clock of the running event loop forward: timeouts that end until then end now, however slow the machine is."""
    loop = asyncio.get_running_loop()
    time = loop.time
    loop.time = lambda: time() + seconds  # type: ignore[method-assign]  # each test has a loop of its own


@contextmanager
def no_threads() -> Iterator[None]:
    """Allow no new threads, as a limit of the system does."""

    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        yield


class FakeClock:
    """Time that only `advance` moves. Sleepers wake when their time has come."""

    def __init__(self, chance: float = 0.0) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._chance = chance
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._changed = asyncio.Event()

    @property
    def clock(self) -> Clock:
        """The clock for the scheduler."""
        return Clock(wall=self.wall, monotonic=lambda: self.now, sleep=self._sleep, random=lambda: self._chance)

    def wall(self) -> float:
        """Return Unix time."""
        return NOW + self.now

    async def advance(self, seconds: float, *, asleep: int) -> None:
        """Advance time, and return when this many sleepers wait again."""
        self.now += seconds
        while self._sleepers and self._sleepers[0][0] <= self.now:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
        await self.settled(asleep)

    async def settled(self, asleep: int) -> None:
        """Wait until this many sleepers wait."""
        async with asyncio.timeout(PATIENCE):
            while len(self._sleepers) < asleep:
                self._changed.clear()
                await self._changed.wait()

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._numbers), future))
        self._changed.set()
        await future
