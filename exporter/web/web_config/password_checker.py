"""Checks passwords against bcrypt hashes in one thread, with a bounded and fair queue."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple

MAX_CHECKS: Final = 64
"""How many password checks may be in progress, the running one included."""


class BusyError(Exception):
    """Too many password checks are in progress."""


def check_password(password: bytes, stored: bytes) -> bool:
    """Compare a password with a bcrypt hash."""
    import bcrypt

    try:
        return bcrypt.checkpw(password, stored)
    except ValueError:
        return False


class _Check(NamedTuple):
    password: bytes
    stored: bytes
    result: asyncio.Future[bool]


class PasswordChecker:
    """One thread that checks passwords, with a bounded and fair queue.

    Checks belong to groups, which take turns. A full queue drops the last check of the longest group for a check of a shorter one, so
    that one group cannot keep the others waiting.
    """

    def __init__(self, check: Callable[[bytes, bytes], bool] = check_password, max_checks: int = MAX_CHECKS) -> None:
        """`check` compares a password with a stored hash; it may take long."""
        self._check = check
        self._max_checks = max_checks
        self._groups: OrderedDict[Hashable, deque[_Check]] = OrderedDict()
        self._running: _Check | None = None
        self._thread = ThreadPoolExecutor(1, "bcrypt")

    @property
    def in_progress(self) -> int:
        """How many checks run or wait."""
        return sum(map(len, self._groups.values())) + (self._running is not None)

    def submit(self, group: Hashable, password: bytes, stored: bytes, *, is_first: bool = False) -> asyncio.Future[bool]:
        """Queue a check. `is_first` puts its group before the others, even if the queue is full.

        The result may be BusyError, if the check is dropped later. Raises BusyError if the queue is full.
        """
        if self.in_progress >= self._max_checks:
            self._drop_from_longest(0 if is_first else len(self._groups.get(group, ())) + 1)
        check = _Check(password, stored, asyncio.get_running_loop().create_future())
        self._groups.setdefault(group, deque()).append(check)
        if is_first:
            self._groups.move_to_end(group, last=False)
        self._start_next()
        return check.result

    def close(self) -> None:
        """Cancel the checks that have not begun."""
        for check in [check for checks in self._groups.values() for check in checks]:
            check.result.cancel()
        self._groups.clear()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _drop_from_longest(self, length: int) -> None:
        group, longest = max(self._groups.items(), key=lambda item: len(item[1]), default=(None, deque()))
        if len(longest) <= length:
            raise BusyError
        longest.pop().result.set_exception(BusyError())
        if not longest:
            del self._groups[group]

    def _start_next(self) -> None:
        if self._running or not self._groups:
            return
        group, checks = self._groups.popitem(last=False)
        self._running = checks.popleft()
        if checks:
            self._groups[group] = checks  # at the end: the other groups come first
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._check, self._running.password, self._running.stored)
        running.add_done_callback(partial(self._finished, self._running))

    def _finished(self, check: _Check, running: asyncio.Future[bool]) -> None:
        self._running = None
        if running.cancelled():
            check.result.cancel()
        elif error := running.exception():
            check.result.set_exception(error)
        else:
            check.result.set_result(running.result())
        self._start_next()
