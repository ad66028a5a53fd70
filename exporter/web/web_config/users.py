"""Who may come in: answers of bcrypt, remembered without the passwords, and as slow for strangers as for users."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from typing import Final

import bcrypt

from exporter.web.web_config.fields import cost_of
from exporter.web.web_config.login import Login
from exporter.web.web_config.worker import Worker

MAX_REMEMBERED: Final = 256
"""How many logins are remembered, of the good ones and of the bad ones each."""
_MAX_PASSWORD: Final = 72  # bytes; bcrypt looks no further, so a longer password would be proven by its beginning


class Users:
    """The users of one configuration, and what is known of the logins that were tried with it."""

    def __init__(self, hashes: Mapping[str, str], key: bytes, worker: Worker) -> None:
        """`key` is the secret of this process: it lets nobody foresee or recognise a digest."""
        self._key = key
        self._worker = worker
        self._hashes = {self._digest(user.encode()): stored.encode() for user, stored in hashes.items()}
        self._nobody = [bcrypt.gensalt(cost) + b"." * 31 for cost in sorted(map(cost_of, hashes.values()))]
        self._proven: OrderedDict[bytes, None] = OrderedDict()
        self._refused: OrderedDict[bytes, None] = OrderedDict()  # apart, so that guessing cannot push out who is known
        self._asked: dict[bytes, asyncio.Future[bool]] = {}

    def __bool__(self) -> bool:
        return bool(self._hashes)

    async def admits(self, login: Login) -> bool:
        """Tell whether the password is the user's; raises BusyError where too many others wait for such an answer."""
        if len(login.password) > _MAX_PASSWORD:
            return False
        name = self._digest(login.user)
        stranger = self._nobody[int.from_bytes(name, "big") % len(self._nobody)]
        stored = self._hashes.get(name, stranger)
        question = self._digest(login.user, stored, login.password)
        for known, verdict in ((self._proven, True), (self._refused, False)):
            if question in known:
                known.move_to_end(question)
                return verdict
        if question not in self._asked:  # however many wait for the answer
            self._asked[question] = self._worker.ask(login.password, stored)
            self._asked[question].add_done_callback(partial(self._remember, question, name in self._hashes))
        fits = await asyncio.shield(self._asked[question])  # whoever hangs up leaves the answer to the others
        return fits and name in self._hashes

    def _remember(self, question: bytes, is_user: bool, answer: asyncio.Future[bool]) -> None:  # noqa: FBT001 -- given by a partial
        del self._asked[question]
        if answer.cancelled() or answer.exception():
            return
        known = self._proven if answer.result() and is_user else self._refused
        known[question] = None
        if len(known) > MAX_REMEMBERED:
            known.popitem(last=False)

    def _digest(self, *parts: bytes) -> bytes:
        """Nothing that was sent is compared as it is: digests under a secret key give no byte away by how long a look-up takes."""
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._key, message, hashlib.sha256)
