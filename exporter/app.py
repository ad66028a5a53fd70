"""The composition root: builds the parts, runs them until told to stop, and stops them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata

import structlog

from exporter.config.models import Config, Limits
from exporter.metrics.collector import BUCKETS
from exporter.metrics.exposition import Exposition
from exporter.model import Seconds
from exporter.polling.client import Client, Job, open_session
from exporter.polling.scheduler import Scheduler
from exporter.polling.timing import Clock
from exporter.providers.definition import Definition
from exporter.store import Entry, Store
from exporter.web.address import Address
from exporter.web.server import Server, Site, make_application

DISTRIBUTION = "ai-account-exporter"
REVISION_VARIABLE = "AI_ACCOUNT_EXPORTER_REVISION"
POLLS_AT_ONCE = 20

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


def build_jobs(config: Config, definitions: Mapping[str, Definition]) -> list[Job]:
    """One job an account, with everything resolved that the configuration leaves to defaults."""
    jobs = []
    for account in config.accounts:
        definition = definitions[account.provider]
        timing = config.timing(account)
        limits = config.providers.get(account.provider, Limits())
        [(credential, secret)] = account.credentials.items()
        jobs.append(
            Job(
                key=account.key,
                definition=definition,
                base_url=account.base_url or definition.regions.get(account.region or "", definition.base_url),
                credential=definition.credentials[credential],
                secret=secret,
                labels=account.labels,
                interval=timing.interval,
                timeout=timing.timeout,
                stale_after=timing.stale_after or Seconds(3 * timing.interval),
                max_backoff=timing.max_backoff,
                max_retry_after=timing.max_retry_after,
                min_interval=timing.min_interval,
                max_requests_per_minute=limits.max_requests_per_minute,
                max_concurrent_requests=limits.max_concurrent_requests,
            )
        )
    return jobs


def new_store(jobs: Iterable[Job], started: float = 0.0) -> Store:
    """A store that knows the accounts and nothing about them yet."""
    return Store((Entry(job.key, job.labels, job.stale_after, job.interval) for job in jobs), BUCKETS, started)


async def poll_once(jobs: Sequence[Job], environ: Mapping[str, str], clock: Clock | None = None) -> Store:
    """Poll every account once, some at a time, and return what is then known."""
    clock = clock or Clock()
    store = new_store(jobs, clock.now())
    async with open_session(_user_agent()) as session:
        scheduler = Scheduler(Client(session, environ, clock), store, clock)
        places = asyncio.Semaphore(POLLS_AT_ONCE)

        async def poll(job: Job) -> None:
            async with places:
                await scheduler.poll_once(job)

        async with asyncio.TaskGroup() as tasks:
            for job in jobs:
                tasks.create_task(poll(job))
    return store


async def serve(
    jobs: Sequence[Job],
    options: ServeOptions,
    environ: Mapping[str, str],
    *,
    clock: Clock | None = None,
    announce: Callable[[list[Address]], None] = lambda _: None,
) -> None:
    """Poll and serve until SIGTERM or SIGINT. `announce` is told where the server listens.

    Raises:
        ExporterError: an address cannot be listened on.
        ExceptionGroup: a loop died; the process should end too, since it would serve old numbers.
    """
    clock = clock or Clock()
    store = new_store(jobs, clock.now())
    exposition = Exposition(clock.now, build(), runtime=options.runtime_metrics, correction=clock.correction)
    site = Site(store, exposition, version(), options.telemetry_path)
    stop = _stop_signals()
    async with open_session(_user_agent()) as session, Server(make_application(site), options.addresses) as server:
        log.info("server listening", addresses=" ".join(map(str, server.addresses)), accounts=len(jobs), version=version())
        announce(server.addresses)
        await _run_until(stop, Scheduler(Client(session, environ, clock), store, clock).run(jobs))
    log.info("shutdown finished")


async def _run_until(stop: asyncio.Event, polling: Coroutine[None, None, None]) -> None:
    async with asyncio.TaskGroup() as tasks:
        scheduler = tasks.create_task(polling, name="scheduler")
        await stop.wait()
        log.info("shutdown requested")
        scheduler.cancel()


def _stop_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _user_agent() -> str:
    return f"{DISTRIBUTION}/{version()}"
