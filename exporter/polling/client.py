"""The one place that talks HTTP to vendors; it turns each fault into a reason."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from exporter.credentials import SecretSource
from exporter.errors import PollError
from exporter.model import AccountKey, Reading, Reason, Seconds
from exporter.providers.definition import Definition, HeaderCredential, Request
from exporter.providers.extract import extract
from exporter.providers.verdict import accept

MAX_BODY_BYTES = 1_048_576
CONNECTIONS_PER_HOST = 50


@dataclass(frozen=True, slots=True)
class Job:
    """All that polling one account needs."""

    key: AccountKey
    definition: Definition
    base_url: str
    credential: HeaderCredential
    secret: SecretSource
    labels: Mapping[str, str]
    interval: Seconds
    timeout: Seconds
    stale_after: Seconds
    max_backoff: Seconds


def open_session(user_agent: str) -> aiohttp.ClientSession:
    """Open the connection pool that all accounts share. It keeps no cookies, since one account's must not reach another."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, limit_per_host=CONNECTIONS_PER_HOST),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"},
        timeout=aiohttp.ClientTimeout(total=None),  # the deadline is on the whole poll
        auto_decompress=False,  # done here, under the body cap
        requote_redirect_url=False,
    )


class Client:
    """Polls accounts."""

    def __init__(self, session: aiohttp.ClientSession, environ: Mapping[str, str]) -> None:
        self._session = session
        self._environ = environ

    async def poll(self, job: Job) -> Reading:
        """Ask the vendor all that its definition asks, within the account's timeout.

        Raises:
            PollError: with the reason; its message holds no key, no URL and no text of the vendor's.
        """
        try:
            async with asyncio.timeout(job.timeout):
                secret = await asyncio.to_thread(job.secret.read, self._environ) if job.secret.file else job.secret.read(self._environ)
                headers = job.credential.headers(secret.get_secret_value())
                return extract([(request, await self._ask(job, request, headers)) for request in job.definition.requests])
        except TimeoutError:
            raise PollError(Reason.TIMEOUT, f"no whole answer within {job.timeout:g}s") from None

    async def _ask(self, job: Job, request: Request, headers: Mapping[str, str]) -> object:
        url = URL(job.base_url + request.path)
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                status = response.status
                try:
                    content = await _read(response)
                except PollError:
                    if status < 400:
                        raise
                    content = b""  # an error's status says enough where its body cannot be read
        except (aiohttp.ClientError, OSError) as error:
            raise PollError(*_reason(error)) from None  # the cause's text may hold the URL
        return accept(job.definition, request, status, content)


def _reason(error: aiohttp.ClientError | OSError) -> tuple[Reason, str]:  # noqa: PLR0911 -- one case, one line
    match error:
        case TimeoutError():
            return Reason.TIMEOUT, "the connection timed out"
        case aiohttp.ClientConnectorCertificateError():
            return Reason.TLS, "the server's certificate was refused"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return Reason.TLS, "the TLS handshake failed"
        case aiohttp.ClientConnectorDNSError():
            return Reason.CONNECTION, "the host name could not be resolved"
        case aiohttp.ClientConnectorError():
            return Reason.CONNECTION, f"no connection: {error.os_error.strerror or type(error.os_error).__name__}"
        case aiohttp.ClientResponseError():
            return Reason.CONNECTION, "the answer was not HTTP"
        case _:
            return Reason.CONNECTION, "the connection ended before the answer was whole"


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Read the body, counting while reading, before and after decompression."""
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            raise _too_large()
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding in {"identity", ""}:
        return bytes(content)
    if coding in {"gzip", "x-gzip", "deflate"}:
        return _inflate(bytes(content), raw=coding == "deflate" and content[:1] != b"\x78")
    raise PollError(Reason.INVALID_RESPONSE, "the answer came in a content encoding that was not asked for")


def _inflate(content: bytes, *, raw: bool) -> bytes:
    """Decompress up to the body cap. `deflate` should be zlib's format, but some servers send it bare (RFC 9110, section 8.4.1.2)."""
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS | 32)
    try:
        body = decompressor.decompress(content, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise PollError(Reason.INVALID_RESPONSE, "the answer could not be decompressed") from None
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    if not decompressor.eof:
        raise PollError(Reason.INVALID_RESPONSE, "the compressed answer is cut off")
    return body


def _too_large() -> PollError:
    return PollError(Reason.INVALID_RESPONSE, f"the answer is larger than {MAX_BODY_BYTES} bytes")
