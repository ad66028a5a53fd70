"""The header that authenticates a poll, whether its secret is kept or fetched."""

from __future__ import annotations

from pydantic import SecretStr

from exporter.client.oauth import Grant, TokenSource
from exporter.client.secret_reader import SecretReader
from exporter.config.connection import Way
from exporter.config.credentials import SecretSource
from exporter.providers.definition import HeaderCredential


class Authentication:
    """Reads secrets anew for every poll; access tokens of a login are shared by its accounts."""

    def __init__(self, tokens: TokenSource, secrets: SecretReader) -> None:
        self._tokens = tokens
        self._secrets = secrets

    async def secret(self, source: SecretSource, credential: HeaderCredential, way: Way) -> SecretStr:
        """Fetch what goes into the header now; raises PollError."""
        if grant := _grant(source, credential, way):
            return await self._tokens.access_token(grant)
        return await self._secrets.read(source)

    def is_renewable(self, source: SecretSource, credential: HeaderCredential, way: Way, refused: SecretStr) -> bool:
        """Whether another secret may be had at once in place of one that the vendor refused."""
        grant = _grant(source, credential, way)
        return grant is not None and self._tokens.forget(grant, refused)


def _grant(source: SecretSource, credential: HeaderCredential, way: Way) -> Grant | None:
    if source.oauth2 is None or credential.token_url is None:
        return None
    return Grant(credential.token_url, source.oauth2.client_id, source.oauth2.refresh_token_file, way)
