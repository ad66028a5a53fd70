"""Reloads one configuration file, on request or when a file has changed. It is applied completely or not at all."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, Generic, NoReturn, Protocol, TypeVar

import structlog

from exporter.clock import Clock
from exporter.errors import ConfigError, ExporterError, Problem
from exporter.log import Reminder, frames
from exporter.model import Seconds
from exporter.validation.file_threads import FileThreads
from exporter.validation.files import read_file

WATCH_INTERVAL: Final = 30.0
"""How often the files are checked for changes, in seconds."""
MAX_LOGGED: Final = 50
"""Problems in one log line: a wrong key of each of 10,000 accounts would make it longer than log systems accept."""
READ_TIMEOUT: Final = Seconds(30.0)
"""How long reading the files may take."""


class HasFiles(Protocol):
    """A configuration, with the files that it was read from."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The main file first. Patterns may match other files than before, so this may access files."""


T = TypeVar("T", bound=HasFiles)

log = structlog.get_logger()


class Reloader(Generic[T]):
    """Reads one configuration again and applies it; one reload runs at a time and at most one waits."""

    def __init__(
        self,
        current: T,
        read: Callable[[], T],
        apply: Callable[[T], Awaitable[None]],
        refuse: Callable[[], None],
        clock: Clock,
    ) -> None:
        """`read` may block; `apply` puts what was read into effect; `refuse` records a failure. What `read` or `apply` raises is a refusal."""
        self._read = read
        self._apply = apply
        self._refuse = refuse
        self._threads = FileThreads(READ_TIMEOUT)
        self._clock = clock
        self._reminder = Reminder()
        self._current = current
        self._file = current.files[0]
        self._seen: str | None = None
        self._problems: tuple[Problem, ...] = ()
        self._lock = asyncio.Lock()
        self._waiting: asyncio.Task[tuple[Problem, ...]] | None = None
        self._tasks: set[asyncio.Task[tuple[Problem, ...]]] = set()
        self._is_closed = False

    async def reload(self) -> tuple[Problem, ...]:
        """Reload, and return the problems; if there are any, the previous configuration stays in effect.

        A request that comes while a reload waits for the current one shares its result.
        """
        if self._is_closed:
            return (Problem("", "the exporter is stopping"),)
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._reload_next(), name="reload")
            self._tasks.add(self._waiting)
            self._waiting.add_done_callback(self._tasks.discard)
        return await asyncio.shield(self._waiting)

    async def watch(self) -> NoReturn:
        """Reload when the files have changed. After a refusal, try again each time."""
        self._seen = self._seen or await self._checksum()
        while True:
            await self._clock.sleep(WATCH_INTERVAL)
            if self._problems or await self._checksum() != self._seen:
                await self.reload()

    def close(self) -> None:
        """Cancel the reloads that run or wait, and refuse others."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()

    async def _reload_next(self) -> tuple[Problem, ...]:
        async with self._lock:
            self._waiting = None  # the files may change while they are read: a request from here on needs another reload
            return await self._reload()

    async def _reload(self) -> tuple[Problem, ...]:
        self._seen = await self._checksum()
        try:
            read = await self._threads.run(self._file, self._read)
            await self._apply(read)
        except ConfigError as error:
            return self._refused(*error.problems)
        except ExporterError as error:  # the configuration is valid but cannot be applied now, as without a free file descriptor
            return self._refused(Problem("", str(error)))
        except TimeoutError:
            return self._refused(Problem("", f"the files could not be read within {READ_TIMEOUT:g}s"))
        except Exception as error:  # noqa: BLE001 -- a defect costs this reload, not the daemon
            log.error("reload crashed", error=type(error).__name__, at=frames(error))  # noqa: TRY400 -- the error's own text may hold a key
            return self._refused(Problem("", f"it could not be read or applied ({type(error).__name__}); the log shows where"))
        self._problems = ()
        self._reminder.forget(self._file)
        former, self._current = self._current, read
        if await self._has_other_files(former):
            self._seen = await self._checksum()
        log.info("config reloaded", file=str(self._file))
        return ()

    def _refused(self, *problems: Problem) -> tuple[Problem, ...]:
        self._refuse()
        if self._reminder.is_due(self._file, "\n".join(map(str, problems)), self._clock.monotonic()):
            more = len(problems) - MAX_LOGGED
            texts = [*map(str, problems[:MAX_LOGGED]), *([f"{more} more: `check` prints all"] if more > 0 else [])]
            log.error("config refused", file=str(self._file), problems="; ".join(texts))
        self._problems = problems
        return problems

    async def _has_other_files(self, former: T) -> bool:
        current = self._current
        try:
            return await self._threads.run(self._file, lambda: current.files != former.files)
        except OSError:
            return True

    async def _checksum(self) -> str:
        current = self._current
        try:
            return await self._threads.run(self._file, lambda: checksum(current.files))
        except OSError:  # it does not answer, or no thread can be started
            return "no response"


def checksum(files: Sequence[Path]) -> str:
    """Return a digest of the files' contents; a file that cannot be read counts as another content."""
    digest = hashlib.sha256()
    for path in files:
        try:
            content = b"+" + read_file(path)
        except OSError as error:
            content = type(error).__name__.encode()
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()
