"""Polls accounts: requests what a definition asks for, and extracts a reading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from pydantic import SecretStr

from exporter.client.compression import BodyTooLargeError
from exporter.client.oauth import OAuthLogin, TokenSource
from exporter.client.request_content import prepared
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import Response, Transport
from exporter.clock import Clock
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import Reading, Reason
from exporter.providers.echo import Echo
from exporter.providers.extract import Extraction, extract
from exporter.providers.request_fields import Request
from exporter.providers.response import check, decode

_SMALL_BODY: Final = 65_536
"""Bytes. A larger body is decoded in a thread."""
_OPTIONAL_SHARE: Final = 0.8
"""The share of the remaining time that an optional request may take."""


@dataclass(slots=True)
class OptionalResults:
    """The optional requests of one poll: those that must wait, and the outcomes of the others, by name. The client adds the outcomes."""

    waiting: frozenset[str] = frozenset()
    outcomes: dict[str, Reading | PollError] = field(default_factory=dict)


OnReading = Callable[[Job, Request, Any, Reading, Echo], None]
"""Receives the body of each good response, its reading, and what finds the secret in text; in a thread if the body is large."""

OnResponse = Callable[[Job, Request, Any, SecretStr, bool], None]
"""Receives the body of each response that is JSON, the secret that was sent, and whether all that is selected in it is usable;
in a thread if the body is large."""


class Client:
    """Polls accounts."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        environ: Mapping[str, str],
        clock: Clock,
        secrets: SecretReader | None = None,
        *,
        on_reading: OnReading | None = None,
        on_response: OnResponse = lambda *_: None,
    ) -> None:
        self._on_reading, self._on_response = on_reading, on_response
        self._secrets = secrets or SecretReader(environ)
        self.transport = Transport(session, environ, clock, self._secrets.files)
        self._tokens = TokenSource(self.transport, self._secrets)
        self._decoder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decoder")
        """One thread, since a decoded body takes up to a hundred times its size."""

    async def close(self) -> None:
        """Wait for token requests: a new refresh token must not be lost."""
        await self._tokens.close()
        self._decoder.shutdown(wait=False, cancel_futures=True)

    async def poll(self, job: Job, optional: OptionalResults | None = None) -> Reading:
        """Send the requests of the account's definition, within its timeout. `optional` receives the outcomes of optional requests.

        Raises:
            PollError: with the reason; its message contains no key, no URL and no text of the vendor.
        """
        try:
            async with asyncio.timeout(job.settings.timeout) as deadline:
                secret = await self._secret(job)
                try:
                    return await self._poll(job, secret, deadline, optional)
                except PollError as error:
                    if error.reason is not Reason.UNAUTHORIZED:
                        raise
                    other = await self._other_secret(job, secret)
                    if other is None or error.retry_after is not None:  # the next poll sends the other one, after the wait
                        raise
                return await self._poll(job, other, deadline, optional)
        except TimeoutError:
            self._secrets.raise_if_blocked(job.secret)
            raise PollError(Reason.TIMEOUT, f"no complete response within {job.settings.timeout:g}s") from None

    async def _secret(self, job: Job) -> SecretStr:
        """Return what authenticates the requests: read for every poll, or the access token of an OAuth login."""
        login = _login(job)
        return await (self._tokens.access_token(login) if login else self._secrets.read(job.secret))

    async def _other_secret(self, job: Job, refused: SecretStr) -> SecretStr | None:
        """Return another secret after the vendor rejected one; None if there is none."""
        login = _login(job)
        return await self._tokens.access_token(login) if login and self._tokens.discard(login, refused) else None

    async def _poll(self, job: Job, secret: SecretStr, deadline: asyncio.Timeout, optional: OptionalResults | None) -> Reading:
        now = self.transport.clock.wall()  # one time for all requests: they must ask for the same month
        extraction, optional = Extraction(secret, now), optional or OptionalResults()
        for request in job.requests:
            if not request.optional:
                await self._extract(job, request, secret, await self._send(job, request, secret, now), extraction)
            elif request.name not in optional.waiting:
                own = Extraction(secret, now)
                try:
                    await self._extract(job, request, secret, await self._try(job, request, secret, now, deadline), extraction, own)
                except PollError as error:
                    optional.outcomes[request.name] = error.without_frames()
                else:
                    optional.outcomes[request.name] = own.reading()
        return extraction.reading()

    async def _try(self, job: Job, request: Request, secret: SecretStr, now: float, deadline: asyncio.Timeout) -> Response:
        """Send an optional request, which may take a part of the remaining time."""
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(_OPTIONAL_SHARE * ((deadline.when() or started) - started)):
                return await self._send(job, request, secret, now)
        except TimeoutError:
            raise PollError(Reason.TIMEOUT, "no complete response in time") from None

    async def _send(self, job: Job, request: Request, secret: SecretStr, now: float) -> Response:
        url, content = prepared(job, request, secret, now)
        return await self.transport.send(request.method, url, job.settings.connection, **content)

    async def _extract(self, job: Job, request: Request, secret: SecretStr, response: Response, *extractions: Extraction) -> None:
        """Decode a body, extract from it and drop it, before the next request is sent."""

        def add(content: bytes) -> None:
            body, is_usable = decode(response.status, content), False
            try:
                found = check(job.definition, request, response.status, body, secret)
                for extraction in extractions:
                    extraction.add(request, found)
                is_usable = not any(extraction.mismatches for extraction in extractions)
            finally:
                self._on_response(job, request, body, secret, is_usable)
            if self._on_reading:
                reading = extract([(request, found)], secret, self.transport.clock.wall())
                self._on_reading(job, request, body, reading, Echo(secret))

        try:
            try:
                content = response.body(_SMALL_BODY)
            except BodyTooLargeError:  # decompressed in the thread too: large bodies must not be in memory at the same time
                await asyncio.get_running_loop().run_in_executor(self._decoder, lambda: add(response.body()))
            else:
                add(content)
        except PollError as error:
            is_limited = response.is_limited or error.reason is Reason.RATE_LIMITED
            other_header = job.definition.errors.rate_limit_reset if is_limited else None  # a vendor may send it with every response
            error.retry_after = response.retry_after(self.transport.clock.wall(), other_header)
            raise


def _login(job: Job) -> OAuthLogin | None:
    login, token_url = job.secret.oauth2, job.definition.credentials[job.credential].token_url
    if login is None or token_url is None:
        return None
    settings = job.settings
    return OAuthLogin(token_url, login.client_id, login.refresh_token_file, settings.connection, settings.max_retry_after)
