"""Runs one daemon with faults, reloads and scrapes, and checks it: `python benchmarks/soak.py --minutes 30 --accounts 500`."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import aiohttp

from benchmarks.soak_accounts import PROVIDERS, TIMEOUT, Shown, SoakAccount, read_page
from benchmarks.soak_tally import Tally, check_resources, report
from exporter.simulator.faults import Fault
from exporter.simulator.simulator import Simulator

INTERVAL, STALE_AFTER, MAX_BACKOFF = 10, 30, 40
SLACK: Final = 15.0
"""The delay that a busy machine may add, in seconds."""
LISTENING = re.compile(rb"event=\"server listening\" addresses=(\S+)")


class Soak:
    """The daemon under test, its vendors, and the actions on it."""

    def __init__(self, simulator: Simulator, accounts: list[SoakAccount], folder: Path, seed: int) -> None:
        self.simulator, self.accounts, self.folder = simulator, accounts, folder
        self.random = random.Random(seed)  # noqa: S311 -- the same faults for the same seed
        self.tally, self.before = Tally(), dict[str, Shown]()
        self.pid, self.url, self.since = 0, "", time.time()

    def configure(self) -> set[str]:
        """Write a valid configuration with nine accounts of ten, and return their names."""
        chosen = [account for account in self.accounts if self.random.random() < 0.9] or self.accounts
        limits = ", ".join(f"{name}: {{max_concurrent_requests: 200}}" for name in PROVIDERS)
        defaults = f"interval: {INTERVAL}s, timeout: {TIMEOUT}s, stale_after: {STALE_AFTER}s, max_backoff: {MAX_BACKOFF}s"
        lines = [f"defaults: {{{defaults}}}", f"providers: {{{limits}}}", "state: {path: state.db}", "accounts:"]
        for account in chosen:
            credentials = f"{{api_key: {{file: {account.name}}}}}"
            url = f"base_url: '{self.simulator.url}'"
            lines.append(f"  - {{name: {account.name}, provider: {account.provider}, credentials: {credentials}, {url}}}")
        (self.folder / "config.yaml").write_text("\n".join(lines))
        return {account.name for account in chosen}

    async def change_faults(self, _session: aiohttp.ClientSession) -> None:
        """Clear faults that have lasted long enough, and set new ones at one account of a hundred."""
        now = time.time()
        for account in self.accounts:
            if account.faulty_until and account.faulty_until <= now:
                self.simulator.clear(account.name)
                account.faulty_until = 0.0
                if account.exhausted:
                    account.exhausted[-1][1] = min(now, account.exhausted[-1][1])
        healthy = [account for account in self.accounts if not account.faulty_until]
        if len(healthy) < 0.7 * len(self.accounts):
            return
        for account in self.random.sample(healthy, max(1, len(self.accounts) // 100)):
            fault, lasts = self.random.choice(list(Fault)), self.random.uniform(3, 40)
            self.simulator.set_fault(account.name, fault)
            account.faulty_until = now + lasts
            if fault is Fault.QUOTA_EXHAUSTED and account.provider == "liveavatar":  # which reports a balance of zero
                account.exhausted.append([now, float("inf")])

    async def reload(self, session: aiohttp.ClientSession) -> None:
        """Reload another configuration, sometimes an invalid one."""
        kind = self.random.choice(["request", "request", "signal", "wrong"])
        chosen = self.configure()
        if kind == "wrong":
            (self.folder / "config.yaml").write_text("accounts: [{name: broken")
        self.tally.reloads[kind] += 1
        if kind == "signal":
            os.kill(self.pid, signal.SIGHUP)
            return
        async with session.post(f"{self.url}/-/reload") as response:
            if response.status != (500 if kind == "wrong" else 200):
                self.tally.fault("reloads with a wrong response", f"{kind}: {response.status}")
        if kind == "request" and (shown := set(await self.fetch(session))) != chosen:
            self.tally.fault("reloads not applied", f"{sorted(shown ^ chosen)[:5]}")

    async def fetch(self, session: aiohttp.ClientSession) -> dict[str, Shown]:
        """Scrape the page, and record the duration."""
        started = time.perf_counter()
        async with session.get(f"{self.url}/metrics") as response:
            text = await response.text()
        self.tally.scrapes.append(time.perf_counter() - started)
        if response.status != 200:
            self.tally.fault("scrapes that failed", str(response.status))
        return read_page(text)

    async def scrape(self, session: aiohttp.ClientSession) -> None:
        """Check every account of a page."""
        page, now = await self.fetch(session), time.time()
        for account in self.accounts:
            if shown := page.get(account.name):
                self.check(account, shown, now)
        self.before = page

    def check(self, account: SoakAccount, shown: Shown, now: float) -> None:
        """Compare the page with what was sent, and with the previous page."""
        if shown.figures and (shown.success is None or not account.was_sent(shown.figures, shown.success)):
            sent = [(round(at - (shown.success or 0), 2), body) for at, body in account.sent][-4:]
            self.tally.fault("wrong numbers", f"{account.name} shows {shown.figures}, was sent {sent}")
        if shown.figures and now - (shown.success or 0) > STALE_AFTER + SLACK:
            self.tally.fault("stale numbers", f"{account.name}, {now - (shown.success or 0):.1f} s old")
        if shown.polled is not None and now - shown.polled > MAX_BACKOFF + TIMEOUT + SLACK:
            self.tally.fault("accounts not polled", f"{account.name}, last polled {now - shown.polled:.1f} s ago")
        before = self.before.get(account.name, Shown())
        for name, count in shown.counts.items():
            if (risen := count - before.counts[name]) < 0:
                self.tally.fault("counters that fell", f"{account.name} {name} from {before.counts[name]} to {count}")
            self.tally.counts[name] += max(0, risen)

    async def sample(self, _session: aiohttp.ClientSession) -> None:
        """Record the resources of the process: KiB of memory, file descriptors, threads."""
        status = await asyncio.to_thread(Path(f"/proc/{self.pid}/status").read_text)
        memory, threads = (int(re.findall(rf"^{name}:\s+(\d+)", status, re.MULTILINE)[0]) for name in ("VmRSS", "Threads"))
        self.tally.samples.append((memory, len(os.listdir(f"/proc/{self.pid}/fd")), threads))  # noqa: PTH208 -- shorter, and /proc is no tree

    async def print_progress(self, _session: aiohttp.ClientSession) -> None:
        """Print one line of progress."""
        tally, [memory, fds, threads] = self.tally, (self.tally.samples or [(0, 0, 0)])[-1]
        failed = sum(tally.counts.values()) - tally.counts["polls"]
        counts = f"{tally.counts['polls']} polls, {failed} failed, {len(tally.scrapes)} scrapes, {tally.reloads.total()} reloads"
        minutes = (time.time() - self.since) / 60
        print(
            f"{minutes:5.1f} min: {memory / 1024:.1f} MiB, {fds} fds, {threads} threads, {counts}; broken: {tally.broken.total()}",
            flush=True,
        )

    async def run(self, process: asyncio.subprocess.Process, seconds: float, warm_up: float) -> None:
        """Repeat all actions until the time is over or the daemon ends. Resources are not recorded during the warm-up."""
        actions = ((1.0, self.change_faults), (5.0, self.scrape), (23.0, self.reload), (60.0, self.print_progress))
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            tasks = [asyncio.create_task(repeat(interval, action, session)) for interval, action in actions]
            tasks += [asyncio.create_task(repeat(30.0, self.sample, session, warm_up)), asyncio.create_task(watch(process))]
            done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            for task in done:
                self.tally.fault("early ends", repr(task.exception()))
            with suppress(OSError):
                await self.sample(session)


async def watch(process: asyncio.subprocess.Process) -> None:
    """Raise when the daemon ends."""
    raise RuntimeError(f"the daemon ended with code {await process.wait()}")


async def repeat(
    interval: float, action: Callable[[aiohttp.ClientSession], Awaitable[None]], session: aiohttp.ClientSession, first: float | None = None
) -> None:
    """Repeat an action at an interval."""
    await asyncio.sleep(interval if first is None else first)
    while True:
        await action(session)
        await asyncio.sleep(interval)


async def start(folder: Path) -> tuple[asyncio.subprocess.Process, str]:
    """Start the daemon, and return its process and URL."""
    log = folder / "log"
    arguments = ("-m", "exporter", "serve", "--config.file", folder / "config.yaml", "--web.listen-address", "127.0.0.1:0")
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stderr=stream)
    async with asyncio.timeout(60):
        while not (found := LISTENING.search(log.read_bytes())):
            if process.returncode is not None:
                raise SystemExit(log.read_text())
            await asyncio.sleep(0.1)
    return process, f"http://{found[1].decode()}"


async def stop(process: asyncio.subprocess.Process, folder: Path, tally: Tally) -> None:
    """Stop the daemon, and check its log."""
    started = time.perf_counter()
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    if await process.wait() or time.perf_counter() - started > 5:
        tally.fault("daemon stopped badly", f"code {process.returncode} after {time.perf_counter() - started:.1f} s")
    for line in (folder / "log").read_text().splitlines():
        if "level=error" in line and "config refused" not in line:
            tally.fault("errors in the log", line)


async def soak(minutes: float, count: int, seed: int) -> int:
    """Run the soak test, and return the exit code."""
    accounts = [SoakAccount(number) for number in range(count)]
    with tempfile.TemporaryDirectory() as name:
        for account in accounts:
            (Path(name) / account.name).write_text(account.name)
        async with Simulator(account.simulated() for account in accounts) as simulator:
            soaking = Soak(simulator, accounts, Path(name), seed)
            soaking.configure()
            process, soaking.url = await start(Path(name))
            soaking.pid = process.pid
            try:
                await soaking.run(process, 60 * minutes, min(120.0, 15 * minutes))
            finally:
                await stop(process, Path(name), soaking.tally)
    check_resources(soaking.tally)
    report(soaking.tally)
    return 1 if soaking.tally.broken.total() else 0


def main() -> None:
    """Run the soak test, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    raise SystemExit(asyncio.run(soak(arguments.minutes, arguments.accounts, arguments.seed)))


if __name__ == "__main__":
    main()
