"""The secret that authenticates a poll: read from its source, or fetched with a refresh token."""

from __future__ import annotations

from pydantic import SecretStr

from exporter.client.job import Job
from exporter.client.oauth import OAuthLogin, TokenSource
from exporter.client.secret_reader import SecretReader


class Authentication:
    """Reads secrets again for every poll. Accounts of one OAuth login share its access token."""

    def __init__(self, tokens: TokenSource, secrets: SecretReader) -> None:
        self._tokens = tokens
        self._secrets = secrets

    async def secret(self, job: Job) -> SecretStr:
        """Return the secret to send; raises PollError."""
        if login := _login(job):
            return await self._tokens.access_token(login)
        return await self._secrets.read(job.secret)

    async def secret_after(self, job: Job, refused: SecretStr) -> SecretStr | None:
        """Return another secret in place of one that the vendor refused; None if there is no other. Raises PollError."""
        login = _login(job)
        return await self.secret(job) if login and self._tokens.discard(login, refused) else None


def _login(job: Job) -> OAuthLogin | None:
    if job.secret.oauth2 is None or job.credential.token_url is None:
        return None
    login = job.secret.oauth2
    return OAuthLogin(job.credential.token_url, login.client_id, login.refresh_token_file, job.settings.connection)
