"""The range where drills are run: one sick account beside three healthy ones, real parts of the daemon, and a sampler at the page."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver

from exporter.accounts.entry import Entry
from exporter.accounts.store import Store
from exporter.client.client import Client, Job, open_session
from exporter.clock import Clock
from exporter.daemon.daemon import new_store
from exporter.metrics.exposition import Exposition
from exporter.model import AccountKey, Seconds
from exporter.polling.scheduler import Scheduler
from exporter.simulator.elevenlabs import Workspace
from exporter.simulator.faults import Act, Fault
from exporter.simulator.flow import Stock, Usage
from exporter.simulator.heygen import Wallet
from exporter.simulator.listener import HOST
from exporter.simulator.liveavatar import Credits
from exporter.simulator.server import Player, Simulator
from exporter.web.address import Address
from exporter.web.server import Server
from exporter.web.site import Site, make_application
from exporter.web.sockets import bind
from tests.support import CANARY, PLAYERS, make_job

INTERVAL: Final = Seconds(0.2)
BEFORE: Final = 640
AFTER: Final = 512
POISON: Final = 777
"""A figure that broken answers hold: it must never be seen."""
SECRET: Final = f"{CANARY}-sick"
PATIENCE: Final = 20.0
WITNESSES: Final = (
    'ai_account_quota_remaining{account="witness",provider="heygen",resource="wallet",unit="usd"} 42.5',
    'ai_account_quota_used{account="witness",provider="elevenlabs",resource="characters",unit="characters"} 17231.0',
    'ai_account_quota_remaining{account="witness",provider="liveavatar",resource="credits",unit="credits"} 1010.0',
)
PULSE: Final = tuple(f'ai_account_up{{account="witness",provider="{player.provider}"}} 1.0' for player in PLAYERS)


@dataclass(slots=True)
class Patient:
    """What the sick account's vendor says while it is well."""

    provider: str
    figure: float = BEFORE

    def __call__(self, elapsed: float, now: float) -> Any:
        match self.provider:
            case "heygen":
                return Wallet("sick", Stock(start=self.figure, rate=0))(elapsed, now)
            case "elevenlabs":
                return Workspace(name="sick", tier="creator", limit=100_000, characters=Usage(self.figure, 0))(elapsed, now)
            case _:
                return Credits(Stock(start=self.figure, rate=0))(elapsed, now)


@dataclass(slots=True)
class Sampler:
    """Scrapes without a pause worth the name, and keeps every line that it ever saw."""

    required: tuple[str, ...] = ()
    """Lines that no page may lack."""
    lines: set[str] = field(default_factory=set)
    last: frozenset[str] = frozenset()
    missing: set[str] = field(default_factory=set)
    slowest: float = 0.0
    """By the client's watch, without the time that this process waited for a processor: the machine may be a busy one."""
    starved: list[tuple[float, float]] = field(default_factory=list)
    """At each page, how long this process had waited for a processor."""

    def starved_between(self, first: float, last: float) -> float:
        """How long this process waited for a processor meanwhile."""
        before = max((waited for at, waited in self.starved if at <= first), default=0.0)
        return min((waited for at, waited in self.starved if at >= last), default=self.starved[-1][1]) - before

    async def run(self, url: str) -> None:
        loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession() as session:
            while True:
                started, waited = loop.time(), starved()
                async with session.get(url) as response:
                    assert response.status == 200
                    text = await response.text()
                self.starved.append((loop.time(), max(waited, starved())))
                self.slowest = max(self.slowest, loop.time() - started - (self.starved[-1][1] - waited))
                self._take(text)
                await asyncio.sleep(0.03)

    def _take(self, text: str) -> None:
        self.last = frozenset(line for line in text.splitlines() if not line.startswith("#"))
        self.lines |= self.last
        self.missing |= set(self.required) - self.last


def starved() -> float:
    """How long all threads of this process have waited for a processor, in seconds; 0 where the system does not tell."""
    waited = 0
    for file in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError):  # the thread has ended
            waited += int(file.read_text(encoding="ascii").split()[1])
    return waited / 1e9


Step = Callable[["Range"], Awaitable[None] | None]


def cleared(place: Range) -> None:
    """The vendor behaves again."""
    place.vendor.clear(SECRET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """What the sick account's vendor does, and what the exporter should make of it beside the reason."""

    begin: Step
    end: Step = cleared
    provider: str = "liveavatar"
    figure: float | None = None
    """What the page shows meanwhile, where the poll is good."""
    lines: tuple[str, ...] = ()
    """Whole lines that the page shows meanwhile."""
    polls: int = 2
    """How many polls the fault lasts at least."""
    least_gap: float = INTERVAL
    """How much time lies between two polls meanwhile."""
    alone: bool = False
    """Whether the sick account has a server of its own, since all of it breaks."""
    from_start: bool = False
    """Whether the fault is there before the first poll."""
    host: str = HOST
    ssl_context: ssl.SSLContext | None = None
    resolver: AbstractResolver | None = None
    job: Mapping[str, Any] = field(default_factory=dict)

    @property
    def watched(self) -> tuple[str, str, str]:
        """Family, resource and unit of the sick account's figure."""
        match self.provider:
            case "heygen":
                return "ai_account_quota_remaining", "wallet", "usd"
            case "elevenlabs":
                return "ai_account_quota_used", "characters", "characters"
            case _:
                return "ai_account_quota_remaining", "credits", "credits"


def broken(how: Act | Fault, **more: Any) -> Play:
    """A play in which the vendor behaves like this on the wire."""

    def begin(place: Range) -> None:
        place.vendor.misbehave(SECRET, how) if isinstance(how, Fault) else place.vendor.perform(SECRET, how)

    return Play(begin=begin, **more)


@dataclass(slots=True)
class Range:
    """All that runs during a drill."""

    vendor: Simulator
    crowd: Simulator
    """The witnesses' vendors: the same server unless the play breaks all of it."""
    patient: Patient
    store: Store
    sampler: Sampler
    port: int
    errors: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def entry(self) -> Entry:
        """What the daemon knows of the sick account."""
        return self.store[AccountKey(self.patient.provider, "sick")]

    async def after_a_poll(self) -> None:
        """Return when a poll of the sick account has just ended, so that none is under way."""
        polls = self.entry.polls
        await until(lambda: self.entry.polls > polls, "the sick account is polled")


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition, not for a time."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 -- conditions are about many things, and nothing tells of them all
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"never happened: {what}") from None


@asynccontextmanager
async def opened(play: Play, interval: Seconds = INTERVAL) -> AsyncIterator[Range]:
    """Start the daemon's parts, and stop them in the end."""
    patient = Patient(play.provider)
    player = Player(play.provider, SECRET, patient)
    crowd = Simulator(PLAYERS if play.alone else (*PLAYERS, player))
    vendor = Simulator((player,)) if play.alone else crowd
    clock = Clock()
    async with crowd, open_session("ai-account-exporter/drill", play.resolver) as session:
        port = int((await vendor.start(ssl_context=play.ssl_context) if play.alone else crowd.url).rpartition(":")[2])
        jobs = _jobs(play, crowd, vendor, interval)
        store = new_store(jobs, clock)
        scheduler = Scheduler(Client(session, {}, clock), store, clock)
        site = Site(store, Exposition(("0", ""), runtime=False), "0")
        async with Server(make_application(site), await bind([Address(HOST, 0)])) as server, asyncio.TaskGroup() as group:
            place = Range(vendor, crowd, patient, store, Sampler(), port)
            asyncio.get_running_loop().set_exception_handler(lambda _, context: place.errors.append(context))
            if play.from_start:
                await finish(play.begin(place))
            tasks = [group.create_task(scheduler.run(jobs)), group.create_task(place.sampler.run(f"http://{server.addresses[0]}/metrics"))]
            yield place
            for task in tasks:
                task.cancel()
        await vendor.stop()


def _jobs(play: Play, crowd: Simulator, vendor: Simulator, interval: Seconds) -> list[Job]:
    usual = {"interval": interval, "max_backoff": interval, "stale_after": Seconds(60.0)}
    witnesses = [make_job(crowd.url, player.provider, account="witness", **usual) for player in PLAYERS]
    url = vendor.url.replace(HOST, play.host)
    return [*witnesses, make_job(url, play.provider, account="sick", secret=SECRET, **{**usual, **play.job})]


async def finish(step: Awaitable[None] | None) -> None:
    """Wait for a step, where it takes time."""
    if step is not None:
        await step
