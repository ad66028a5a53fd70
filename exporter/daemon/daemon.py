"""The composition root: builds the parts, runs them until told to stop, and stops them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from typing import Any, NamedTuple

import structlog

from exporter.accounts.entry import Record
from exporter.accounts.persistence import Persistence
from exporter.accounts.shard import WHOLE, Shard
from exporter.accounts.store import NOTHING, Store
from exporter.client.client import Client, Job, open_session
from exporter.clock import Clock
from exporter.daemon.jobs import Plan
from exporter.daemon.reload import Reloader
from exporter.daemon.signals import Signals
from exporter.errors import Problem
from exporter.metrics.collector import BUCKETS
from exporter.metrics.exposition import Exposition
from exporter.model import AccountKey
from exporter.polling.scheduler import Scheduler
from exporter.web.address import Address
from exporter.web.server import Server
from exporter.web.site import Site, make_application
from exporter.web.sockets import bind, inherited
from exporter.web.web_config.gate import Gate
from exporter.web.web_config.loading import WebConfig

DISTRIBUTION = "ai-account-exporter"
REVISION_VARIABLE = "AI_ACCOUNT_EXPORTER_REVISION"
POLLS_AT_ONCE = 20
SETTLE_TIME = 1.5
WEB = "web"
"""What the store calls the file of `--web.config.file`."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How the page is served."""

    addresses: tuple[Address, ...]
    """Where to listen; what systemd handed over is used instead if `inherits`."""
    inherits: bool = False
    telemetry_path: str = "/metrics"
    runtime_metrics: bool = True
    max_requests: int = 0
    shard: Shard = WHOLE
    web_config: WebConfig = field(default_factory=WebConfig)
    """TLS, users and the like."""
    reread_web_config: Callable[[], WebConfig] | None = None


def version() -> str:
    """The installed version."""
    return metadata.version(DISTRIBUTION)


def build() -> tuple[str, str]:
    """Version and source revision; the revision is baked into images, and empty elsewhere."""
    return version(), os.environ.get(REVISION_VARIABLE, "")


def new_store(jobs: Iterable[Job], clock: Clock, kept: Mapping[AccountKey, Record] = NOTHING) -> Store:
    """Return a store of these accounts, with what was kept of them."""
    return Store(jobs, BUCKETS, clock, kept)


async def poll_once(jobs: Sequence[Job], environ: Mapping[str, str], clock: Clock | None = None) -> Store:
    """Poll every account once, some at a time, and return what is then known."""
    clock = clock or Clock()
    store = new_store(jobs, clock)
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
    state: Persistence


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
    signals = Signals()
    state = await Persistence.open(plan.state_path) if plan.state_path else Persistence.disabled()
    try:
        await _serve(_Parts(plan, options, environ, reread, clock or Clock(), announce, state), signals)
    finally:
        await state.close()
    log.info("shutdown finished")


async def _serve(parts: _Parts, signals: Signals) -> None:
    plan, options, clock, state = parts.plan, parts.options, parts.clock, parts.state
    sockets = inherited(parts.environ) if options.inherits else await bind(options.addresses)
    store = new_store(plan.jobs, clock, await state.restore())
    with closing(Gate(options.web_config)) as gate:
        async with open_session(_user_agent()) as session:
            client = Client(session, parts.environ, clock)
            scheduler = Scheduler(client, store, clock, _keeper(state, store))
            reloaders: list[Reloader[Any]] = []
            site = _site(parts, store, scheduler, _reload_all(reloaders) if parts.reread else None)
            async with Server(make_application(site, gate), sockets, options.web_config.ssl_context()) as server:
                reloaders += _reloaders(parts, store, _applier(store, scheduler, state), _web_applier(store, gate, server))
                log.info("server listening", addresses=" ".join(map(str, server.addresses)), accounts=len(plan.jobs), version=version())
                parts.announce(server.addresses)
                await _run_until_stopped(signals, scheduler.run(plan.jobs), reloaders, clock)
                await _settle(client)


def _site(parts: _Parts, store: Store, scheduler: Scheduler, reload: Callable[[], Awaitable[Sequence[Problem]]] | None) -> Site:
    options = parts.options
    return Site(
        store,
        Exposition(build(), runtime=options.runtime_metrics, shard=options.shard),
        version(),
        options.telemetry_path,
        reload=reload,
        max_requests=options.max_requests,
        dead=scheduler.dead,
    )


def _reloaders(
    parts: _Parts, store: Store, apply: Callable[[Plan], Awaitable[None]], apply_web: Callable[[WebConfig], Awaitable[None]]
) -> Iterator[Reloader[Any]]:
    """One for each file, so that a mistake in one does not hold up a certificate or an account of the other."""
    if parts.reread:
        yield Reloader(parts.plan, parts.reread, apply, store.refuse_config)
    if parts.options.reread_web_config:
        yield Reloader(parts.options.web_config, parts.options.reread_web_config, apply_web, partial(store.refuse_config, WEB))


def _reload_all(reloaders: Iterable[Reloader[Any]]) -> Callable[[], Awaitable[Sequence[Problem]]]:
    async def reload() -> list[Problem]:
        return [problem for reloader in reloaders for problem in await reloader.reload()]

    return reload


async def _run_until_stopped(
    signals: Signals, polling: Coroutine[None, None, None], reloaders: Sequence[Reloader[Any]], clock: Clock
) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(polling, name="scheduler")]
        tasks += [group.create_task(reloader.watch(clock), name="watch") for reloader in reloaders]
        if reloaders:
            tasks.append(group.create_task(signals.on_hangup(_reload_all(reloaders)), name="hangup"))
        await signals.stop.wait()
        log.info("shutdown requested")
        for task in tasks:
            task.cancel()


async def _settle(client: Client) -> None:
    """Give a renewal of a login a moment to bring its token home; the end must not wait for a vendor that hangs."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_TIME):
            await client.close()


def _keeper(state: Persistence, store: Store) -> Callable[[AccountKey], Awaitable[None]]:
    async def keep(key: AccountKey) -> None:
        await state.save(key, store.record(key))

    return keep


def _applier(store: Store, scheduler: Scheduler, state: Persistence) -> Callable[[Plan], Awaitable[None]]:
    """Takes over a plan: what stays goes on, what is gone vanishes at once."""

    async def apply(plan: Plan) -> None:
        before = {job.key for job in store.snapshot().jobs}
        store.configure(plan.jobs)
        scheduler.apply(plan.jobs)
        await state.forget(before - {job.key for job in plan.jobs})

    return apply


def _web_applier(store: Store, gate: Gate, server: Server) -> Callable[[WebConfig], Awaitable[None]]:
    """Takes over users, headers and certificates; connections that are open go on."""

    async def apply(config: WebConfig) -> None:
        await server.use(config.ssl_context())
        gate.config = config
        store.accept_config(WEB)

    return apply


def _user_agent() -> str:
    return f"{DISTRIBUTION}/{version()}"
