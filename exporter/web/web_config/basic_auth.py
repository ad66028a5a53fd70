"""Basic authentication: results of bcrypt are remembered without the passwords, and unknown users cost as much time as known ones."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from exporter.web.web_config.field_types import cost_of
from exporter.web.web_config.password_checker import PasswordChecker

MAX_REMEMBERED: Final = 256
"""How many credentials are remembered, of accepted and of refused ones each."""
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
