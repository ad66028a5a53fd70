"""What there is to ask for, and what is answered; everything else is 404. Nothing here asks a vendor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from exporter.accounts.store import Store
from exporter.errors import Problem
from exporter.metrics.exposition import Exposition
from exporter.metrics.negotiation import negotiate
from exporter.overview.build import build_overview
from exporter.overview.encoding import encode
from exporter.web.connections import deliver
from exporter.web.pages import Pages
from exporter.web.status.page import StatusPage
from exporter.web.web_config.gate import Gate


@dataclass(frozen=True, slots=True)
class Site:
    """What the server serves."""

    store: Store
    exposition: Exposition
    version: str
    telemetry_path: str = "/metrics"
    reload: Callable[[], Awaitable[Sequence[Problem]]] | None = None
    """Rereads the configuration and returns what is wrong with it; None where there is nothing to reread."""
    max_requests: int = 0
    """How many requests for each of the larger pages may be under way at once; 0 for any number."""
    dead: Callable[[], Sequence[str]] = tuple
    """Names the loops that have ended though they should run for ever."""
    _pages: Pages = field(init=False, repr=False, default_factory=Pages)
    _views: Pages = field(init=False, repr=False, default_factory=Pages)
    """Made in a thread of their own: Prometheus does not wait for people."""
    _status: StatusPage = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_status", StatusPage(telemetry_path=self.telemetry_path))

    async def metrics(self, request: web.Request) -> web.Response:
        """Give a page of one moment, in the format and of the families that were asked for."""
        snapshot = self.store.snapshot()
        accept, encoding = (", ".join(request.headers.getall(name, ())) for name in (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING))
        negotiated = negotiate(accept, encoding, request.query.getall("name[]", ()))
        page = await self._pages.get(negotiated, snapshot.generation, lambda: self.exposition.render(snapshot, negotiated))
        return web.Response(body=page.body, headers=page.headers)

    async def accounts(self, _request: web.Request) -> web.Response:
        """All that is known of the accounts, as JSON."""
        snapshot = self.store.snapshot()
        body = await self._views.get("accounts", snapshot.generation, lambda: encode(build_overview(snapshot, self.version)))
        return web.Response(body=body, content_type="application/json", headers={hdrs.CACHE_CONTROL: "no-store"})

    async def status(self, request: web.Request) -> web.Response:
        """Show the same facts to people."""
        snapshot, wanted = self.store.snapshot(), request.query.get("filter", "")
        page = await self._views.get(
            ("status", wanted), snapshot.generation, lambda: self._status.render(build_overview(snapshot, self.version), wanted=wanted)
        )
        return web.Response(body=page.body, headers=page.headers)

    async def healthy(self, _request: web.Request) -> web.Response:
        """200 from a process whose event loop turns, as the answer shows, and of whose loops none has ended."""
        if dead := self.dead():
            return web.Response(text=f"ended though it should not have: {', '.join(dead)}\n", status=503)
        return web.Response(text="healthy\n")

    async def ready(self, _request: web.Request) -> web.Response:
        """200 once every account was polled, well or badly."""
        entries = self.store.snapshot().entries
        if waiting := sum(not entry.polls for entry in entries):
            return web.Response(text=f"waiting for the first poll of {waiting} of {len(entries)} accounts\n", status=503)
        return web.Response(text=f"{len(entries)} accounts polled\n")

    async def reread(self, _request: web.Request) -> web.Response:
        """200 once the new configuration is in force; 500 with all that is wrong, while the old one goes on."""
        problems = await self.reload() if self.reload else ()
        if problems:
            lines = [f"the configuration was refused, and the former one goes on; {len(problems)} wrong:", *map(str, problems)]
            return web.Response(text="".join(f"{line}\n" for line in lines), status=500)
        return web.Response(text="reloaded\n")


def make_application(site: Site, gate: Gate | None = None) -> web.Application:
    """Lay out the routes; the gate stands before all of them, and before what is no route."""
    application = web.Application(middlewares=[gate.middleware] if gate else ())
    for path, handler in {"/": site.status, "/api/v1/accounts": site.accounts, site.telemetry_path: site.metrics}.items():
        application.router.add_get(path, _limited(handler, site.max_requests))
    application.router.add_get("/-/healthy", site.healthy)
    application.router.add_get("/-/ready", site.ready)
    if site.reload is not None:
        application.router.add_post("/-/reload", site.reread)
        application.router.add_put("/-/reload", site.reread)
    application.on_response_prepare.append(_name_the_server)
    if gate:
        application.on_response_prepare.append(gate.on_response_prepare)
    return application


def _limited(handler: Handler, most: int) -> Handler:
    """Turn away requests beyond a number at once, as the exporters in Go do it with scrapes."""
    under_way = 0

    async def limited(request: web.Request) -> web.StreamResponse:
        nonlocal under_way
        if most and under_way >= most:
            return web.Response(text=f"{most} such requests are under way already; --web.max-requests allows no more\n", status=503)
        under_way += 1
        try:
            response = await handler(request)
            await deliver(request, response)  # what is still being read is under way
            return response
        finally:
            under_way -= 1

    return limited


async def _name_the_server(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers[hdrs.SERVER] = "ai-account-exporter"  # instead of the versions of Python and aiohttp
    response.headers["X-Content-Type-Options"] = "nosniff"
