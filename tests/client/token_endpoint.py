"""A token endpoint on loopback: it issues access tokens for refresh tokens, and replaces those where configured."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from exporter.simulator.listener import Listener

PATH: Final = "/v1/oauth/token"
PAGE: Final = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in."""

    method: str
    headers: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] = field(repr=False)

    @property
    def refresh_token(self) -> str:
        """The refresh token that the request showed, or nothing."""
        return self.form.get("refresh_token", "")


@dataclass(frozen=True, slots=True)
class _Canned:
    status: int
    content: bytes
    headers: Mapping[str, str]


class TokenEndpoint(Listener):
    """A token endpoint with one client and one login. A refresh token is invalid once it was replaced."""

    path = PATH

    def __init__(
        self,
        refresh_token: str,
        *,
        client_id: str = "exporter",
        rotates: bool = False,
        expires_in: float | str | None = 3600,
        access_tokens: Callable[[int], str] = "access-{}".format,
        refresh_tokens: Callable[[int], str] = "refresh-{}".format,
    ) -> None:
        """The two functions make the tokens; they get 1, 2, 3 and so on. None for `expires_in` leaves it out of the answers."""
        super().__init__()
        self.refresh_token = refresh_token
        self.client_id = client_id
        self.rotates = rotates
        self.expires_in = expires_in
        self.asked: list[Asked] = []
        self.issued: list[str] = []
        """All access tokens that were issued."""
        self.before_answer: Callable[[], None] = lambda: None
        """Called when a request has been read and its answer decided, but not sent."""
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._canned: _Canned | None = None
        self._open = asyncio.Event()
        self._open.set()
        self._arrival = asyncio.Condition()

    def log_in(self, refresh_token: str) -> None:
        """Let the operator log in again: from now on only this refresh token counts."""
        self.refresh_token = refresh_token

    def set_response(self, status: int = 200, body: Any = ..., *, content: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Answer every request so from now on: with a body to send as JSON, or with raw content."""
        self._canned = _Canned(status, content if body is ... else json.dumps(body).encode(), headers or {})

    def html(self, status: int = 200) -> None:
        """Answer every request with a page for people, as another host of the vendor does."""
        self.set_response(status, content=PAGE, headers={"Content-Type": "text/html; charset=utf-8"})

    def hold(self) -> None:
        """Read requests, and answer none before `behave`."""
        self._open.clear()

    def behave(self) -> None:
        """End whatever `reply`, `html` and `hold` have begun."""
        self._canned = None
        self._open.set()

    async def arrived(self, count: int) -> None:
        """Wait until so many requests have come in since the start."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.asked) >= count)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request as a token endpoint does."""
        fields = await request.post() if request.content_type == "application/x-www-form-urlencoded" else {}
        form = {name: value for name, value in fields.items() if isinstance(value, str)}
        async with self._arrival:
            self.asked.append(Asked(request.method, request.headers, form))
            self._arrival.notify_all()
        await self._open.wait()  # cancelled when the client leaves or the server stops
        canned = self._canned or self._judge(request, form, complete=len(form) == len(fields))
        self.before_answer()
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store", **canned.headers}
        return web.Response(status=canned.status, body=canned.content, headers=headers)

    def _judge(self, request: web.BaseRequest, form: Mapping[str, str], *, complete: bool) -> _Canned:
        if request.path != PATH:
            return _canned(404, {"error": "not_found"})
        if request.method != "POST" or not complete or set(form) != {"grant_type", "refresh_token", "client_id"}:
            return _canned(400, {"error": "invalid_request"})
        if form["grant_type"] != "refresh_token":
            return _canned(400, {"error": "unsupported_grant_type"})
        if form["client_id"] != self.client_id:
            return _canned(401, {"error": "invalid_client"})
        if form["refresh_token"] != self.refresh_token:
            return _canned(400, {"error": "invalid_grant"})
        return _canned(200, self._issue())

    def _issue(self) -> dict[str, Any]:
        number = len(self.issued) + 1
        self.issued.append(self._access_tokens(number))
        body: dict[str, Any] = {"token_type": "Bearer", "access_token": self.issued[-1]}
        if self.expires_in is not None:
            body["expires_in"] = self.expires_in
        if self.rotates:
            body["refresh_token"] = self.refresh_token = self._refresh_tokens(number)
        return body


def _canned(status: int, body: Any) -> _Canned:
    return _Canned(status, json.dumps(body).encode(), {})
