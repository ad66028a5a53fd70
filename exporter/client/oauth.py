"""OAuth2 access tokens: refreshed ahead of their end, once for all accounts that share a login (RFC 6749, section 6)."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp
from pydantic import SecretStr
from yarl import URL

from exporter.client.network import Routes, fault
from exporter.client.retry_after import waiting_time
from exporter.client.secret_reader import SecretReader, unanswered
from exporter.client.token_answer import USUAL_LIFE, Answer, by_status, decoded, refused, unusable
from exporter.client.token_file import save
from exporter.clock import Clock
from exporter.config.connection import Way
from exporter.config.credentials import SecretSource
from exporter.errors import CredentialError, PollError
from exporter.model import Reason, Seconds

MAX_BODY_BYTES: Final = 65_536
TIMEOUT: Final = Seconds(10.0)
EARLY: Final = 60.0
"""How many seconds before its end a token is refreshed, unless that is more than half of its life."""
FORGET_PAUSE: Final = 3600.0
"""How long a refresh that a vendor's 401 has caused holds off the next such one, unless half of the token's life is shorter."""
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Grant:
    """One login at a vendor. Accounts whose grants are equal share one access token."""

    token_url: str = field(repr=False)  # its query may hold a secret
    client_id: str
    refresh_token_file: Path
    way: Way = Way()  # noqa: RUF009 -- frozen
    """How the token endpoint is reached."""


@dataclass(slots=True)
class _State:
    """What is known of one grant; the times are the monotonic clock's."""

    access: SecretStr | None = None
    lifetime: float = USUAL_LIFE
    refresh_at: float = -math.inf
    forgettable_at: float = -math.inf
    on_file: SecretStr | None = None
    """What the file held when we last read or wrote it."""
    unsaved: SecretStr | None = None
    """A refresh token that the file should hold and does not."""
    refusal: tuple[SecretStr, str] | None = None
    """The refresh token that was refused, and how."""
    doubted: bool = False
    """Whether the vendor refused the access token again, so that only another login can help."""
    refresh: asyncio.Task[SecretStr | PollError] | None = None

    def usable(self, now: float) -> SecretStr | None:
        """The access token, while it is fresh and its successor is safe."""
        return self.access if self.unsaved is None and not self.doubted and now < self.refresh_at else None

    def take(self, answer: Answer, asked_at: float) -> None:
        """Begin with a new access token, and owe the file the refresh token that came with it."""
        self.access, self.lifetime, self.refusal = answer.access, answer.lifetime, None
        self.refresh_at = asked_at + answer.lifetime - min(EARLY, answer.lifetime / 2)
        self.unsaved = answer.refresh if answer.refresh != self.on_file else None


class TokenSource:
    """Hands out access tokens, and keeps the files of their refresh tokens up to date."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        clock: Clock,
        routes: Routes,
        *,
        secrets: SecretReader | None = None,
        timeout: Seconds = TIMEOUT,
    ) -> None:
        """`routes` tells how a way is gone."""
        self._session = session
        self._clock = clock
        self._routes = routes
        self._secrets = secrets or SecretReader({})
        self._timeout = timeout
        self._states: dict[Grant, _State] = {}

    async def access_token(self, grant: Grant) -> SecretStr:
        """Return a token that is good for now. A caller who leaves early does not end the refresh for the others.

        Raises:
            PollError: there is none; every caller who waited for the same refresh gets the same reason, and the next call tries again.
        """
        state = self._states.setdefault(grant, _State())
        if (access := state.usable(self._clock.monotonic())) is not None:
            return access
        if state.refresh is None or state.refresh.done():
            state.refresh = asyncio.create_task(self._outcome(grant, state))
        outcome = await asyncio.shield(state.refresh)
        if isinstance(outcome, CredentialError):
            raise CredentialError(str(outcome))
        if isinstance(outcome, PollError):
            raise PollError(outcome.reason, str(outcome), outcome.retry_after)
        return outcome

    def forget(self, grant: Grant, token: SecretStr) -> bool:
        """Take note that the vendor refused this access token; tell whether the next call returns another.

        It does not if such a refresh was less than half of the token's life, or an hour, ago: then it is not the token that is wrong.
        In that time the next call only looks whether somebody has logged in again.
        """
        state = self._states.setdefault(grant, _State())
        if state.access != token:
            return True
        now = self._clock.monotonic()
        if now < state.forgettable_at:
            state.doubted = True
            return False
        state.access = None
        state.forgettable_at = now + min(state.lifetime / 2, FORGET_PAUSE)
        return True

    async def close(self) -> None:
        """Wait for refreshes under way, since one that is cut off may lose the only refresh token that still works."""
        if running := [state.refresh for state in self._states.values() if state.refresh is not None]:
            await asyncio.wait(running)

    async def _outcome(self, grant: Grant, state: _State) -> SecretStr | PollError:
        try:
            return await self._refreshed(grant, state)
        except PollError as error:
            return error

    async def _refreshed(self, grant: Grant, state: _State) -> SecretStr:
        if state.unsaved is not None and not await self._keep(grant, state):
            state.access = None
        token = await self._secrets.read(SecretSource(file=grant.refresh_token_file))
        if state.doubted and token != state.on_file:
            state.access = None
        state.on_file, state.doubted = token, False
        if (access := state.usable(self._clock.monotonic())) is not None:
            return access
        if state.refusal is not None and state.refusal[0] == token:
            raise CredentialError(state.refusal[1])
        asked_at = self._clock.monotonic()
        try:
            answer = await self._ask(grant, token)
        except CredentialError as error:
            state.refusal = token, str(error)
            raise
        state.take(answer, asked_at)
        if state.unsaved is not None:
            await self._keep(grant, state)
        return answer.access

    async def _ask(self, grant: Grant, token: SecretStr) -> Answer:
        options = await self._routes.options(grant.token_url, grant.way)
        form = {"grant_type": "refresh_token", "refresh_token": token.get_secret_value(), "client_id": grant.client_id}
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._session.post(URL(grant.token_url), data=form, headers=_HEADERS, allow_redirects=False, **options) as response,
            ):
                status, content = response.status, await _read(response)
        except TimeoutError:
            raise PollError(Reason.TIMEOUT, f"no whole answer from the token endpoint within {self._timeout:g}s") from None
        except (aiohttp.ClientError, OSError) as error:
            told = fault(error, proxied=options["proxy"] is not None)
            raise PollError(told.reason, f"at the token endpoint: {told}") from None  # the cause's text may hold the URL
        if status in {400, 401}:
            raise refused(status, content)
        if not 200 <= status < 300:
            wait = waiting_time(response.headers.get("Retry-After"), response.headers.get("Date"), self._clock.wall())
            raise PollError(by_status(status), f"HTTP {status} from the token endpoint", wait if status in {429, 503} else None)
        if content is None:
            raise unusable(f"is larger than {MAX_BODY_BYTES} bytes, or encoded in a way that was not asked for")
        return Answer.of(decoded(content))

    async def _keep(self, grant: Grant, state: _State) -> bool:
        """Bring the file up to date; False where somebody else has put a newer token there, which then counts."""
        ours, file = state.unsaved, grant.refresh_token_file
        try:
            kept = ours is None or await self._secrets.files.run(file, partial(save, file, ours, state.on_file))
        except TimeoutError:
            raise unanswered() from None
        if kept:
            state.on_file = ours or state.on_file
        state.unsaved = None
        return kept


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """Read the body, counting while reading; None where it is of no use."""
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            return None
    return bytes(content) if response.headers.get("Content-Encoding", "identity").strip().lower() in {"identity", ""} else None
