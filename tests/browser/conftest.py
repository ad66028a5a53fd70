"""A real Chromium, and a real server that shows any overview."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from exporter.config.loading import Loaded
from exporter.config.models import Config
from exporter.model import Seconds
from exporter.overview.facts import Overview
from exporter.providers.library import load_definitions
from exporter.web.account_pages import AccountPages
from exporter.web.status.page import StatusPage
from tests.metrics.showcase import showcase
from tests.web import overviews

QUICK = Seconds(0.1)
"""The refresh interval of the page, short enough for a test to wait for it."""


@dataclass
class Stage:
    """What the server shows; a test changes it while the page is open."""

    overview: Overview = field(default_factory=overviews.everything)
    refresh: Seconds = QUICK
    version: str = "1.2.3"
    status: int = 200
    requests: int = 0
    address: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer with the status page."""
        self.requests += 1
        if self.status != 200:
            return web.Response(status=self.status)
        made = StatusPage(telemetry_path="/metrics", refresh=self.refresh).render(self.overview, request.query.items())
        return web.Response(body=made.body, headers=made.headers)

    async def config(self, request: web.Request) -> web.Response:
        """Answer with the page of the configuration."""
        account = {"name": "studio", "provider": "heygen", "credentials": {"api_key": {"env": "HEYGEN_API_KEY"}}}
        loaded = Loaded(Config.model_validate({"accounts": [account]}), load_definitions())
        return await AccountPages(showcase(), self.version, "/metrics", lambda: loaded, lambda _: {}).show_config(request)


@pytest_asyncio.fixture(loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    played = Stage()
    application = web.Application()
    application.router.add_get("/", played.answer)
    application.router.add_get("/config", played.config)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    played.address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield played
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    program = shutil.which("chromium")
    assert program, "chromium is not on the PATH"
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        await launched.close()


Visit = Callable[..., Coroutine[Any, Any, Page]]


@pytest_asyncio.fixture(loop_scope="module")
async def visit(stage: Stage, browser: Browser) -> AsyncIterator[Visit]:
    """Open the page. Any error or warning in the browser fails the test."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    async def open_page(path: str = "", **options: Any) -> Page:
        contexts.append(await browser.new_context(**options))
        page = await contexts[-1].new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{stage.address}{path}")
        return page

    yield open_page
    for context in contexts:
        await context.close()
    # The browser itself reports that a server is unreachable or responds with an error. The page is not at fault.
    assert [complaint for complaint in complaints if not complaint.startswith("Failed to load resource")] == []
