"""Daemons as processes: their accounts and configuration, and what their pages and vendors show."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from exporter.simulator.elevenlabs import Workspace
from exporter.simulator.heygen import Wallet
from exporter.simulator.liveavatar import Credits
from exporter.simulator.simulator import SimulatedAccount, Simulator
from exporter.simulator.usage import Balance, Usage
from tests.cli.support import Daemon
from tests.support import CANARY, PATIENCE, until

PROVIDERS: Final = ("heygen", "elevenlabs", "liveavatar")
MAIN: Final = re.compile(r'^ai_account_quota_remaining\{.*resource="(?:wallet|characters|credits)".*', re.MULTILINE)
SERVED: Final = ("--web.listen-address", "127.0.0.1:0")


def secret(number: int) -> str:
    return f"{CANARY}-{number}"


def simulated(number: int, rate: float = 0.0) -> SimulatedAccount:
    """Return an account with its own value."""
    balance, provider = Balance(1000 + number, rate), PROVIDERS[number % 3]
    match provider:
        case "heygen":
            return SimulatedAccount(provider, secret(number), Wallet(f"a{number}", balance))
        case "elevenlabs":
            usage = Usage(100_000 - 1000 - number, rate)
            return SimulatedAccount(provider, secret(number), Workspace(name=f"a{number}", tier="pro", limit=100_000, characters=usage))
        case _:
            return SimulatedAccount(provider, secret(number), Credits(balance))


def line(number: int, figure: float | None = None) -> str:
    """The line of the page with the value of that account."""
    provider = PROVIDERS[number % 3]
    resource, unit = {"heygen": ("wallet", "usd"), "elevenlabs": ("characters",) * 2, "liveavatar": ("credits",) * 2}[provider]
    labels = f'account="a{number}",provider="{provider}",resource="{resource}",unit="{unit}"'
    return f"ai_account_quota_remaining{{{labels}}} {float(1000 + number if figure is None else figure)}"


def write_config(folder: Path, url: str, numbers: Iterable[int], *, interval: str = "1s", more: str = "") -> Path:
    """Write a configuration. The timeout is longer than any test waits, so a daemon that waits for a vendor fails the test."""
    lines = [f"defaults: {{interval: {interval}, timeout: 10m, stale_after: 1h}}", more, "accounts:"]
    for number in numbers:
        key = folder / f"key-{number}"
        if not key.exists():
            key.write_text(secret(number))
        source = f"credentials: {{api_key: {{file: {key.name}}}}}"
        lines.append(f"  - {{name: a{number}, provider: {PROVIDERS[number % 3]}, {source}, base_url: '{url}'}}")
    path = folder / "config.yaml"
    path.write_text("\n".join(lines))
    return path


def value(page: str, family: str, number: int, label: str = "") -> float | None:
    """One number of an account, or None."""
    pattern = rf'^ai_account_{family}\{{account="a{number}",provider="\w+"{label}\}} (\S+)$'
    found = re.search(pattern, page, re.MULTILINE)
    return float(found[1]) if found else None


def errors(page: str, number: int) -> dict[str, int]:
    """The failures of an account by reason, without those that never happened."""
    pattern = rf'^ai_account_scrape_errors_total\{{account="a{number}",.*reason="(\w+)"\}} (\d+)\.?0?$'
    return {reason: int(count) for reason, count in re.findall(pattern, page, re.MULTILINE) if int(count)}


def polls_of(simulator: Simulator, number: int) -> list[float]:
    """When the vendor received the polls of an account."""
    key = secret(number)
    return [each.at for each in simulator.requests if key in each.headers.values() and not each.path.endswith("/api_keys/self")]


@dataclass
class Watcher:
    """Scrapes continuously."""

    expected: frozenset[str]
    required: frozenset[str]
    page: str = ""
    pages: int = 0
    wrong: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)

    async def run(self, port: int) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
            while True:
                async with session.get(f"http://127.0.0.1:{port}/metrics") as response:
                    assert response.status == 200
                    self.page = await response.text()
                seen = set(MAIN.findall(self.page))
                self.wrong |= seen - self.expected
                self.missing |= self.required - seen
                self.pages += 1
                await asyncio.sleep(0.02)

    async def until(self, pattern: str) -> str:
        """Wait for a page with such a line."""
        await until(lambda: re.search(pattern, self.page, re.MULTILINE), f"a page has {pattern}")
        return self.page

    async def until_failed(self, number: int, reason: str, more_than: int = 0) -> int:
        """Wait for another failure of that kind; returns how many there are."""
        await until(lambda: errors(self.page, number).get(reason, 0) > more_than, f"account {number} fails as {reason}")
        return errors(self.page, number)[reason]


@asynccontextmanager
async def watched(running: Daemon, expected: Iterable[str], required: Iterable[str] = ()) -> AsyncIterator[Watcher]:
    """Scrape continuously. Fail if a scrape fails, or if a page has a value that no vendor sent."""
    watcher = Watcher(frozenset(expected), frozenset(required))
    task = asyncio.create_task(watcher.run(running.port))
    try:
        yield watcher
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert watcher.pages > 0
    assert (watcher.wrong, watcher.missing) == (set(), set())


async def until_polled(simulator: Simulator, number: int, times: int) -> None:
    """Wait until the vendor received this many polls of an account."""
    await until(lambda: len(polls_of(simulator, number)) >= times, f"account {number} is polled {times} times")


async def stop_cleanly(running: Daemon) -> None:
    """Stop the daemon, and check its exit code and that no key is in its log."""
    assert await running.stop() == 0, running.log.decode()
    assert CANARY.encode() not in running.log
