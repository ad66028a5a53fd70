"""What polling one account needs."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.config.credentials import SecretSource
from exporter.config.settings import Settings
from exporter.model import AccountKey
from exporter.providers.definition import Definition, HeaderCredential, Request


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
        """The requests that are sent with this credential: the required ones first, then the optional ones."""
        return tuple(sorted(self.definition.requests_with(self.credential), key=lambda request: request.optional))
