"""The running exporter: it is started, reloads its configuration, and is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from exporter.accounts.persistence import Persistence
from exporter.accounts.shapes import Shapes
from exporter.client.client import Client
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import open_session
from exporter.clock import Clock
from exporter.config.job import build_jobs
from exporter.config.loading import Loaded
from exporter.config.shard import WHOLE, Shard
from exporter.daemon.notify import Notifier
from exporter.daemon.poll_once import new_store
from exporter.daemon.push_manager import PushManager
from exporter.daemon.reload import Reloader
from exporter.daemon.signals import Signals
from exporter.daemon.version import build, user_agent, version
from exporter.errors import Problem
from exporter.metrics.exposition import Exposition
from exporter.model import AccountKey
from exporter.polling.scheduler import Scheduler
from exporter.web.address import Address
from exporter.web.endpoints import Endpoints, make_application
from exporter.web.server import Server
from exporter.web.sockets import bind, inherited
from exporter.web.web_config.access import AccessControl
from exporter.web.web_config.web_config import WebConfig

if TYPE_CHECKING:
    from exporter.web.web_config.file import WebConfigFile

FINISH_TIMEOUT = 1.25
"""How long the stop waits for OAuth refreshes and the last push, in seconds."""
WEB = "web"
"""The store's name for the file of `--web.config.file`."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How the metrics are served, and which accounts are polled."""

    addresses: tuple[Address, ...]
    """Where to listen, unless the sockets are `inherited`."""
    inherits: bool = False
    """Whether to listen on the sockets that systemd passes."""
    telemetry_path: str = "/metrics"
    runtime_metrics: bool = True
    max_requests: int = 0
    shard: Shard = WHOLE
    web_config: WebConfig = field(default_factory=WebConfig)
    web_config_file: WebConfigFile | None = None
    """Reads the web configuration again for a reload; None where there is no file."""


class Daemon:
    """Polls the accounts of a configuration and serves their metrics."""

    def __init__(
        self,
        loaded: Loaded,
        options: ServeOptions,
        environ: Mapping[str, str],
        *,
        read_config: Callable[[], Loaded] | None = None,
        clock: Clock | None = None,
        on_listening: Callable[[list[Address]], None] = lambda _: None,
        on_accounts: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`read_config` reads the configuration again for a reload; without it there is none.

        `on_listening` receives the real addresses, and `on_accounts` how many accounts are polled, at the start and after each reload.
        """
        self._loaded = loaded
        self._options = options
        self._environ = environ
        self._read_config = read_config
        self._clock = clock or Clock()
        self._on_listening = on_listening
        self._on_accounts = on_accounts
        self._shapes = Shapes(self._clock)
        self._jobs = build_jobs(loaded, options.shard)
        self._exposition = Exposition(build(), runtime=options.runtime_metrics, shard=options.shard)
        self._reloaders: list[Reloader[Any]] = []
        self._reload_requested = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._notifier = Notifier.of(environ)

    async def run(self) -> None:
        """Start, then poll and serve until SIGTERM or SIGINT.

        Raises:
            ExporterError: an address cannot be listened on.
            ExceptionGroup: a loop ended with an error; the process must end too, since it would serve old numbers.
        """
        with Signals(self.stop, self._reload_requested.set if self._read_config else None):
            self._task = asyncio.create_task(self._run(), name="daemon")
            await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.result()
        log.info("shutdown finished")

    async def start(self, resources: AsyncExitStack) -> None:
        """Restore the state, listen, and prepare the polls. The resources are closed in reverse order."""
        clock, options = self._clock, self._options
        self._on_accounts(len(self._jobs))
        await self._open_state(resources)
        sockets = inherited(self._environ) if options.inherits else await bind(options.addresses)
        for each in sockets:
            resources.callback(each.close)
        kept = await self._state.restore()
        others = {each.key for each in self._loaded.config.accounts if not options.shard.holds(each.key)}
        await self._state.forget(kept.keys() & others)  # their shards count on: if they come back, nothing may be counted twice
        self._store = new_store(self._jobs, clock, kept, lambda: self._state.writes)
        self._exposition.rows.update(self._store.snapshot())  # now: the first polls would compete with the first page
        self._access = resources.enter_context(closing(AccessControl(options.web_config)))
        session = await resources.enter_async_context(open_session(user_agent()))
        secrets = SecretReader(self._environ)
        client = Client(session, self._environ, clock, secrets, on_response=self._shapes.note)
        self._scheduler = Scheduler(client, self._store, clock, self._keep, secrets)
        self._server = Server(make_application(self._endpoints(), self._access), sockets, options.web_config)
        self._add_reloaders()
        await resources.enter_async_context(self._server)
        self._push_manager = PushManager(self._store, self._exposition, client, secrets, self._server.addresses[0].port)
        self._push_manager.apply(self._loaded.config.push)
        resources.push_async_callback(_finish, client, self._push_manager)
        for reloader in self._reloaders:  # a reload cannot be applied to what is about to end
            resources.callback(reloader.close)
        addresses = " ".join(map(str, self._server.addresses))
        log.info("server listening", addresses=addresses, accounts=len(self._jobs), version=version())
        self._on_listening(self._server.addresses)

    async def reload(self) -> list[Problem]:
        """Read all configuration files again and apply each one that is valid; returns the problems of the others."""
        with self._notifier.reloading():
            return [problem for reloader in self._reloaders for problem in await reloader.reload()]

    def stop(self) -> None:
        """Stop polling, write the state, close all connections. Works at any time, during the start too."""
        if self._task is not None and not self._task.cancelling():
            log.info("shutdown requested")
            self._notifier.stopping()
            for reloader in self._reloaders:
                reloader.close()
            self._task.cancel()

    async def _run(self) -> None:
        async with AsyncExitStack() as resources:
            await self.start(resources)
            self._notifier.ready()
            async with asyncio.TaskGroup() as loops:
                loops.create_task(self._scheduler.run(self._jobs), name="scheduler")
                loops.create_task(self._reload_on_request(), name="hangup")
                loops.create_task(self._notifier.watch(self._clock, lambda: not self._scheduler.dead()), name="watchdog")
                for reloader in self._reloaders:
                    loops.create_task(reloader.watch(), name="watch")

    async def _open_state(self, resources: AsyncExitStack) -> None:
        settings = self._loaded.config.state
        self._state = await Persistence.open(settings.path, self._clock) if settings else Persistence.disabled()
        resources.push_async_callback(self._state.close)

    def _endpoints(self) -> Endpoints:
        options = self._options
        return Endpoints(
            self._store,
            self._exposition,
            version(),
            options.telemetry_path,
            reload=self.reload if self._read_config else None,
            max_requests=options.max_requests,
            dead=self._scheduler.dead,
            config=lambda: self._loaded,
            shapes=self._shapes.of,
        )

    def _add_reloaders(self) -> None:
        """Add one reloader for each file, so that an error in one file does not delay a certificate or an account in the other."""
        store, options = self._store, self._options
        if self._read_config:
            self._reloaders.append(Reloader(self._loaded, self._read_config, self._apply_config, store.refuse_config, self._clock))
        if file := options.web_config_file:
            refuse = partial(store.refuse_config, WEB)
            self._reloaders.append(Reloader(options.web_config, file.reread, partial(self._apply_web_config, file), refuse, self._clock))

    async def _reload_on_request(self) -> None:
        """Reload once for each SIGHUP, or for several that came together."""
        while True:
            await self._reload_requested.wait()
            self._reload_requested.clear()
            await self.reload()

    async def _apply_config(self, loaded: Loaded) -> None:
        """Keep the accounts that stay, add the new ones, remove the others at once. What can fail comes first."""
        jobs = build_jobs(loaded, self._options.shard)
        if loaded.config.state != self._loaded.config.state:
            log.warning("state path needs a restart", remedy="restart the exporter to use another state file")
        self._push_manager.apply(loaded.config.push)
        former, latter = ({job.key for job in of} for of in (self._store.snapshot().jobs, jobs))
        self._store.configure(jobs)
        self._scheduler.apply(jobs)
        self._on_accounts(len(jobs))
        self._shapes.keep({job.key for job in jobs})
        # The state file stays the one that is open.
        self._loaded = replace(loaded, config=loaded.config.model_copy(update={"state": self._loaded.config.state}))
        await self._state.forget(former - latter)
        # An account that was removed shortly ago waits for its next poll, also after a restart.
        for key in (each for each in latter - former if self._store.schedule(each).begun_at is not None):
            await self._keep(key)

    async def _apply_web_config(self, file: WebConfigFile, config: WebConfig) -> None:
        """Use the new users, headers and certificates."""
        self._server.apply(config)
        self._access.apply(config)
        file.applied(config)
        self._store.accept_config(WEB)

    async def _keep(self, key: AccountKey) -> None:
        """Save what is known of an account, and prepare its part of the page."""
        self._exposition.rows.prepare(self._store.snapshot([key]))
        if self._state.usable:
            await self._state.save(key, self._store.record(key))


async def _finish(client: Client, push_manager: PushManager) -> None:
    """Push once more, and wait shortly for OAuth refreshes, because each may hold the only refresh token. What hangs is left behind."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FINISH_TIMEOUT):
            await asyncio.gather(client.close(), push_manager.close())
