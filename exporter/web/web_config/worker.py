"""The one thread that checks passwords, with a bound on how many wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import bcrypt

Check = Callable[[bytes, bytes], bool]
"""Takes a password and a stored hash, and takes its time."""

MAX_WAITING: Final = 32
"""How many checks may be under way, the running one included."""


class BusyError(Exception):
    """So many checks wait already that another one would only make everybody wait longer."""


def check_password(password: bytes, stored: bytes) -> bool:
    """Ask bcrypt; what it does not take (more than 72 bytes) is no password."""
    try:
        return bcrypt.checkpw(password, stored)
    except ValueError:
        return False


class Worker:
    """A thread of its own: bcrypt would hold up the event loop, and whatever else waits for the common pool."""

    def __init__(self, check: Check = check_password, max_waiting: int = MAX_WAITING) -> None:
        self._check = check
        self._max_waiting = max_waiting
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, "bcrypt")

    def ask(self, password: bytes, stored: bytes) -> asyncio.Future[bool]:
        """Queue a check; raises BusyError where the queue is full."""
        if self._waiting >= self._max_waiting:
            raise BusyError
        answer = asyncio.get_running_loop().run_in_executor(self._thread, self._check, password, stored)
        self._waiting += 1
        answer.add_done_callback(self._one_less)
        return answer

    def _one_less(self, _answer: asyncio.Future[bool]) -> None:
        self._waiting -= 1

    def close(self) -> None:
        """Forget the checks that have not begun."""
        self._thread.shutdown(wait=False, cancel_futures=True)
