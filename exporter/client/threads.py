"""Calls that may hang, such as a name look-up or a read from a dead mount."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from exporter.errors import ExporterError

Result = TypeVar("Result")


async def in_daemon_thread(call: Callable[[], Result], name: str) -> Result:
    """Run a call in a daemon thread of its own. One that hangs delays neither other calls nor the end of the process.

    Raises:
        ExporterError, OSError, RuntimeError, ValueError: what the call raised.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # there is a result where there is no error

    def run() -> None:
        result, error = None, None
        try:
            result = call()
        except (ExporterError, OSError, RuntimeError, ValueError) as caught:
            error = caught
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future


class FileThreads:
    """Access to files that may hang, with at most one thread for each file. Calls for the same file at the same time share one result."""

    def __init__(self) -> None:
        self._running: dict[Path | None, asyncio.Task[Any]] = {}

    async def run(self, file: Path | None, call: Callable[[], Result]) -> Result:
        """Run the call, or wait for the one that is running for this file; raises what it raises."""
        running: asyncio.Task[Result] | None = self._running.get(file)
        if running is None:
            running = self._running[file] = asyncio.create_task(in_daemon_thread(call, "file access"))
            running.add_done_callback(lambda _: self._running.pop(file))
        return await asyncio.shield(running)
