"""One loopback server that plays all vendors: it finds the account by its secret and answers as the vendor would."""

from __future__ import annotations

import json
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from exporter.simulator import elevenlabs, heygen, liveavatar
from exporter.simulator.faults import WIRE, Act, Fault, Scene
from exporter.simulator.listener import Listener
from exporter.simulator.vendor import Answer, Presented, Vendor

MAX_REQUESTS_KEPT: Final = 10_000
COMPRESSED_ABOVE: Final = 500

VENDORS: Final[Mapping[str, Vendor]] = {vendor.name: vendor for vendor in (heygen.VENDOR, elevenlabs.VENDOR, liveavatar.VENDOR)}
_BY_PATH: Final = {vendor.path: vendor for vendor in VENDORS.values()}
_BY_TERRITORY: Final = sorted(VENDORS.values(), key=lambda vendor: len(vendor.territory), reverse=True)
_NOWHERE: Final = Answer(404, {"detail": "Not Found"})


@dataclass(frozen=True, slots=True)
class Player:
    """One account as the vendor has it."""

    provider: str
    secret: str = field(repr=False)
    body: Callable[[float, float], Any]
    """From seconds since the start and Unix time to the success body."""
    bearer: bool = False
    """Whether the secret is an OAuth access token; only HeyGen has them."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in; `provider` is empty where the path is no vendor's."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    provider: str
    at: float
    """On the monotonic clock."""


@dataclass(frozen=True, slots=True)
class _Canned:
    """An answer that a test laid down, sent exactly so."""

    status: int
    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Misbehaviour:
    """A fault, and where it leads if it is a redirect."""

    fault: Fault
    location: str


class Simulator(Listener):
    """Vendors with accounts. Time comes from the two clocks; what an account answers is a function of it."""

    def __init__(
        self, players: Iterable[Player], *, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self._players = _by_secret(players)
        self._secrets = {presented.secret for _, presented in self._players}
        self._scripts: dict[str, _Canned | _Misbehaviour | Act] = {}
        self._monotonic = monotonic
        self._wall = wall
        self._started = 0.0
        self._served = 0
        self.requests: deque[Received] = deque(maxlen=MAX_REQUESTS_KEPT)

    async def start(self, port: int = 0, ssl_context: ssl.SSLContext | None = None) -> str:
        """Listen on loopback and return the base URL; the accounts' time starts."""
        url = await super().start(port, ssl_context)
        self._started = self._monotonic()
        return url

    def misbehave(self, secret: str, fault: Fault | None, *, location: str = "/elsewhere") -> None:
        """Make every account with this secret fail so from now on; None ends it. The location is where a redirect leads."""
        if fault is None:
            self.clear(secret)
        else:
            self._scripts[self._known(secret)] = _Misbehaviour(fault, location)

    def reply(
        self, secret: str, *, status: int = 200, body: object = ..., content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer every account with this secret so from now on: with a body to send as JSON, with raw content, or with neither."""
        if content is None:
            content = b"" if body is ... else _encode(body)
        self._scripts[self._known(secret)] = _Canned(status, content, headers or {})

    def perform(self, secret: str, act: Act) -> None:
        """Leave every answer to an account with this secret to an act from now on."""
        self._scripts[self._known(secret)] = act

    def clear(self, secret: str) -> None:
        """Let every account with this secret behave again."""
        self._scripts.pop(self._known(secret), None)

    def _known(self, secret: str) -> str:
        if secret not in self._secrets:
            raise ValueError("no account has this secret")
        return secret

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request as its vendor does."""
        path = request.path
        vendor = _BY_PATH.get(path) or next((vendor for vendor in _BY_TERRITORY if path.startswith(vendor.territory)), None)
        name = vendor.name if vendor else ""
        self.requests.append(Received(request.method, path, request.headers, name, self._monotonic()))
        if vendor is None:
            return _response(_NOWHERE, {})
        self._served += 1
        usual = vendor.headers(f"{self._served:032x}")
        if path not in {vendor.path, *vendor.beside} or request.method != "GET":
            return _response(vendor.not_found, usual)
        return await self._play(vendor, request, usual)

    async def _play(self, vendor: Vendor, request: web.BaseRequest, usual: Mapping[str, str]) -> web.StreamResponse:
        presented = vendor.presented(request.headers)
        if presented is None:
            return _response(vendor.missing_key, usual)
        player = self._players.get((vendor.name, presented))
        if player is None:
            return _response(vendor.refusals[Fault.BAD_KEY], usual)
        script = self._scripts.get(presented.secret)
        if script is None:
            body = vendor.beside.get(request.path, player.body)(self._monotonic() - self._started, self._wall())
            return _compressed(_response(Answer(200, body), usual), request)
        return await self._follow(script, vendor, request, usual)

    async def _follow(
        self, script: _Canned | _Misbehaviour | Act, vendor: Vendor, request: web.BaseRequest, usual: Mapping[str, str]
    ) -> web.StreamResponse:
        match script:
            case _Canned(status, content, headers):
                return _plain(status, content, usual, headers)
            case _Misbehaviour(fault, location):
                if fault in vendor.refusals:
                    return _response(vendor.refusals[fault], usual)
                return await WIRE[fault](Scene(request, location))
            case act:
                return await act(Scene(request, ""))


def _by_secret(players: Iterable[Player]) -> dict[tuple[str, Presented], Player]:
    found: dict[tuple[str, Presented], Player] = {}
    for player in players:
        if player.provider not in VENDORS:
            raise ValueError(f"the vendor {player.provider!r} cannot be played")
        if found.setdefault((player.provider, Presented(player.secret, player.bearer)), player) is not player:
            raise ValueError(f"two accounts of {player.provider} have the same secret")
    return found


def _encode(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _response(answer: Answer, usual: Mapping[str, str]) -> web.Response:
    return _plain(answer.status, _encode(answer.body), usual, answer.headers)


def _plain(status: int, content: bytes, usual: Mapping[str, str], headers: Mapping[str, str]) -> web.Response:
    response = web.Response(status=status, body=content, headers={"Content-Type": "application/json", **usual})
    response.headers.update(headers)  # whatever the case of their letters
    return response


def _compressed(response: web.Response, request: web.BaseRequest) -> web.Response:
    content = response.body
    if isinstance(content, bytes) and len(content) > COMPRESSED_ABOVE and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response
