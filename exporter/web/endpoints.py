"""The paths of the server; every other path is 404. No handler sends a request to a vendor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from exporter.accounts.shapes import GetShapes
from exporter.accounts.store import Store
from exporter.errors import Problem
from exporter.metrics.exposition import Exposition
from exporter.metrics.negotiation import negotiate
from exporter.web.account_pages import AccountPages, GetConfig
from exporter.web.connection import note_request
from exporter.web.limits import limit_in_flight
from exporter.web.scrapes import Blocks, Scrapes
from exporter.web.web_config.access import AccessControl

_OWN_SITE: Final = {"same-origin", "none"}


@dataclass(frozen=True)
class Endpoints:
    """What the server serves."""

    store: Store
    exposition: Exposition
    version: str
    telemetry_path: str = "/metrics"
    reload: Callable[[], Awaitable[Sequence[Problem]]] | None = None
    """Rereads the configuration and returns its problems; None if there is no configuration file."""
    max_requests: int = 0
    """How many requests for each page, and how many reloads, may be in progress at once; 0 is no limit."""
    dead: Callable[[], Sequence[str]] = tuple
    """Names the loops that have ended though they should run until the end."""
    config: GetConfig | None = None
    shapes: GetShapes = lambda _: {}

    @cached_property
    def _scrapes(self) -> Scrapes:
        return Scrapes(self.store, self.exposition)

    @cached_property
    def account_pages(self) -> AccountPages:
        """The pages about the accounts."""
        return AccountPages(self.store, self.version, self.telemetry_path, self.config, self.shapes)

    async def metrics(self, request: web.Request) -> web.Response:
        """Return the metrics in the requested format, for the requested families."""
        accept, encoding = (", ".join(request.headers.getall(name, ())) for name in (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING))
        negotiated = negotiate(accept, encoding, request.query.getall("name[]", ()))
        page = await self._scrapes.get(negotiated)
        is_small = len(page.content.blocks) == 1
        return web.Response(body=page.body if is_small else Blocks(page.content), headers=page.headers)

    async def healthy(self, _request: web.Request) -> web.Response:
        """Return 200 while the event loop runs and no other loop has ended."""
        if dead := self.dead():
            return web.Response(text=f"not running: {', '.join(dead)}\n", status=503)
        return web.Response(text="healthy\n")

    async def ready(self, _request: web.Request) -> web.Response:
        """Return 200 when every account has been polled at least once, successfully or not."""
        entries = self.store.snapshot().entries
        accounts = f"{len(entries)} {'account' if len(entries) == 1 else 'accounts'}"
        if waiting := sum(not entry.polls for entry in entries):
            return web.Response(text=f"waiting for the first poll of {waiting} of {accounts}\n", status=503)
        return web.Response(text=f"{accounts} polled\n")

    async def reload_config(self, request: web.Request) -> web.Response:
        """Return 200 when the new configuration is in effect; 500 with its problems if the previous one stays in effect."""
        if _is_cross_origin(request):
            return web.Response(text="reload refused: the request comes from another site\n", status=403)
        problems = await self.reload() if self.reload else ()
        if problems:
            count = f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'}"
            lines = [f"configuration rejected, the previous one stays in effect; {count}:", *map(str, problems)]
            return web.Response(text="".join(f"{line}\n" for line in lines), status=500)
        return web.Response(text="reloaded\n")


def make_application(endpoints: Endpoints, access: AccessControl | None = None) -> web.Application:
    """Lay out routes and middlewares: a request passes access control before it is routed or found to be 404."""
    application = web.Application(middlewares=[note_request, access.middleware] if access else [note_request])
    router, limit = application.router, endpoints.max_requests
    about = endpoints.account_pages
    pages: dict[str, Handler] = {"/": about.status, "/config": about.show_config, "/api/v1/accounts": about.accounts}
    pages[endpoints.telemetry_path] = endpoints.metrics  # last: the operator may choose a path that has another page
    for path, handler in pages.items():
        router.add_get(path, limit_in_flight(handler, limit))
    router.add_get("/-/healthy", endpoints.healthy)
    router.add_get("/-/ready", endpoints.ready)
    if endpoints.reload is not None:
        reload = limit_in_flight(endpoints.reload_config, limit)
        router.add_post("/-/reload", reload)
        router.add_put("/-/reload", reload)
    return application


def _is_cross_origin(request: web.Request) -> bool:
    """Whether a page of another site sent the request, by the rule of Go's `http.CrossOriginProtection`."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in _OWN_SITE
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is not None and _host_of(origin) != request.headers.get(hdrs.HOST, "")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
