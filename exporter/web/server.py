"""/metrics, /-/healthy, /-/ready and a landing page; everything else is 404. Nothing here asks a vendor."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Self

from aiohttp import hdrs, web

from exporter.errors import ExporterError, Problem
from exporter.metrics.exposition import Exposition
from exporter.store import Store
from exporter.web.address import Address

SHUTDOWN_TIMEOUT = 1.0
"""How long open connections may finish, in seconds."""

_LANDING = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>AI Account Exporter</title></head>
<body>
<h1>AI Account Exporter</h1>
<p>Version {version}. {state}</p>
<ul>
<li><a href="{telemetry_path}">{telemetry_path}</a>: metrics for Prometheus</li>
<li><a href="/-/healthy">/-/healthy</a>: the process lives</li>
<li><a href="/-/ready">/-/ready</a>: every account was polled once</li>
</ul>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Site:
    """What the server serves."""

    store: Store
    exposition: Exposition
    version: str
    telemetry_path: str = "/metrics"
    reload: Callable[[], Awaitable[Sequence[Problem]]] | None = None
    """Rereads the configuration and returns what is wrong with it; None where there is nothing to reread."""
    _threads: Executor = field(init=False, repr=False, default_factory=lambda: ThreadPoolExecutor(1, "page"))
    """One thread for pages alone: in the common pool a scrape could wait for a name server."""

    async def metrics(self, request: web.Request) -> web.Response:
        """Render in a thread: a large page must not hold up the polls."""
        accept, encoding = (", ".join(request.headers.getall(name, ())) for name in (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING))
        loop, snapshot = asyncio.get_running_loop(), self.store.snapshot()
        page = await loop.run_in_executor(self._threads, self.exposition.render, snapshot, accept, encoding)
        return web.Response(body=page.body, headers=page.headers)

    async def healthy(self, _request: web.Request) -> web.Response:
        """Answer: whoever can, lives."""
        return web.Response(text="healthy\n")

    async def ready(self, _request: web.Request) -> web.Response:
        """200 once every account was polled, well or badly."""
        waiting, message = self._state()
        return web.Response(text=f"{message}\n", status=503 if waiting else 200)

    async def reread(self, _request: web.Request) -> web.Response:
        """200 once the new configuration is in force; 500 with all that is wrong, while the old one goes on."""
        problems = await self.reload() if self.reload else ()
        if problems:
            lines = [f"the configuration was refused, and the former one goes on; {len(problems)} wrong:", *map(str, problems)]
            return web.Response(text="".join(f"{line}\n" for line in lines), status=500)
        return web.Response(text="reloaded\n")

    async def landing(self, _request: web.Request) -> web.Response:
        """Links to the rest."""
        page = _LANDING.format(version=html.escape(self.version), state=self._state()[1], telemetry_path=html.escape(self.telemetry_path))
        return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": "default-src 'none'"})

    def _state(self) -> tuple[bool, str]:
        entries = self.store.snapshot().entries
        waiting = sum(not entry.polls for entry in entries)
        return bool(
            waiting
        ), f"waiting for the first poll of {waiting} of {len(entries)} accounts" if waiting else f"{len(entries)} accounts polled"


def make_application(site: Site) -> web.Application:
    """Lay out the routes."""
    application = web.Application()
    application.router.add_get("/", site.landing)
    application.router.add_get(site.telemetry_path, site.metrics)
    application.router.add_get("/-/healthy", site.healthy)
    application.router.add_get("/-/ready", site.ready)
    if site.reload is not None:
        application.router.add_post("/-/reload", site.reread)
        application.router.add_put("/-/reload", site.reread)
    application.on_response_prepare.append(_name_the_server)
    return application


async def _name_the_server(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers[hdrs.SERVER] = "ai-account-exporter"  # instead of the versions of Python and aiohttp
    response.headers["X-Content-Type-Options"] = "nosniff"


class Server:
    """Listens as long as its context lasts."""

    def __init__(self, application: web.Application, addresses: Iterable[Address]) -> None:
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT)
        self._addresses = tuple(addresses)

    @property
    def addresses(self) -> list[Address]:
        """Where it really listens: the ports that the system chose in place of 0."""
        return [Address(*address[:2]) for address in self._runner.addresses]

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        for address in self._addresses:
            try:
                await web.TCPSite(self._runner, address.host, address.port).start()
            except (OSError, UnicodeError) as error:
                await self._runner.cleanup()
                why = error.strerror if isinstance(error, OSError) else "this is no host name"
                raise ExporterError(f"cannot listen on {address}: {why}") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
