"""OAuth2 access tokens: refreshed before they expire, once for all accounts that share a login (RFC 6749, section 6)."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from yarl import URL

from exporter.client.secret_reader import SecretReader, unread
from exporter.client.token_file import save
from exporter.client.token_response import DEFAULT_LIFETIME, TokenResponse
from exporter.client.transport import Transport
from exporter.config.connection_settings import ConnectionSettings
from exporter.config.credentials import SecretSource
from exporter.errors import CredentialError, PollError
from exporter.model import Reason, Seconds

TIMEOUT: Final = Seconds(10.0)
EARLY: Final = 60.0
"""How many seconds before it expires a token is refreshed, unless that is more than half of its lifetime."""
DISCARD_PAUSE: Final = 3600.0
"""How many seconds after a refresh that a vendor's 401 caused the next such refresh may come, unless half of the lifetime is shorter."""


@dataclass(frozen=True, slots=True)
class OAuthLogin:
    """One login at a vendor. Accounts with the same login share its tokens, also if they connect in different ways."""

    token_url: str = field(repr=False)  # its query may contain a secret
    client_id: str
    refresh_token_file: Path
    connection: ConnectionSettings = field(default=ConnectionSettings(), compare=False)
    """How the token endpoint is reached."""
    max_retry_after: Seconds = field(default=Seconds(86_400.0), compare=False)
    """The longest wait that the token endpoint may ask for."""


@dataclass(slots=True)
class _State:
    """The tokens of one login; times are of the monotonic clock."""

    access: SecretStr | None = None
    lifetime: float = DEFAULT_LIFETIME
    refresh_at: float = -math.inf
    discardable_at: float = -math.inf
    on_file: SecretStr | None = None
    """The content of the file when it was last read or written."""
    unsaved: SecretStr | None = None
    """A refresh token that is not in the file yet."""
    refusal: tuple[SecretStr, str] | None = None
    """The refresh token that was refused, and the message."""
    limit: tuple[float, Reason, str] | None = None
    """Until when the token endpoint asked to wait, the reason, and the message: none of the accounts may ask before."""
    is_refused: bool = False
    """Whether the vendor rejected the access token again, so only another login can help."""
    refresh: asyncio.Task[SecretStr | PollError] | None = None

    def usable(self, now: float) -> SecretStr | None:
        """Return the access token if it has not expired and its refresh token is saved."""
        return self.access if self.unsaved is None and not self.is_refused and now < self.refresh_at else None

    def take(self, response: TokenResponse, asked_at: float) -> None:
        """Use a new access token, and remember to save the refresh token that came with it."""
        self.access, self.lifetime, self.refusal = response.access, response.lifetime, None
        self.refresh_at = asked_at + response.lifetime - min(EARLY, response.lifetime / 2)
        self.unsaved = response.refresh if response.refresh != self.on_file else None


class TokenSource:
    """Returns access tokens, and keeps the files of their refresh tokens up to date."""

    def __init__(self, transport: Transport, secrets: SecretReader, *, timeout: Seconds = TIMEOUT) -> None:
        self._transport = transport
        self._secrets = secrets
        self._timeout = timeout
        self._states: dict[OAuthLogin, _State] = {}

    async def access_token(self, login: OAuthLogin) -> SecretStr:
        """Return a valid token. A cancelled caller does not end the refresh for the others.

        Raises:
            PollError: there is none; all callers who wait for the same refresh get the same reason, and the next call tries again.
        """
        state = self._states.setdefault(login, _State())
        if (access := state.usable(self._now())) is not None and not await self._is_replaced(login, state):
            return access
        if state.refresh is None or state.refresh.done():
            state.refresh = asyncio.create_task(self._outcome(login, state))
        outcome = await asyncio.shield(state.refresh)
        if isinstance(outcome, CredentialError):
            raise CredentialError(str(outcome), outcome.retry_after)
        if isinstance(outcome, PollError):
            raise PollError(outcome.reason, str(outcome), outcome.retry_after)
        return outcome

    def discard(self, login: OAuthLogin, token: SecretStr) -> bool:
        """Discard an access token that the vendor refused. Return whether the next call returns another one.

        It does not if the last such refresh was less than an hour, or half of the lifetime, ago: then the token is not the cause.
        Until then the next call only checks for a new login.
        """
        state = self._states.setdefault(login, _State())
        if state.access != token:
            return True
        now = self._now()
        if now < state.discardable_at:
            state.is_refused = True
            return False
        state.access = None
        state.discardable_at = now + min(state.lifetime / 2, DISCARD_PAUSE)
        return True

    async def close(self) -> None:
        """Wait for running refreshes: one that is cancelled may lose the only valid refresh token."""
        if running := [state.refresh for state in self._states.values() if state.refresh is not None]:
            await asyncio.wait(running)

    def _now(self) -> float:
        return self._transport.clock.monotonic()

    async def _is_replaced(self, login: OAuthLogin, state: _State) -> bool:
        """Whether the file contains another login than the access token is from. While it cannot be read, the access token stays in use."""
        with suppress(CredentialError):
            return await self._secrets.read(SecretSource(file=login.refresh_token_file)) != state.on_file
        return False

    async def _outcome(self, login: OAuthLogin, state: _State) -> SecretStr | PollError:
        try:
            return await self._refreshed(login, state)
        except PollError as error:
            return error

    async def _refreshed(self, login: OAuthLogin, state: _State) -> SecretStr:
        if state.unsaved is not None and not await self._save(login, state):
            state.access = None
        token = await self._secrets.read(SecretSource(file=login.refresh_token_file))
        if token != state.on_file:
            state.access = None
        state.on_file, state.is_refused = token, False
        if (access := state.usable(self._now())) is not None:
            return access
        if state.refusal is not None and state.refusal[0] == token:
            raise CredentialError(state.refusal[1])
        asked_at = self._now()
        if state.limit is not None and asked_at < state.limit[0]:
            raise PollError(state.limit[1], state.limit[2], Seconds(state.limit[0] - asked_at))
        try:
            response = await self._request(login, token)
        except PollError as error:
            if isinstance(error, CredentialError):
                state.refusal = token, str(error)
            if error.retry_after is not None:
                state.limit = self._now() + min(error.retry_after, login.max_retry_after), error.reason, str(error)
            raise
        state.take(response, asked_at)
        if state.unsaved is not None:
            await self._save(login, state)
        return response.access

    async def _request(self, login: OAuthLogin, token: SecretStr) -> TokenResponse:
        form = {"grant_type": "refresh_token", "refresh_token": token.get_secret_value(), "client_id": login.client_id}
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._transport.send_unshared("POST", URL(login.token_url), login.connection, data=form)
        except TimeoutError:
            raise PollError(Reason.TIMEOUT, f"token endpoint: no complete response within {self._timeout:g}s") from None
        except PollError as error:
            raise PollError(error.reason, f"token endpoint: {error}") from None
        try:
            return TokenResponse.parse(response)
        except PollError as error:
            error.retry_after = response.retry_after(self._transport.clock.wall())
            raise

    async def _save(self, login: OAuthLogin, state: _State) -> bool:
        """Write the new refresh token to the file. Return False if the file contains a newer one, which is used instead."""
        ours, file = state.unsaved, login.refresh_token_file
        try:
            saved = ours is None or await self._secrets.files.run(file, partial(save, file, ours, state.on_file))
        except OSError as error:
            raise unread(file, error) from None
        if saved:
            state.on_file = ours or state.on_file
        state.unsaved = None
        return saved
