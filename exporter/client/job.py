"""What polling one account needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.config.connection import Way
from exporter.config.credentials import SecretSource
from exporter.model import AccountKey, Seconds, Threshold
from exporter.providers.definition import Definition, HeaderCredential, Request


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
    max_retry_after: Seconds
    min_interval: Seconds | None = None
    max_requests_per_minute: int | None = None
    max_concurrent_requests: int = 50
    way: Way = Way()  # noqa: RUF009 -- frozen
    thresholds: tuple[Threshold, ...] = ()

    @property
    def requests(self) -> tuple[Request, ...]:
        """What is asked with this credential: what every good poll needs first, then what it can do without."""
        return tuple(sorted(self.definition.requests_with(self.credential), key=lambda request: request.optional))
