"""Who may send requests: the rate limit, the names in client certificates, the users."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from exporter.web.limits import RateLimiter
from exporter.web.web_config.basic_auth import BasicAuth, Credentials, parse_authorization
from exporter.web.web_config.password_checker import BusyError, PasswordChecker
from exporter.web.web_config.web_config import WebConfig, canonical_name

PROBES: Final = frozenset({"/-/healthy", "/-/ready"})
"""Do not use up the rate limit, unless a password must be checked for them: a rate-limited probe would restart the process."""
_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="ai-account-exporter", charset="UTF-8"'}
_NAME_KINDS: Final = frozenset({"DNS", "email", "URI"})


class AccessControl:
    """Applies a web configuration to every request. Its middleware must be the first one that can respond."""

    def __init__(self, config: WebConfig, checker: PasswordChecker | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._checker = checker or PasswordChecker()
        self._auth = BasicAuth(self._checker)
        self._limiter: RateLimiter | None = None
        self.apply(config)

    def apply(self, config: WebConfig) -> None:
        """Use another configuration from the next request on.

        Checked passwords stay valid for users whose hash is the same, and the rate limiter keeps its tokens if the limit is the same.
        """
        self._allowed_names = config.allowed_names
        self._auth.apply(config.users)
        if (self._limiter.rate if self._limiter else None) != config.rate_limit:
            self._limiter = RateLimiter(*config.rate_limit) if config.rate_limit else None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Pass the request to its handler, or refuse it."""
        refusal = self._check_rate(request) or self._check_certificate(request) or await self._check_user(request)
        return refusal or await handler(request)

    def close(self) -> None:
        """Forget the passwords that wait to be checked."""
        self._checker.close()

    def _check_rate(self, request: web.Request) -> web.Response | None:
        if self._limiter is None or (request.path in PROBES and self._auth.is_known(_credentials_of(request))):
            return None
        wait = self._limiter.take(self._clock())
        return _refusal(429, "too many requests", {"Retry-After": str(math.ceil(wait))}) if wait else None

    def _check_certificate(self, request: web.Request) -> web.Response | None:
        certificate = request.transport.get_extra_info("peercert") if request.transport else None
        if self._allowed_names is None or has_allowed_name(certificate, self._allowed_names):
            return None
        return _refusal(403, "the client certificate has no allowed name")

    async def _check_user(self, request: web.Request) -> web.Response | None:
        try:
            is_admitted = await self._auth.admits(_credentials_of(request), _network_of(request.remote))
        except BusyError:
            return _refusal(503, "too many logins at once", {"Retry-After": "1"})
        return None if is_admitted else _refusal(401, "user name and password required", _CHALLENGE)


def has_allowed_name(certificate: Mapping[str, Any] | None, allowed: Collection[str]) -> bool:
    """Whether a certificate that TLS has verified, in the form of `SSLSocket.getpeercert`, contains an allowed name."""
    return any(name in allowed for name in _names_of(certificate or {}))


def _names_of(certificate: Mapping[str, Any]) -> Iterator[str]:
    for kind, value in certificate.get("subjectAltName", ()):
        if kind in _NAME_KINDS:
            yield value
        elif kind == "IP Address":
            yield canonical_name(value)


def _credentials_of(request: web.Request) -> Credentials | None:
    return parse_authorization(request.headers.getall(hdrs.AUTHORIZATION, ()))


def _network_of(remote: str | None) -> str:
    """Return the client's IPv4 address, or the IPv6 /64 that one client usually owns."""
    try:
        address = ipaddress.ip_address((remote or "").partition("%")[0])
    except ValueError:
        return ""
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def _refusal(status: int, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=f"{text}\n", headers=headers)
