"""Drills of a whole process: what they share, and what happens to keys."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from exporter.simulator.elevenlabs import Workspace
from exporter.simulator.faults import Fault
from exporter.simulator.flow import Stock, Usage
from exporter.simulator.heygen import Wallet
from exporter.simulator.liveavatar import Credits
from exporter.simulator.server import Player, Simulator
from tests.cli.test_daemon import Daemon, daemon, ready
from tests.support import CANARY

PROVIDERS: Final = ("heygen", "elevenlabs", "liveavatar")
MAIN: Final = re.compile(r'^ai_account_quota_remaining\{.*resource="(?:wallet|characters|credits)".*', re.MULTILINE)
SERVED: Final = ("--web.listen-address", "127.0.0.1:0")


def secret(number: int) -> str:
    return f"{CANARY}-{number}"


def player(number: int, rate: float = 0.0) -> Player:
    """An account with a figure of its own."""
    stock, provider = Stock(1000 + number, rate), PROVIDERS[number % 3]
    match provider:
        case "heygen":
            return Player(provider, secret(number), Wallet(f"a{number}", stock))
        case "elevenlabs":
            usage = Usage(100_000 - 1000 - number, rate)
            return Player(provider, secret(number), Workspace(name=f"a{number}", tier="pro", limit=100_000, characters=usage))
        case _:
            return Player(provider, secret(number), Credits(stock))


def line(number: int, figure: float | None = None) -> str:
    """What the page shows of that account."""
    provider = PROVIDERS[number % 3]
    resource, unit = {"heygen": ("wallet", "usd"), "elevenlabs": ("characters",) * 2, "liveavatar": ("credits",) * 2}[provider]
    labels = f'account="a{number}",provider="{provider}",resource="{resource}",unit="{unit}"'
    return f"ai_account_quota_remaining{{{labels}}} {float(1000 + number if figure is None else figure)}"


def write_config(folder: Path, url: str, numbers: Iterable[int], *, interval: str = "1s", defaults: str = "", more: str = "") -> Path:
    lines = [f"defaults: {{interval: {interval}, timeout: 10s, stale_after: 1h{defaults}}}", more, "accounts:"]
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
    """One number of an account's, None where there is none."""
    pattern = rf'^ai_account_{family}\{{account="a{number}",provider="\w+"{label}\}} (\S+)$'
    found = re.search(pattern, page, re.MULTILINE)
    return float(found[1]) if found else None


def errors(page: str, number: int) -> dict[str, int]:
    """Failures by reason, those that there were."""
    pattern = rf'^ai_account_scrape_errors_total\{{account="a{number}",.*reason="(\w+)"\}} (\d+)\.?0?$'
    return {reason: int(count) for reason, count in re.findall(pattern, page, re.MULTILINE) if int(count)}


def asked(simulator: Simulator, number: int) -> list[float]:
    """When an account was polled, as its vendor saw it."""
    key = secret(number)
    return [each.at for each in simulator.requests if key in each.headers.values() and not each.path.endswith("/api_keys/self")]


@dataclass
class Watcher:
    """Scrapes all the time."""

    expected: frozenset[str]
    required: frozenset[str]
    page: str = ""
    pages: int = 0
    wrong: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)

    async def run(self, port: int) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
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
        async with asyncio.timeout(30):
            while not re.search(pattern, self.page, re.MULTILINE):  # noqa: ASYNC110 -- another process cannot set an event
                await asyncio.sleep(0.01)
        return self.page

    async def until_failed(self, number: int, reason: str, more_than: int = 0) -> int:
        """Wait for another failure of that kind; returns how many there are."""
        async with asyncio.timeout(30):
            while (count := errors(self.page, number).get(reason, 0)) <= more_than:  # noqa: ASYNC110 -- another process cannot set an event
                await asyncio.sleep(0.01)
        return count


@asynccontextmanager
async def watched(running: Daemon, expected: Iterable[str], required: Iterable[str] = ()) -> AsyncIterator[Watcher]:
    """Look at the page throughout; fail if it was not answered or showed what no vendor said."""
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


async def ended(running: Daemon) -> None:
    """Stop it; it must end well and must not have told a key."""
    code, seconds = await running.stop()
    assert (code, seconds < 5) == (0, True), running.log.decode()
    assert CANARY.encode() not in running.log


async def test_a_secret_file_is_deleted_then_torn_then_replaced(tmp_path: Path) -> None:
    async with Simulator(map(player, (0, 1, 2, 5))) as simulator:
        path = write_config(tmp_path, simulator.url, (0, 1, 2))
        key = tmp_path / "key-2"
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            well = [line(0), line(1)]
            async with watched(running, [*well, line(2), line(2, 1005)], well) as watcher:
                simulator.misbehave(secret(2), Fault.BAD_KEY)
                await watcher.until_failed(2, "unauthorized")
                key.unlink()
                count = await watcher.until_failed(2, "credential")
                while (value(watcher.page, "scrape_interval_seconds", 2) or 0) < 5:  # a back-off that a new key must end
                    key.write_text("")
                    count = await watcher.until_failed(2, "credential", count)
                assert line(2) in watcher.page
                polls, others = len(asked(simulator, 2)), [errors(watcher.page, number) for number in (0, 1)]
                key.write_text(secret(5))
                replaced = asyncio.get_running_loop().time()
                page = await watcher.until(re.escape(line(2, 1005)))
                assert asyncio.get_running_loop().time() - replaced < 1 + 1.5
                assert value(page, "up", 2) == 1
                assert set(errors(page, 2)) == {"unauthorized", "credential"}
                assert others == [{}, {}]
                assert len(asked(simulator, 2)) == polls
            await ended(running)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"two words", b" \n", b"k" * 70_000])
async def test_a_secret_file_that_no_key_can_be_read_from_costs_that_account_only(tmp_path: Path, content: bytes) -> None:
    async with Simulator(map(player, range(3))) as simulator:
        path = write_config(tmp_path, simulator.url, range(3))
        async with daemon("serve", "--config.file", path, *SERVED) as running:
            await ready(running)
            everyone = list(map(line, range(3)))
            async with watched(running, everyone, everyone) as watcher:
                (tmp_path / "key-2").write_bytes(content)
                await watcher.until_failed(2, "credential")
                assert [errors(watcher.page, number) for number in (0, 1)] == [{}, {}]
            await ended(running)
