"""A token endpoint on loopback. It issues access tokens for refresh tokens, and can rotate the refresh tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from exporter.simulator.listener import Listener

PATH: Final = "/v1/oauth/token"


@dataclass(frozen=True, slots=True)
class TokenRequest:
    method: str
    headers: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] = field(repr=False)

    @property
    def refresh_token(self) -> str:
        """The refresh token of the request, or an empty string."""
        return self.form.get("refresh_token", "")


@dataclass(frozen=True, slots=True)
class _RawResponse:
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
        """The two functions make the tokens; they get 1, 2, 3 and so on. None for `expires_in` omits it from the responses."""
        super().__init__()
        self.refresh_token = refresh_token
        self.client_id = client_id
        self.rotates = rotates
        self.expires_in = expires_in
        self.requests: list[TokenRequest] = []
        self.issued: list[str] = []
        """All access tokens that were issued."""
        self.before_response: Callable[[], None] = lambda: None
        """Called when the response to a request is decided and not yet sent."""
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._override: _RawResponse | None = None
        self._open = asyncio.Event()
        self._open.set()
        self._arrival = asyncio.Condition()

    def log_in(self, refresh_token: str) -> None:
        """Simulate a new login: only this refresh token is valid from now on."""
        self.refresh_token = refresh_token

    def set_response(self, status: int = 200, body: Any = ..., *, content: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Set the response to every request: a body to send as JSON, or raw content."""
        self._override = _RawResponse(status, content if body is ... else json.dumps(body).encode(), headers or {})

    def hold(self) -> None:
        """Read requests, and send no response before `clear`."""
        self._open.clear()

    def clear(self) -> None:
        """End the effect of `set_response` and `hold`."""
        self._override = None
        self._open.set()

    async def arrived(self, count: int) -> None:
        """Wait until this many requests have arrived since the start."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.requests) >= count)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Respond to one request as a token endpoint does."""
        fields = await request.post() if request.content_type == "application/x-www-form-urlencoded" else {}
        form = {name: value for name, value in fields.items() if isinstance(value, str)}
        async with self._arrival:
            self.requests.append(TokenRequest(request.method, request.headers, form))
            self._arrival.notify_all()
        await self._open.wait()  # cancelled when the client disconnects or the server stops
        response = self._override or self._respond(request, form, complete=len(form) == len(fields))
        self.before_response()
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store", **response.headers}
        return web.Response(status=response.status, body=response.content, headers=headers)

    def _respond(self, request: web.BaseRequest, form: Mapping[str, str], *, complete: bool) -> _RawResponse:
        if request.path != PATH:
            return _response(404, {"error": "not_found"})
        if request.method != "POST" or not complete or set(form) != {"grant_type", "refresh_token", "client_id"}:
            return _response(400, {"error": "invalid_request"})
        if form["grant_type"] != "refresh_token":
            return _response(400, {"error": "unsupported_grant_type"})
        if form["client_id"] != self.client_id:
            return _response(401, {"error": "invalid_client"})
        if form["refresh_token"] != self.refresh_token:
            return _response(400, {"error": "invalid_grant"})
        return _response(200, self._issue())

    def _issue(self) -> dict[str, Any]:
        number = len(self.issued) + 1
        self.issued.append(self._access_tokens(number))
        body: dict[str, Any] = {"token_type": "Bearer", "access_token": self.issued[-1]}
        if self.expires_in is not None:
            body["expires_in"] = self.expires_in
        if self.rotates:
            body["refresh_token"] = self.refresh_token = self._refresh_tokens(number)
        return body


def _response(status: int, body: Any) -> _RawResponse:
    return _RawResponse(status, json.dumps(body).encode(), {})
