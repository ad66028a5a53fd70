"""The environment of drills: one account with a fault, three healthy ones, and the daemon's parts."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp.abc import AbstractResolver

from exporter.accounts.entry import Entry
from exporter.accounts.store import Store
from exporter.client.client import Client
from exporter.client.transport import open_session
from exporter.clock import Clock
from exporter.config.job import Job
from exporter.daemon.poll_once import new_store
from exporter.metrics.exposition import Exposition
from exporter.model import AccountKey, Seconds
from exporter.polling.scheduler import Scheduler
from exporter.simulator.elevenlabs import Workspace
from exporter.simulator.faults import Fault, FaultHandler
from exporter.simulator.heygen import Wallet
from exporter.simulator.listener import HOST
from exporter.simulator.liveavatar import Credits
from exporter.simulator.simulator import SimulatedAccount, Simulator
from exporter.simulator.usage import Balance, Usage
from exporter.web.address import Address
from exporter.web.endpoints import Endpoints, make_application
from exporter.web.server import Server
from exporter.web.sockets import bind
from tests.drills.measuring import Delays, Sampler
from tests.support import ACCOUNTS, CANARY, make_job, until

INTERVAL: Final = Seconds(0.2)
BEFORE: Final = 640
AFTER: Final = 512
WRONG: Final = 777
"""A value in invalid responses: no page may show it."""
SECRET: Final = f"{CANARY}-faulty"
HEALTHY: Final = (
    'ai_account_quota_remaining{account="healthy",provider="heygen",resource="wallet",unit="usd"} 42.5',
    'ai_account_quota_used{account="healthy",provider="elevenlabs",resource="characters",unit="characters"} 17231.0',
    'ai_account_quota_remaining{account="healthy",provider="liveavatar",resource="credits",unit="credits"} 1010.0',
)
HEALTHY_UP: Final = tuple(f'ai_account_up{{account="healthy",provider="{account.provider}"}} 1.0' for account in ACCOUNTS)


@dataclass(slots=True)
class FaultyAccount:
    """The body for the faulty account without a fault."""

    provider: str
    figure: float = BEFORE

    def __call__(self, elapsed: float, now: float) -> Any:
        match self.provider:
            case "heygen":
                return Wallet("faulty", Balance(start=self.figure, rate=0))(elapsed, now)
            case "elevenlabs":
                return Workspace(name="faulty", tier="creator", limit=100_000, characters=Usage(self.figure, 0))(elapsed, now)
            case _:
                return Credits(Balance(start=self.figure, rate=0))(elapsed, now)


Step = Callable[["Environment"], Awaitable[None] | None]


def cleared(env: Environment) -> None:
    """End the fault."""
    env.vendor.clear(SECRET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The behaviour of the faulty account's vendor, and what is expected besides the reason."""

    begin: Step
    end: Step = cleared
    provider: str = "liveavatar"
    figure: float | None = None
    """What the page shows during the fault, if polls succeed."""
    lines: tuple[str, ...] = ()
    """Lines that the page shows during the fault."""
    polls: int = 2
    """The least number of polls during the fault."""
    least_gap: float = INTERVAL
    """The least time between two polls during the fault, in seconds."""
    own_server: bool = False
    """Whether the faulty account has a server of its own, because the fault is in the whole server."""
    from_start: bool = False
    """Whether the fault is there before the first poll."""
    host: str = HOST
    ssl_context: ssl.SSLContext | None = None
    resolver: AbstractResolver | None = None
    job: Mapping[str, Any] = field(default_factory=dict)

    @property
    def watched(self) -> tuple[str, str, str]:
        """Family, resource and unit of the faulty account's figure."""
        match self.provider:
            case "heygen":
                return "ai_account_quota_remaining", "wallet", "usd"
            case "elevenlabs":
                return "ai_account_quota_used", "characters", "characters"
            case _:
                return "ai_account_quota_remaining", "credits", "credits"


def with_fault(how: FaultHandler | Fault, **more: Any) -> Scenario:
    """Return a scenario with this fault or handler."""

    def begin(env: Environment) -> None:
        env.vendor.set_fault(SECRET, how) if isinstance(how, Fault) else env.vendor.set_handler(SECRET, how)

    return Scenario(begin=begin, **more)


@dataclass(slots=True)
class Environment:
    """Everything that runs during a drill."""

    vendor: Simulator
    others: Simulator
    """The vendors of the healthy accounts: the same server, unless the faulty account has its own."""
    faulty: FaultyAccount
    store: Store
    sampler: Sampler
    delays: Delays
    port: int
    errors: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def entry(self) -> Entry:
        """The faulty account in the store."""
        return self.store[AccountKey(self.faulty.provider, "faulty")]

    async def after_a_poll(self) -> None:
        """Wait until a poll of the faulty account has just ended, so that none is running."""
        polls = self.entry.polls
        await until(lambda: self.entry.polls > polls, "the faulty account is polled")


@asynccontextmanager
async def opened(scenario: Scenario, interval: Seconds = INTERVAL) -> AsyncIterator[Environment]:
    """Start the parts of the daemon, and stop them at the end."""
    faulty = FaultyAccount(scenario.provider)
    account = SimulatedAccount(scenario.provider, SECRET, faulty)
    others = Simulator(ACCOUNTS if scenario.own_server else (*ACCOUNTS, account))
    vendor = Simulator((account,)) if scenario.own_server else others
    clock = Clock()
    async with others, open_session("ai-account-exporter/drill", scenario.resolver) as session:
        port = int((await vendor.start(ssl_context=scenario.ssl_context) if scenario.own_server else others.url).rpartition(":")[2])
        jobs = _jobs(scenario, others, vendor, interval)
        store = new_store(jobs, clock)
        scheduler = Scheduler(Client(session, {}, clock), store, clock)
        endpoints = Endpoints(store, Exposition(("0", ""), runtime=False), "0")
        async with Server(make_application(endpoints), await bind([Address(HOST, 0)])) as server, asyncio.TaskGroup() as group:
            env = Environment(vendor, others, faulty, store, Sampler(), Delays(), port)
            asyncio.get_running_loop().set_exception_handler(lambda _, context: env.errors.append(context))
            if scenario.from_start:
                await finish(scenario.begin(env))
            url = f"http://{server.addresses[0]}/metrics"
            tasks = [group.create_task(each) for each in (scheduler.run(jobs), env.sampler.run(url), env.delays.run())]
            yield env
            for task in tasks:
                task.cancel()
        await vendor.stop()


def _jobs(scenario: Scenario, others: Simulator, vendor: Simulator, interval: Seconds) -> list[Job]:
    settings = {"interval": interval, "max_backoff": interval, "stale_after": Seconds(60.0)}
    healthy = [make_job(others.url, account.provider, account="healthy", **settings) for account in ACCOUNTS]
    url = vendor.url.replace(HOST, scenario.host)
    return [*healthy, make_job(url, scenario.provider, account="faulty", secret=SECRET, **{**settings, **scenario.job})]


async def finish(step: Awaitable[None] | None) -> None:
    """Await a step that is a coroutine."""
    if step is not None:
        await step
