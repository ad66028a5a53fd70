"""Takes over a changed configuration: wholly or not at all, on a signal, on request, or when the files have changed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Generic, NoReturn, Protocol, TypeVar

import structlog

from exporter.clock import Clock
from exporter.errors import ConfigError, ExporterError, Problem

WATCH_INTERVAL = 30.0
"""How often the files are looked at, in seconds."""


class Readable(Protocol):
    """What was read from files."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it was read from."""


T = TypeVar("T", bound=Readable)

log = structlog.get_logger()


class Reloader(Generic[T]):
    """Rereads one configuration, one attempt at a time, and watches the files that it came from."""

    def __init__(self, in_force: T, read: Callable[[], T], apply: Callable[[T], Awaitable[None]], refuse: Callable[[], None]) -> None:
        """`read` may block and raises ConfigError; `apply` takes over what it returns; `refuse` notes that it failed."""
        self._read = read
        self._apply = apply
        self._refuse = refuse
        self._files = in_force.files
        self._lock = asyncio.Lock()
        self._seen = checksum(self._files)
        self._problems: tuple[Problem, ...] = ()

    async def reload(self) -> tuple[Problem, ...]:
        """Reread and take over; returns what is wrong, in which case the old configuration goes on."""
        async with self._lock:
            self._seen = await asyncio.to_thread(checksum, self._files)
            try:
                plan = await asyncio.to_thread(self._read)
                await self._apply(plan)
            except ConfigError as error:
                return self._refused(error.problems)
            except ExporterError as error:  # right, but it cannot be done now: such as no descriptor left to listen with
                return self._refused((Problem("", str(error)),))
            self._problems = ()
            if plan.files != self._files:
                self._files = plan.files
                self._seen = await asyncio.to_thread(checksum, self._files)
            log.info("config reloaded", file=str(self._files[0]))
            return ()

    def _refused(self, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        self._refuse()
        if problems != self._problems:
            log.error("config refused", file=str(self._files[0]), problems=[str(problem) for problem in problems])
        self._problems = problems
        return problems

    async def watch(self, clock: Clock) -> NoReturn:
        """Reload when the files have changed. One that was refused is tried again: the secret that it lacks may have come."""
        while True:
            await clock.sleep(WATCH_INTERVAL)
            if self._problems or await asyncio.to_thread(checksum, self._files) != self._seen:
                await self.reload()


def checksum(files: Sequence[Path]) -> str:
    """What the files hold, as a digest; a file that cannot be read counts as another content."""
    digest = hashlib.sha256()
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as error:
            content = str(error.errno).encode()
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()
