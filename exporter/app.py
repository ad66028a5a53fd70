"""The composition root: builds the parts, runs them until told to stop, and stops them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from typing import NamedTuple, NoReturn

import structlog

from exporter.metrics.collector import BUCKETS
from exporter.metrics.exposition import Exposition
from exporter.model import AccountKey
from exporter.plan import Plan, new_entries
from exporter.polling.client import Client, Job, open_session
from exporter.polling.scheduler import Scheduler
from exporter.polling.timing import Clock
from exporter.reload import Reloader
from exporter.state import State
from exporter.store import Entry, Store
from exporter.web.address import Address
from exporter.web.server import Server, Site, make_application

DISTRIBUTION = "ai-account-exporter"
REVISION_VARIABLE = "AI_ACCOUNT_EXPORTER_REVISION"
POLLS_AT_ONCE = 20
SETTLE_TIME = 1.5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How the page is served."""

    addresses: tuple[Address, ...]
    telemetry_path: str = "/metrics"
    runtime_metrics: bool = True


def version() -> str:
    """The installed version."""
    return metadata.version(DISTRIBUTION)


def build() -> tuple[str, str]:
    """Version and source revision; the revision is baked into images, and empty elsewhere."""
    return version(), os.environ.get(REVISION_VARIABLE, "")


def new_store(jobs: Iterable[Job], started: float = 0.0, kept: Mapping[AccountKey, Entry] | None = None) -> Store:
    """A store of these accounts."""
    return Store(new_entries(jobs, kept), BUCKETS, started)


async def poll_once(jobs: Sequence[Job], environ: Mapping[str, str], clock: Clock | None = None) -> Store:
    """Poll every account once, some at a time, and return what is then known."""
    clock = clock or Clock()
    store = new_store(jobs, clock.now())
    async with open_session(_user_agent()) as session:
        client = Client(session, environ, clock)
        scheduler = Scheduler(client, store, clock)
        places = asyncio.Semaphore(POLLS_AT_ONCE)

        async def poll(job: Job) -> None:
            async with places:
                await scheduler.poll_once(job)

        async with asyncio.TaskGroup() as tasks:
            for job in jobs:
                tasks.create_task(poll(job))
        await client.close()
    return store


class _Parts(NamedTuple):
    """What `serve` was given, with the state opened."""

    plan: Plan
    options: ServeOptions
    environ: Mapping[str, str]
    reread: Callable[[], Plan] | None
    clock: Clock
    announce: Callable[[list[Address]], None]
    state: State


async def serve(
    plan: Plan,
    options: ServeOptions,
    environ: Mapping[str, str],
    *,
    reread: Callable[[], Plan] | None = None,
    clock: Clock | None = None,
    announce: Callable[[list[Address]], None] = lambda _: None,
) -> None:
    """Poll and serve until SIGTERM or SIGINT. `reread` reads the plan again for a reload; `announce` is told where the server listens.

    Raises:
        ExporterError: an address cannot be listened on.
        ExceptionGroup: a loop died; the process should end too, since it would serve old numbers.
    """
    signals = _Signals()
    state = await State.open(plan.state_path) if plan.state_path else State.disabled()
    try:
        await _serve(_Parts(plan, options, environ, reread, clock or Clock(), announce, state), signals)
    finally:
        await state.close()
    log.info("shutdown finished")


async def _serve(parts: _Parts, signals: _Signals) -> None:
    plan, clock, state = parts.plan, parts.clock, parts.state
    store = new_store(plan.jobs, clock.now(), await state.restore())
    async with open_session(_user_agent()) as session:
        client = Client(session, parts.environ, clock)
        scheduler = Scheduler(client, store, clock, _keeper(state, clock))
        apply = _applier(store, scheduler, state, clock)
        reloader = Reloader(parts.reread, apply, store.refuse_config, plan.files) if parts.reread else None
        exposition = Exposition(clock.now, build(), runtime=parts.options.runtime_metrics, correction=clock.correction)
        site = Site(store, exposition, version(), parts.options.telemetry_path, reloader.reload if reloader else None)
        async with Server(make_application(site), parts.options.addresses) as server:
            log.info("server listening", addresses=" ".join(map(str, server.addresses)), accounts=len(plan.jobs), version=version())
            parts.announce(server.addresses)
            await _run_until_stopped(signals, scheduler.run(plan.jobs), reloader, clock)
            await _settle(client)


async def _run_until_stopped(
    signals: _Signals, polling: Coroutine[None, None, None], reloader: Reloader[Plan] | None, clock: Clock
) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(polling, name="scheduler")]
        if reloader:
            tasks += [
                group.create_task(reloader.watch(clock), name="watch"),
                group.create_task(signals.on_hangup(reloader.reload), name="hangup"),
            ]
        await signals.stop.wait()
        log.info("shutdown requested")
        for task in tasks:
            task.cancel()


async def _settle(client: Client) -> None:
    """Give a renewal of a login a moment to bring its token home; the end must not wait for a vendor that hangs."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_TIME):
            await client.close()


def _keeper(state: State, clock: Clock) -> Callable[[Entry], Awaitable[None]]:
    """Keeps entries in the wall clock's time, which is all that the next process has."""

    async def keep(entry: Entry) -> None:
        await state.save(entry.shifted(clock.correction()))

    return keep


def _applier(store: Store, scheduler: Scheduler, state: State, clock: Clock) -> Callable[[Plan], Awaitable[None]]:
    """Takes over a plan: what stays goes on, what is gone vanishes at once."""

    async def apply(plan: Plan) -> None:
        before = {entry.key for entry in store.snapshot().entries}
        store.configure(new_entries(plan.jobs), clock.now())
        scheduler.apply(plan.jobs)
        await state.forget(before - {job.key for job in plan.jobs})

    return apply


class _Signals:
    """SIGTERM and SIGINT stop, SIGHUP reloads."""

    def __init__(self) -> None:
        self.stop, self._hangup = asyncio.Event(), asyncio.Event()
        for number, event in ((signal.SIGTERM, self.stop), (signal.SIGINT, self.stop), (signal.SIGHUP, self._hangup)):
            asyncio.get_running_loop().add_signal_handler(number, event.set)

    async def on_hangup(self, act: Callable[[], Awaitable[object]]) -> NoReturn:
        """Act once for each signal, or for several that came together."""
        while True:
            await self._hangup.wait()
            self._hangup.clear()
            await act()


def _user_agent() -> str:
    return f"{DISTRIBUTION}/{version()}"
