"""The one place that sends requests, to vendors and to the receiver of pushes, and reads the responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from exporter.client.compression import BodyTooLargeError, codings_of, decompress
from exporter.client.connections import Connector
from exporter.client.proxies import proxy_for, proxy_headers
from exporter.client.request_errors import fault
from exporter.client.resolver import Resolver
from exporter.client.retry_after import waiting_time
from exporter.client.trust import TrustStore
from exporter.clock import Clock
from exporter.config.connection_settings import ConnectionSettings
from exporter.errors import PollError
from exporter.model import Seconds
from exporter.providers.response import MAX_BODY_BYTES
from exporter.validation.file_threads import FileThreads

_UNREADABLE: Final = b"\0"


def open_session(user_agent: str, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """Open the pool of connections that all accounts share."""
    return _session(Connector(resolver or Resolver()), user_agent)


def _session(connector: Connector, user_agent: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),  # one account's cookies must not reach another
        headers={"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"},
        timeout=aiohttp.ClientTimeout(total=None),  # the timeout is on the whole poll
        auto_decompress=False,  # decompression has its own limit
        read_bufsize=MAX_BODY_BYTES,  # more than is ever read, so that reading never pauses within a body
        requote_redirect_url=False,
    )


@dataclass(frozen=True, slots=True)
class Response:
    """A response whose body is read."""

    status: int
    headers: Mapping[str, str]
    content: bytes | None
    """The body as it was sent; None if it is too large."""
    codings: list[str]

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def body(self, limit: int = MAX_BODY_BYTES) -> bytes:
        """Return the decompressed body. If the status is not 2xx, one that is not JSON replaces a body that cannot be read: the status is enough.

        Raises:
            BodyTooLargeError: it is larger than `limit`.
            PollError: it cannot be decompressed.
        """
        try:
            if self.content is None:
                raise BodyTooLargeError(MAX_BODY_BYTES)
            return decompress(self.content, self.codings, limit)
        except PollError as error:
            may_fit_later = isinstance(error, BodyTooLargeError) and self.content is not None and limit < MAX_BODY_BYTES
            if self.is_success or may_fit_later:
                raise
            return _UNREADABLE

    @property
    def is_limited(self) -> bool:
        """Whether the status asks for fewer requests."""
        return self.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}

    def retry_after(self, now: float, other_header: str | None = None) -> Seconds | None:
        """Return how long the server asks to wait (RFC 9110, section 10.2.3). Some vendors use a header of their own."""
        names = ("Retry-After", other_header) if other_header else ("Retry-After",)
        waits = (waiting_time(self.headers.get(name), self.headers.get("Date"), now) for name in names)
        return next((wait for wait in waits if wait is not None), None)


class Transport:
    """Sends requests with the connection settings of an account."""

    def __init__(self, session: aiohttp.ClientSession, environ: Mapping[str, str], clock: Clock, files: FileThreads | None = None) -> None:
        """`session` is from `open_session`; `environ` may name a proxy; `clock` dates what the vendor asks to wait for."""
        self._session = session
        self._environ = environ
        self._trust = TrustStore(files or FileThreads())
        self.clock = clock

    async def send(self, method: str, url: URL, settings: ConnectionSettings, **content: Any) -> Response:
        """Send a request on a shared connection. `content` is what aiohttp's request takes: `headers`, `json` and the like.

        Raises:
            PollError: no complete response arrived.
        """
        return await self._send(self._session, method, url, settings, content)

    async def send_unshared(self, method: str, url: URL, settings: ConnectionSettings, **content: Any) -> Response:
        """Send a request on a connection of its own, as one to a token endpoint: its response must not be taken for another's."""
        shared = self._session.connector
        if not isinstance(shared, Connector):
            raise TypeError("expected a session from open_session")
        async with _session(shared.unshared(), self._session.headers["User-Agent"]) as session:
            return await self._send(session, method, url, settings, content)

    async def _send(
        self, session: aiohttp.ClientSession, method: str, url: URL, settings: ConnectionSettings, content: Mapping[str, Any]
    ) -> Response:
        proxy = proxy_for(url, settings, self._environ)
        context = await self._trust.context(settings.ca_file) if url.scheme == "https" else True
        try:
            async with session.request(
                method,
                url,
                allow_redirects=False,
                proxy=proxy.url if proxy else None,
                proxy_headers=proxy_headers(proxy) if proxy else None,
                ssl=context,
                timeout=_timeout(settings.connect_timeout),
                **content,
            ) as response:
                codings = codings_of(response.headers.getall("Content-Encoding", ()))
                return Response(response.status, response.headers, await _read(response), codings)
        except (aiohttp.ClientError, OSError) as error:
            failure = fault(error, proxied=proxy is not None)
        raise failure  # not above: the error would be its context, and its text may contain the URL with the key


@lru_cache(maxsize=64)
def _timeout(connect: Seconds) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=connect)


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    chunks, size = [], 0
    while chunk := await response.content.readany():
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            return None
    return b"".join(chunks)
