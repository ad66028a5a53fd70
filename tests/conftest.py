"""Fixtures for many tests: simulated vendors, jobs that poll them, and a clock that only tests move."""

from __future__ import annotations

import gc
import importlib
import io
import pkgutil
import socket
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from hypothesis import settings

import exporter
from exporter.client.client import Client
from exporter.client.transport import open_session
from exporter.config.job import Job
from exporter.log import configure_log
from exporter.simulator.simulator import Simulator
from tests.support import ACCOUNTS, FakeClock, MakeJob, make_job

settings.register_profile("shared machine", deadline=None)  # the time of an example depends on the load
settings.load_profile("shared machine")


HERE = Path(__file__).parent
UNMEASURED = {"alertmanager", "grafana", "helm", "image", "prometheus", "release"}
"""The folders with tests of files that the exporter does not run."""


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Exclude modules and tests from the collection of garbage: they stay until the end, and every full one would visit them all."""
    gc.disable()
    try:
        return (yield from _without_coverage(session))
    finally:
        gc.enable()
        gc.freeze()


def pytest_unconfigure() -> None:
    """Let the end of the process collect modules again: CPython 3.11 can crash there with frozen objects."""
    gc.unfreeze()


def _without_coverage(session: pytest.Session) -> Generator[None, object, object]:
    """Import the exporter with coverage, and all tests without it: rewriting their asserts takes much longer with coverage."""
    plugin = session.config.pluginmanager.getplugin("_cov")
    if plugin is None or plugin.cov_controller is None:
        return (yield)
    for module in pkgutil.walk_packages(exporter.__path__, "exporter."):
        if module.name != "exporter.__main__":
            importlib.import_module(module.name)
    plugin.cov_controller.pause()
    try:
        return (yield)
    finally:
        plugin.cov_controller.resume()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run hundreds of examples without coverage, which doubles their time. Tests with fixed examples cover the same lines."""
    for item in items:
        if item.get_closest_marker("hypothesis") or item.path.relative_to(HERE).parts[0] in UNMEASURED:
            item.add_marker("no_cover")


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Fail on every connection to another machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in {"127.0.0.1", "::1"}:
            raise AssertionError(f"a test wants to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True)
def fresh_log() -> Iterator[None]:
    """Reset the log configuration around each test."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture
def log() -> io.StringIO:
    """The log from now on."""
    stream = io.StringIO()
    configure_log("debug", "logfmt", stream)
    return stream


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """One account without a fault at each vendor."""
    async with Simulator(ACCOUNTS) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A session with the daemon's connection settings."""
    async with open_session("ai-account-exporter/test") as opened:
        yield opened


@pytest.fixture
def client(session: aiohttp.ClientSession) -> Client:
    """The daemon's client, with an empty environment."""
    return Client(session, {}, FakeClock().clock)


@pytest.fixture
def clock() -> FakeClock:
    """A clock that only the test moves."""
    return FakeClock()


@pytest.fixture
def job(simulator: Simulator) -> MakeJob:
    """Makes jobs for the simulated vendors."""

    def make(provider: str = "liveavatar", **changes: Any) -> Job:
        return make_job(simulator.url, provider, **changes)

    return make


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the notifications that arrived. It is here because the parent of the workers reads no deeper folder."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, text in getattr(report, "user_properties", ()):
            if name == "notifications" and report.when == "call":
                terminalreporter.section(f"notifications as they were received: {report.nodeid.partition('::')[2]}")
                terminalreporter.write_line(str(text))
