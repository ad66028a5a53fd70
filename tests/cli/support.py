"""The exporter's commands, in this process and as processes."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiohttp
from click.testing import CliRunner, Result

from exporter.cli.main import main
from tests.support import PATIENCE, secret_of

LISTENING = re.compile(rb"event=\"server listening\" addresses=127\.0\.0\.1:(\d+)")


def result_of(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


class Daemon:
    """A process, its log so far, and its port."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = b""
        self.port = 0

    async def until(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        """Read the log until a line matches, and return the match."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while line := await self.process.stderr.readline():
                self.log += line
                if found := pattern.search(line):
                    return found
        raise AssertionError(f"the process ended: {self.log.decode()}")

    async def get(self, path: str) -> tuple[int, str]:
        """Request a page."""
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self.port}{path}") as response:
            return response.status, await response.text()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop the process with a signal, and return its exit code."""
        self.process.send_signal(number)
        _, rest = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        self.log += rest
        assert self.process.returncode is not None
        return self.process.returncode


def daemon(*arguments: str | Path) -> AbstractAsyncContextManager[Daemon]:
    return launched("-W", "error", "-m", "exporter", *arguments)


@asynccontextmanager
async def launched(*arguments: str | Path) -> AsyncIterator[Daemon]:
    """Start a Python process, and wait until it listens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    started = Daemon(process)
    try:
        started.port = int((await started.until(LISTENING))[1])
        yield started
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def config(folder: Path, url: str, providers: Sequence[str] = ("heygen", "elevenlabs", "liveavatar"), interval: str = "1s") -> Path:
    """Write a configuration. Its timeout is longer than any test waits: a daemon that waits for a vendor fails the test."""
    lines = [f"defaults: {{interval: {interval}, timeout: 10m}}", "accounts:"]
    for provider in providers:
        (folder / provider).write_text(secret_of(provider))
        lines.append(f"  - {{name: demo, provider: {provider}, credentials: {{api_key: {{file: {provider}}}}}, base_url: '{url}'}}")
    path = folder / "config.yaml"
    path.write_text("\n".join(lines))
    return path


async def ready(running: Daemon) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await running.get("/-/ready"))[0] != 200:  # noqa: ASYNC110 -- another process cannot set an event
            await asyncio.sleep(0.01)


async def reload(running: Daemon, method: str = "POST") -> tuple[int, str]:
    url = f"http://127.0.0.1:{running.port}/-/reload"
    async with aiohttp.ClientSession() as session, session.request(method, url) as response:
        return response.status, await response.text()


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    """Run a command in this process, and return its exit code, standard output and standard error."""
    result = result_of(*arguments)
    return result.exit_code, result.stdout, result.stderr


async def run(*arguments: str | Path) -> tuple[int, str, str]:
    """Run a command as a process, and return its exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "exporter", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
