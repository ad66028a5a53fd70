"""Basic authentication: results of bcrypt are remembered without the passwords, and unknown users cost as much time as known ones."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple

from exporter.web.web_config.field_types import cost_of

MAX_REMEMBERED: Final = 256
"""How many credentials are remembered, of accepted and of refused ones each."""
MAX_CHECKS: Final = 64
"""How many password checks may be in progress, the running one included."""
MAX_PASSWORD: Final = 72
"""bcrypt reads this many bytes of a password. Go's CompareHashAndPassword ignores the rest too, so longer passwords work alike."""


class Credentials(NamedTuple):
    """What a client claims."""

    user: bytes
    password: bytes

    def __repr__(self) -> str:
        return "Credentials(...)"


def parse_authorization(values: Sequence[str]) -> Credentials | None:
    """Read the `Authorization` headers of a request; None unless it is exactly one, of basic authentication and well-formed."""
    if len(values) != 1:
        return None
    scheme, _, token = values[0].partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(token.strip(" "), validate=True).partition(b":")
    except ValueError:
        return None
    return Credentials(user, password) if colon else None


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


class BasicAuth:
    """The users, and the results of earlier checks. Without users, everybody is admitted."""

    def __init__(self, checker: PasswordChecker) -> None:
        self._checker = checker
        self._key = secrets.token_bytes(32)
        """Nobody can predict or recognise a digest without it."""
        self._hashes: dict[bytes, bytes] = {}
        self._dummies: list[bytes] = []
        """Hashes that no password fits, with the costs of the users' hashes, for unknown user names."""
        self._accepted: OrderedDict[bytes, None] = OrderedDict()
        self._refused: OrderedDict[bytes, None] = OrderedDict()  # separate, so that guessing does not push out accepted ones
        self._proven: OrderedDict[bytes, None] = OrderedDict()
        """Users with passwords that were correct once. If the hash of the same password changes, they do not wait behind guesses."""
        self._pending: dict[bytes, asyncio.Future[bool]] = {}

    def apply(self, hashes: Mapping[str, str]) -> None:
        """Use other users. Results stay valid for unchanged hashes, since each result belongs to user, hash and password."""
        current = {self._digest(user.encode()): stored.encode() for user, stored in hashes.items()}
        if current != self._hashes:
            import bcrypt

            self._hashes = current
            self._dummies = [bcrypt.gensalt(cost) + b"." * 31 for cost in sorted(map(cost_of, hashes.values()))]

    def is_known(self, credentials: Credentials | None) -> bool:
        """Whether these credentials are admitted without a check."""
        return not self._hashes or (credentials is not None and self._claim(credentials)[0] in self._accepted)

    async def admits(self, credentials: Credentials | None, client: str) -> bool:
        """Whether the password is the user's. `client` is the network that the request comes from.

        Raises:
            BusyError: too many checks are in progress.
        """
        while self._hashes and credentials:
            claim, stored = self._claim(credentials)
            is_admitted = await self._verify(claim, stored, credentials, client)
            if claim == self._claim(credentials)[0]:  # else the users have changed meanwhile
                return is_admitted
        return not self._hashes

    async def _verify(self, claim: bytes, stored: bytes, credentials: Credentials, client: str) -> bool:
        for known, is_admitted in ((self._accepted, True), (self._refused, False)):
            if claim in known:
                known.move_to_end(claim)
                return is_admitted
        name = self._digest(credentials.user)
        is_user = name in self._hashes
        if claim not in self._pending:  # one check for all clients that wait for it
            password = credentials.password[:MAX_PASSWORD]
            login = self._digest(credentials.user, password)
            is_proven = login in self._proven
            group = ("proven" if is_proven else client, name if is_user else None)  # all unknown names of a client share one turn
            self._pending[claim] = self._checker.submit(group, password, stored, is_first=is_proven)
            self._pending[claim].add_done_callback(partial(self._remember, claim, login if is_user else None))
        fits = await asyncio.shield(self._pending[claim])  # a client that disconnects leaves the result to the others
        return fits and is_user

    def _remember(self, claim: bytes, login: bytes | None, result: asyncio.Future[bool]) -> None:
        """Keep a result; `login` is None for an unknown user."""
        del self._pending[claim]
        if result.cancelled() or result.exception():
            return
        if result.result() and login:
            _keep(self._accepted, claim)
            _keep(self._proven, login)
        else:
            _keep(self._refused, claim)
            if login:
                self._proven.pop(login, None)

    def _claim(self, credentials: Credentials) -> tuple[bytes, bytes]:
        """Return what a client claims, as a digest, and the hash to compare the password with."""
        name = self._digest(credentials.user)
        dummy = self._dummies[int.from_bytes(name, "big") % len(self._dummies)] if self._dummies else b""
        stored = self._hashes.get(name, dummy)
        return self._digest(credentials.user, stored, credentials.password[:MAX_PASSWORD]), stored

    def _digest(self, *parts: bytes) -> bytes:
        """Look-ups compare digests under a secret key, so their duration does not depend on what was sent."""
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._key, message, hashlib.sha256)


def _keep(known: OrderedDict[bytes, None], digest: bytes) -> None:
    known[digest] = None
    if len(known) > MAX_REMEMBERED:
        known.popitem(last=False)
