"""Calls that access files, in threads that nothing waits for."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from exporter.model import Seconds

ANSWER_TIMEOUT: Final = Seconds(5.0)
"""How long a file may take to answer."""

Result = TypeVar("Result")


class FileThreads:
    """Runs calls that access files: in a daemon thread each, and in at most one for each file.

    A file on a dead mount blocks its thread for ever. In asyncio's own threads, which are few, it would block all other files, and the
    process waits for those threads at its end.
    """

    def __init__(self, timeout: Seconds = ANSWER_TIMEOUT) -> None:
        self._timeout = timeout
        self._locks: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)

    def is_waiting(self, file: Path) -> bool:
        """Whether a call for this file runs now."""
        return self._locks[file].locked()

    async def run(self, file: Path, call: Callable[[], Result]) -> Result:
        """Run the call once no other call for this file runs.

        Raises:
            TimeoutError: it has not ended in time; it may still do so.
            OSError: no thread can be started.
        """
        async with asyncio.timeout(self._timeout):
            lock = self._locks[file]
            await lock.acquire()
            future = in_daemon_thread(call, "file")
            future.add_done_callback(lambda done: _ended(lock, done))  # not here: the thread may run on after the timeout
            return await asyncio.shield(future)


def _ended(lock: asyncio.Lock, future: asyncio.Future[Any]) -> None:
    lock.release()
    retrieve_error(future)


def retrieve_error(future: asyncio.Future[Any]) -> None:
    """Retrieve the error of a future that nobody may wait for any more: asyncio would log it."""
    if not future.cancelled():
        future.exception()


def in_daemon_thread(call: Callable[[], Result], name: str) -> asyncio.Future[Result]:
    """Start the call in a daemon thread, which does not delay the end of the process. OSError if the system allows no more threads."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(set_outcome: Callable[[Any], None], outcome: object) -> None:
        if not future.done():
            set_outcome(outcome)

    def run() -> None:
        set_outcome: Callable[[Any], None]
        outcome: object
        try:
            set_outcome, outcome = future.set_result, call()
        except Exception as error:  # noqa: BLE001 -- raised again where the future is awaited
            set_outcome, outcome = future.set_exception, error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, set_outcome, outcome)

    try:
        threading.Thread(target=run, name=name, daemon=True).start()
    except RuntimeError:
        future.set_exception(OSError(errno.EAGAIN, "no more threads are allowed"))
    return future
