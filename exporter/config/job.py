"""What polling one account needs, built from a configuration."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from exporter.config.credentials import SecretSource
from exporter.config.loading import Loaded
from exporter.config.settings import Settings, settings_of
from exporter.config.shard import WHOLE, Shard
from exporter.model import AccountKey
from exporter.providers.definition import Definition
from exporter.providers.request_fields import Request


@dataclass(frozen=True, slots=True)
class Job:
    """All that polling one account needs."""

    key: AccountKey
    definition: Definition
    credential: str
    """The name of the credential in the definition."""
    secret: SecretSource
    settings: Settings
    requests: tuple[Request, ...] = field(init=False, compare=False, repr=False)
    """The requests that this credential allows: the required ones first, then the optional ones."""

    def __post_init__(self) -> None:
        """Select the requests once: every poll needs them."""
        requests = sorted(self.definition.requests_with(self.credential), key=lambda request: request.optional)
        object.__setattr__(self, "requests", tuple(requests))


def build_jobs(loaded: Loaded, shard: Shard = WHOLE) -> list[Job]:
    """Build one job for each enabled account of the shard, in the order of the configuration."""
    jobs = []
    shared: dict[Hashable, Any] = {}
    for account in loaded.config.accounts:
        if account.enabled and shard.holds(account.key):
            definition = loaded.definitions[account.provider]
            [(name, secret)] = account.credentials.items()
            settings = settings_of(account, loaded.config, definition, shared)
            jobs.append(Job(account.key, definition, name, secret, settings))
    return jobs
