"""What stands before every request: the rate limit, the names of client certificates, the users; and the headers on every answer."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web

from exporter.web.web_config.limit import Bucket
from exporter.web.web_config.loading import WebConfig
from exporter.web.web_config.login import parse_login
from exporter.web.web_config.names import is_allowed
from exporter.web.web_config.users import Users
from exporter.web.web_config.worker import BusyError, Worker

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="ai-account-exporter", charset="UTF-8"'}


class Gate:
    """Made once; a new configuration counts from the next request on.

    Register `middleware` as the first of the application's middlewares, and `on_response_prepare` as the last of its callbacks of that name.
    """

    def __init__(self, config: WebConfig, worker: Worker | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._worker = worker or Worker()
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._bucket: Bucket | None = None
        self.config = config

    @property
    def config(self) -> WebConfig:
        """What is in force; setting it forgets every login, and keeps the rate limit's count where the limit is the same."""
        return self._config

    @config.setter
    def config(self, config: WebConfig) -> None:
        self._config = config
        self._users = Users(config.users, self._key, self._worker)
        if (self._bucket.pace if self._bucket else None) != config.pace:
            self._bucket = Bucket(*config.pace) if config.pace else None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the request through to its handler, or answer in its place."""
        for refusal in (self._hold_up, self._unknown_client):
            if (answer := refusal(request)) is not None:
                return answer
        answer = await self._stranger(request)
        return await handler(request) if answer is None else answer

    async def on_response_prepare(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Set the configured headers, over those of the page."""
        for name, value in self._config.headers.items():
            response.headers[name] = value

    def close(self) -> None:
        """Forget the passwords that are still to be checked."""
        self._worker.close()

    def _hold_up(self, _request: web.Request) -> web.Response | None:
        wait = self._bucket.take(self._clock()) if self._bucket else 0
        return _refusal(429, "too many requests", {"Retry-After": str(math.ceil(wait))}) if wait else None

    def _unknown_client(self, request: web.Request) -> web.Response | None:
        allowed = self._config.allowed_names
        if allowed is None:
            return None
        certificate = request.transport.get_extra_info("peercert") if request.transport else None
        return None if is_allowed(certificate, allowed) else _refusal(403, "no name of the client's certificate is allowed here")

    async def _stranger(self, request: web.Request) -> web.Response | None:
        login = parse_login(request.headers.getall(hdrs.AUTHORIZATION, ()))
        while users := self._users:
            try:
                admitted = login is not None and await users.admits(login)
            except BusyError:
                return _refusal(503, "too many logins at once", {"Retry-After": "1"})
            if users is self._users:  # else the configuration has changed in the meantime: ask the new one
                return None if admitted else _refusal(401, "a user and a password are needed", _CHALLENGE)
        return None


def _refusal(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=f"{text}\n", headers=headers)
