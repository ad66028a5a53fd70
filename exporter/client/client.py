"""The one place that talks HTTP to vendors; it turns each fault into a reason."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver
from pydantic import SecretStr
from yarl import URL

from exporter.client.authentication import Authentication
from exporter.client.network import Resolver, Routes, fault
from exporter.client.oauth import TokenSource
from exporter.client.optional import OptionalResults
from exporter.client.retry_after import waiting_time
from exporter.clock import Clock
from exporter.config.credentials import SecretSource
from exporter.config.settings import Settings
from exporter.errors import PollError
from exporter.model import AccountKey, Reading, Reason, Seconds
from exporter.providers.definition import Definition, HeaderCredential, Request
from exporter.providers.extract import extract
from exporter.providers.response import accept

MAX_BODY_BYTES = 1_048_576
_PATIENCE = 0.8
"""The share of the time left that a request may take whose answer is not needed."""


@dataclass(frozen=True, slots=True)
class Job:
    """All that polling one account needs."""

    key: AccountKey
    definition: Definition
    credential: HeaderCredential
    secret: SecretSource
    settings: Settings

    @property
    def requests(self) -> tuple[Request, ...]:
        """What is asked with this credential: what every good poll needs first, then what it can do without."""
        return tuple(sorted(self.definition.requests_with(self.credential), key=lambda request: request.optional))


def open_session(user_agent: str, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """Open the connection pool that all accounts share. It keeps no cookies, since one account's must not reach another."""
    # Ten seconds let polls of the same moment share a look-up, and yet show a changed address to the next poll. Failures are not kept.
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, resolver=resolver or Resolver(), ttl_dns_cache=10),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"},
        timeout=aiohttp.ClientTimeout(total=None),  # the deadline is on the whole poll
        auto_decompress=False,  # done here, under the body cap
        requote_redirect_url=False,
    )


class Client:
    """Polls accounts."""

    def __init__(self, session: aiohttp.ClientSession, environ: Mapping[str, str], clock: Clock) -> None:
        self._session = session
        self._routes = Routes(environ)
        self._tokens = TokenSource(session, clock, self._routes)
        self._authentication = Authentication(self._tokens, environ)
        self._clock = clock

    async def close(self) -> None:
        """Let a renewal of a login end that is under way: the token that it brings must not be lost."""
        await self._tokens.close()

    async def poll(self, job: Job, optional: OptionalResults | None = None) -> Reading:
        """Send the requests of the account's definition, within its timeout. `optional` receives the outcomes of optional requests.

        Raises:
            PollError: with the reason; its message holds no key, no URL and no text of the vendor's.
        """
        try:
            async with asyncio.timeout(job.settings.timeout) as deadline:
                secret = await self._authentication.secret(job.secret, job.credential, job.settings.connection)
                try:
                    return await self._ask_all(job, secret, deadline, optional)
                except PollError as error:
                    is_refused = error.reason is Reason.UNAUTHORIZED
                    if not is_refused or not self._authentication.is_renewable(job.secret, job.credential, job.settings.connection, secret):
                        raise
                return await self._ask_all(
                    job, await self._authentication.secret(job.secret, job.credential, job.settings.connection), deadline, optional
                )
        except TimeoutError:
            raise PollError(Reason.TIMEOUT, f"no whole answer within {job.settings.timeout:g}s") from None

    async def _ask_all(self, job: Job, secret: SecretStr, deadline: asyncio.Timeout, optional: OptionalResults | None) -> Reading:
        answers = [(request, await self._ask(job, request, secret)) for request in job.requests if not request.optional]
        optional = optional or OptionalResults()
        for request in job.requests:
            if request.optional and request.path not in optional.waiting:
                try:
                    answer = request, await self._try(job, request, secret, deadline)
                except PollError as error:
                    optional.outcomes[request.path] = error
                else:
                    answers.append(answer)
                    optional.outcomes[request.path] = extract([answer], secret)
        return extract(answers, secret)

    async def _try(self, job: Job, request: Request, secret: SecretStr, deadline: asyncio.Timeout) -> object:
        """Send an optional request, in a part of the remaining time."""
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(_PATIENCE * ((deadline.when() or now) - now)):
                return await self._ask(job, request, secret)
        except TimeoutError:
            raise PollError(Reason.TIMEOUT, "no complete response in time") from None

    async def _ask(self, job: Job, request: Request, secret: SecretStr) -> object:
        headers = job.credential.headers(secret.get_secret_value())
        url = URL(job.settings.base_url + request.path)
        options = await self._routes.options(str(url), job.settings.connection)
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False, **options) as response:
                status = response.status
                try:
                    content = await _read(response)
                except PollError:
                    if status < 400:
                        raise
                    content = b""  # an error's status says enough where its body cannot be read
        except (aiohttp.ClientError, OSError) as error:
            raise fault(error, proxied=options["proxy"] is not None) from None  # the cause's text may hold the URL
        try:
            return accept(job.definition, request, status, content, secret)
        except PollError as error:
            error.retry_after = self._wish(job, status, response.headers)
            raise

    def _wish(self, job: Job, status: int, headers: Mapping[str, str]) -> Seconds | None:
        """How long the vendor told us to wait."""
        if status not in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            return None
        named = job.definition.errors.rate_limit_reset
        wait = waiting_time(headers.get("Retry-After"), headers.get("Date"), self._clock.wall())
        return wait or (waiting_time(headers.get(named), None, self._clock.wall()) if named else None)


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
