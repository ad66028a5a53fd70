"""One loopback server for all vendors. It finds the account by its secret and responds as the vendor does."""

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
from exporter.simulator.faults import NETWORK_FAULTS, Fault, FaultContext, FaultHandler
from exporter.simulator.listener import Listener
from exporter.simulator.vendor import FixedResponse, PresentedKey, Vendor

MAX_REQUESTS_KEPT: Final = 10_000
COMPRESSED_ABOVE: Final = 500

VENDORS: Final[Mapping[str, Vendor]] = {vendor.name: vendor for vendor in (heygen.VENDOR, elevenlabs.VENDOR, liveavatar.VENDOR)}
_BY_PATH: Final = {vendor.path: vendor for vendor in VENDORS.values()}
_BY_PREFIX: Final = sorted(VENDORS.values(), key=lambda vendor: len(vendor.path_prefix), reverse=True)
_NOT_FOUND: Final = FixedResponse(404, {"detail": "Not Found"})


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """One account at a vendor."""

    provider: str
    secret: str = field(repr=False)
    body: Callable[[float, float], Any]
    """Returns the success body, from seconds since the start and Unix time."""
    bearer: bool = False
    """Whether the secret is an OAuth access token; only HeyGen has them."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request. `provider` is empty if the path belongs to no vendor."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    provider: str
    at: float
    """On the monotonic clock."""


@dataclass(frozen=True, slots=True)
class _RawResponse:
    """A response that is sent as it is."""

    status: int
    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _ActiveFault:
    """A fault, and the location if it is a redirect."""

    fault: Fault
    location: str


class Simulator(Listener):
    """Vendors with accounts. Every body is a function of time, which the two clocks give."""

    def __init__(
        self,
        accounts: Iterable[SimulatedAccount],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._accounts = _by_secret(accounts)
        self._secrets = {key.secret for _, key in self._accounts}
        self._overrides: dict[str, _RawResponse | _ActiveFault | FaultHandler] = {}
        self._monotonic = monotonic
        self._wall = wall
        self._started = 0.0
        self._served = 0
        self.requests: deque[Received] = deque(maxlen=MAX_REQUESTS_KEPT)

    async def start(self, port: int = 0, ssl_context: ssl.SSLContext | None = None) -> str:
        """Listen on loopback and return the base URL. The time of the accounts starts here."""
        url = await super().start(port, ssl_context)
        self._started = self._monotonic()
        return url

    def set_fault(self, secret: str, fault: Fault | None, *, location: str = "/elsewhere") -> None:
        """Set the fault of every account with this secret; None clears it. `location` is the target of a redirect."""
        if fault is None:
            self.clear(secret)
        else:
            self._overrides[self._known(secret)] = _ActiveFault(fault, location)

    def set_response(
        self, secret: str, *, status: int = 200, body: object = ..., content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Set the response for every account with this secret: a body to send as JSON, raw content, or neither."""
        if content is None:
            content = b"" if body is ... else _encode(body)
        self._overrides[self._known(secret)] = _RawResponse(status, content, headers or {})

    def set_handler(self, secret: str, handler: FaultHandler) -> None:
        """Let a handler respond for every account with this secret."""
        self._overrides[self._known(secret)] = handler

    def clear(self, secret: str) -> None:
        """Remove the fault, response or handler of every account with this secret."""
        self._overrides.pop(self._known(secret), None)

    def _known(self, secret: str) -> str:
        if secret not in self._secrets:
            raise ValueError("no account has this secret")
        return secret

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Respond to one request as its vendor does."""
        path = request.path
        vendor = _BY_PATH.get(path) or next((vendor for vendor in _BY_PREFIX if path.startswith(vendor.path_prefix)), None)
        name = vendor.name if vendor else ""
        self.requests.append(Received(request.method, path, request.headers, name, self._monotonic()))
        if vendor is None:
            return _response(_NOT_FOUND, {})
        self._served += 1
        vendor_headers = vendor.headers(f"{self._served:032x}")
        if path not in {vendor.path, *vendor.other_paths} or request.method != "GET":
            return _response(vendor.not_found, vendor_headers)
        return await self._respond(vendor, request, vendor_headers)

    async def _respond(self, vendor: Vendor, request: web.BaseRequest, vendor_headers: Mapping[str, str]) -> web.StreamResponse:
        key = vendor.read_key(request.headers)
        if key is None:
            return _response(vendor.missing_key, vendor_headers)
        account = self._accounts.get((vendor.name, key))
        if account is None:
            return _response(vendor.refusals[Fault.BAD_KEY], vendor_headers)
        override = self._overrides.get(key.secret)
        if override is None:
            body = vendor.other_paths.get(request.path, account.body)(self._monotonic() - self._started, self._wall())
            return _compressed(_response(FixedResponse(200, body), vendor_headers), request)
        return await self._override(override, vendor, request, vendor_headers)

    async def _override(
        self,
        override: _RawResponse | _ActiveFault | FaultHandler,
        vendor: Vendor,
        request: web.BaseRequest,
        vendor_headers: Mapping[str, str],
    ) -> web.StreamResponse:
        match override:
            case _RawResponse(status, content, headers):
                return _plain(status, content, vendor_headers, headers)
            case _ActiveFault(fault, location):
                if fault in vendor.refusals:
                    return _response(vendor.refusals[fault], vendor_headers)
                return await NETWORK_FAULTS[fault](FaultContext(request, location))
            case handler:
                return await handler(FaultContext(request, ""))


def _by_secret(accounts: Iterable[SimulatedAccount]) -> dict[tuple[str, PresentedKey], SimulatedAccount]:
    found: dict[tuple[str, PresentedKey], SimulatedAccount] = {}
    for account in accounts:
        if account.provider not in VENDORS:
            raise ValueError(f"the vendor {account.provider!r} is not simulated")
        if found.setdefault((account.provider, PresentedKey(account.secret, account.bearer)), account) is not account:
            raise ValueError(f"two accounts of {account.provider} have the same secret")
    return found


def _encode(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _response(response: FixedResponse, vendor_headers: Mapping[str, str]) -> web.Response:
    return _plain(response.status, _encode(response.body), vendor_headers, response.headers)


def _plain(status: int, content: bytes, vendor_headers: Mapping[str, str], headers: Mapping[str, str]) -> web.Response:
    response = web.Response(status=status, body=content, headers={"Content-Type": "application/json", **vendor_headers})
    response.headers.update(headers)  # names are compared without case
    return response


def _compressed(response: web.Response, request: web.BaseRequest) -> web.Response:
    content = response.body
    if isinstance(content, bytes) and len(content) > COMPRESSED_ABOVE and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response
