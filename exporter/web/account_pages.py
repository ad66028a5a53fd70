"""The pages about the accounts: the status page, the API and the configuration. They are rendered in a thread of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from aiohttp import hdrs, web

from exporter.accounts.shapes import GetShapes
from exporter.accounts.snapshot import Snapshot
from exporter.accounts.store import Store
from exporter.config.loading import Loaded
from exporter.validation.document import write_document
from exporter.web.page_cache import PageCache

if TYPE_CHECKING:
    from exporter.overview.facts import Overview
    from exporter.overview.outlook import Outlooks
    from exporter.web.status.layout import HtmlPage
    from exporter.web.status.page import StatusPage

T = TypeVar("T")

Parameters = tuple[tuple[str, str], ...]
"""Names and values of the query of a URL."""
GetConfig = Callable[[], Loaded]
"""Returns the configuration in effect."""


class AccountPages:
    """Serves the pages. What renders them is imported at the first request, in the thread that renders."""

    def __init__(self, store: Store, version: str, telemetry_path: str, config: GetConfig | None, shapes: GetShapes) -> None:
        self._store = store
        self._version = version
        self._telemetry_path = telemetry_path
        self._config = config
        self._shapes = shapes

    @cached_property
    def _pages(self) -> PageCache:
        """Renders in a thread of its own, so Prometheus does not wait for browsers."""
        return PageCache()

    @cached_property
    def _outlooks(self) -> Outlooks:
        from exporter.overview.outlook import Outlooks

        return Outlooks()

    @cached_property
    def _status_page(self) -> StatusPage:
        from exporter.web.status.page import StatusPage

        return StatusPage(telemetry_path=self._telemetry_path, has_config=self._config is not None)

    async def accounts(self, request: web.Request) -> web.Response:
        """Return the facts about the accounts that the query asks for as JSON; 400 with the problems of the query."""
        body, status = await self._rendered("accounts", request, _render_accounts)
        return web.Response(body=body, status=status, content_type="application/json", headers={hdrs.CACHE_CONTROL: "no-store"})

    async def status(self, request: web.Request) -> web.Response:
        """Return the status page."""
        page = await self._rendered("status", request, self._render_status)
        return web.Response(body=page.body, headers=page.headers)

    async def show_config(self, _request: web.Request) -> web.Response:
        """Return the configuration in effect, without secrets."""
        if (config := self._config) is None:
            raise web.HTTPNotFound
        page = await self._pages.get("config", self._store.snapshot(()).generation, lambda: self._render_config(config()))
        return web.Response(body=page.body, headers=page.headers)

    async def _rendered(self, kind: str, request: web.Request, render: Callable[[Overview, Parameters], T]) -> T:
        """Return a page about the accounts. The facts are computed once for all pages of one moment."""
        snapshot, parameters = self._store.snapshot(), tuple(request.query.items())
        overview = await self._pages.get("overview", snapshot.generation, lambda: self._build(snapshot))
        version = (snapshot.generation, overview.generated_at)
        return await self._pages.get((kind, parameters), version, lambda: render(overview, parameters))

    def _build(self, snapshot: Snapshot) -> Overview:
        from exporter.overview.build import build_overview

        return build_overview(snapshot, self._version, self._outlooks)

    def _render_status(self, overview: Overview, parameters: Parameters) -> HtmlPage:
        return self._status_page.render(overview, parameters, shapes=self._shapes)

    def _render_config(self, loaded: Loaded) -> HtmlPage:
        from exporter.config.redacted import redacted
        from exporter.web.status.layout import Layout

        layout = Layout("config.html.j2", telemetry_path=self._telemetry_path, has_config=True)
        return layout.render(version=self._version, text=write_document(redacted(loaded)))


def _render_accounts(overview: Overview, parameters: Parameters) -> tuple[bytes, int]:
    from exporter.overview.encoding import encode, encode_problems
    from exporter.overview.query import parse_query

    query = parse_query(parameters, overview)
    return (encode_problems(query.problems), 400) if query.problems else (encode(query.select(overview)), 200)
