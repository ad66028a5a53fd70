"""The settings of one account: its own keys, else the defaults."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from exporter.config.budgets import budgets_of
from exporter.config.connection_settings import ConnectionSettings
from exporter.config.models import Account, Config, Defaults, RequestBudget
from exporter.config.threshold_settings import thresholds_of
from exporter.model import Seconds, Threshold
from exporter.providers.definition import Definition

_NONE: Final[Mapping[Any, Any]] = MappingProxyType({})
_UNLIMITED: Final = RequestBudget.model_construct()


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one account, defaults filled in. They come from a validated configuration."""

    base_url: str
    interval: Seconds
    timeout: Seconds
    stale_after: Seconds
    max_backoff: Seconds
    max_retry_after: Seconds
    min_interval: Seconds | None
    """None: the interval never shrinks."""
    labels: Mapping[str, str]
    params: Mapping[str, str]
    """What the requests contain of this account, besides its secret."""
    thresholds: tuple[Threshold, ...]
    budgets: Mapping[tuple[str, str], Decimal]
    """By resource and unit."""
    connection: ConnectionSettings
    request_budget: RequestBudget
    """That of the provider, shared by its accounts."""
    named: frozenset[str] = frozenset()
    """The resources that the account's own thresholds and budgets name: those of the defaults may be meant for other accounts."""


def base_url_of(account: Account, definition: Definition) -> str:
    """Return the URL of the API that the account is polled at."""
    return account.base_url or definition.regions.get(account.region or "", definition.base_url or "")


def settings_of(account: Account, config: Config, definition: Definition, shared: dict[Hashable, Any]) -> Settings:
    """Resolve the settings of one account. Equal parts of the accounts that have the same `shared` are one object in memory."""
    own = {name: value for name in Defaults.model_fields if (value := getattr(account, name)) is not None}
    if "proxy_url" in own or own.get("proxy_from_environment"):  # an account's proxy replaces that of the defaults
        own = {"proxy_url": None, "proxy_from_environment": None, **own}
    merged = config.defaults.model_copy(update=own)
    named = frozenset(account.thresholds) | frozenset(account.budgets)
    return Settings(
        base_url=base_url_of(account, definition),
        interval=merged.interval,
        timeout=merged.timeout,
        stale_after=merged.stale_after or Seconds(3 * merged.interval),
        max_backoff=merged.max_backoff,
        max_retry_after=merged.max_retry_after,
        min_interval=merged.min_interval,
        labels=shared.setdefault(tuple(account.labels.items()), account.labels),
        params=account.params or _NONE,
        thresholds=thresholds_of(config.defaults.thresholds, account.thresholds),
        budgets=budgets_of(config.defaults.budgets, account.budgets) or _NONE,
        connection=shared.setdefault(merged.connection, merged.connection),
        request_budget=config.providers.get(account.provider, _UNLIMITED),
        named=shared.setdefault(named, named),
    )
