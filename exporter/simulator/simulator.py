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

from exporter.providers.request_fields import Request
from exporter.simulator.course import Course
from exporter.simulator.faults import NETWORK_FAULTS, Fault, FaultContext, FaultHandler
from exporter.simulator.listener import Listener
from exporter.simulator.vendor import FixedResponse, Vendor, packaged_vendor

MAX_REQUESTS_KEPT: Final = 10_000
COMPRESSED_ABOVE: Final = 500

_NOT_FOUND: Final = FixedResponse(404, {"detail": "Not Found"})


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """One account at a vendor."""

    provider: str
    secret: str = field(repr=False)
    body: Callable[[float, float], Any] | None = None
    """Returns the body of the definition's first request, from seconds since the start and Unix time. The others are those of the
    examples, and so is this one unless it is set."""
    credential: str = ""
    """The name of the credential in the definition; the first one unless it is set."""
    params: Mapping[str, str] = field(default_factory=dict)
    course: Course = field(default_factory=Course)
    """How the amounts of the examples move."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request. `provider` is empty if neither the path nor the secret belongs to a vendor."""

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


@dataclass(frozen=True, slots=True)
class _KnownAccount:
    """A simulated account, its vendor, and the name of its credential."""

    simulated: SimulatedAccount
    vendor: Vendor
    credential: str

    def asked(self, received: web.BaseRequest) -> Request | None:
        """Return the request of the definition, if this account can send it."""
        requests = self.vendor.definition.requests_with(self.credential)
        own = self.simulated.params
        for request, params in self.vendor.asked(received):
            if any(request is each for each in requests) and all(own.get(name) == value for name, value in params.items()):
                return request
        return None

    def body(self, request: Request, elapsed: float, now: float) -> Any:
        """Return the body of a request, at seconds since the start and Unix time."""
        if self.simulated.body and request is self.vendor.definition.requests[0]:
            return self.simulated.body(elapsed, now)
        return self.vendor.body(request, self.credential, self.simulated.course, elapsed, now)


class Simulator(Listener):
    """Vendors with accounts. Every body is a function of the time of the two clocks.

    All vendors have the same address: the secret decides which account responds.
    """

    def __init__(
        self,
        accounts: Iterable[SimulatedAccount],
        *,
        vendors: Iterable[Vendor] = (),
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`vendors` are those whose definitions do not come with the exporter."""
        super().__init__()
        self._vendors = {vendor.definition.name: vendor for vendor in vendors}
        self._accounts: dict[tuple[str, str], dict[str, _KnownAccount]] = {}
        self._secrets: set[str] = set()
        for account in accounts:
            self._add(account)
        self._overrides: dict[str, _RawResponse | _ActiveFault | FaultHandler] = {}
        self._monotonic = monotonic
        self._wall = wall
        self._started = 0.0
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

    def _add(self, account: SimulatedAccount) -> None:
        try:
            vendor = self._vendors.get(account.provider) or packaged_vendor(account.provider)
        except KeyError:
            raise ValueError(f"the vendor {account.provider!r} is not simulated") from None
        self._vendors[account.provider] = vendor
        name = account.credential or next(iter(vendor.definition.credentials))
        credential = vendor.definition.credentials[name]
        headers = {key.lower(): value for key, value in credential.headers(account.secret, account.params).items()}
        [sent] = {**headers, **credential.query_parameters(account.secret)}.items()
        same = self._accounts.setdefault(sent, {})
        if account.provider in same:
            raise ValueError(f"two accounts of {account.provider} have the same secret")
        same[account.provider] = _KnownAccount(account, vendor, name)
        self._secrets.add(account.secret)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Respond to one request as its vendor does."""
        sent = (*((name.lower(), value) for name, value in request.headers.items()), *request.query.items())
        known = [account for each in sent for account in self._accounts.get(each, {}).values()]
        account, asked = next(((account, asked) for account in known if (asked := account.asked(request))), (None, None))
        others = (vendor for vendor in self._vendors.values() if any(vendor.asked(request)))
        vendor = account.vendor if account else next(others, known[0].vendor if known else None)
        name = vendor.definition.name if vendor else ""
        self.requests.append(Received(request.method, request.path, request.headers, name, self._monotonic()))
        if vendor is None:
            return _response(_NOT_FOUND)
        if account is None or asked is None:
            return _response(vendor.refusals[Fault.BAD_KEY] if any(vendor.asked(request)) else vendor.not_found)
        return await self._respond(account, asked, request)

    async def _respond(self, account: _KnownAccount, asked: Request, request: web.BaseRequest) -> web.StreamResponse:
        override = self._overrides.get(account.simulated.secret)
        if override is not None:
            return await self._override(override, account.vendor, request)
        body = account.body(asked, self._monotonic() - self._started, self._wall())
        return _response(account.vendor.not_found) if body is None else _compressed(_response(FixedResponse(200, body)), request)

    async def _override(
        self, override: _RawResponse | _ActiveFault | FaultHandler, vendor: Vendor, request: web.BaseRequest
    ) -> web.StreamResponse:
        match override:
            case _RawResponse(status, content, headers):
                return _plain(status, content, headers)
            case _ActiveFault(fault, location):
                if fault in vendor.refusals:
                    return _response(vendor.refusals[fault])
                return await NETWORK_FAULTS[fault](FaultContext(request, location))
            case handler:
                return await handler(FaultContext(request, ""))


def _encode(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _response(response: FixedResponse) -> web.Response:
    return _plain(response.status, _encode(response.body), response.headers)


def _plain(status: int, content: bytes, headers: Mapping[str, str]) -> web.Response:
    response = web.Response(status=status, body=content, headers={"Content-Type": "application/json"})
    response.headers.update(headers)  # names are compared without case
    return response


def _compressed(response: web.Response, request: web.BaseRequest) -> web.Response:
    content = response.body
    if isinstance(content, bytes) and len(content) > COMPRESSED_ABOVE and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response
