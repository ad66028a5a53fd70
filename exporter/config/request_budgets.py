"""Whether the request budgets suffice for the intervals of the accounts: if not, values would become stale."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Final

from exporter.config.models import Config
from exporter.config.settings import base_url_of
from exporter.config.shard import Shard, ordinal_of
from exporter.providers.definition import Definition
from exporter.validation.fields import dotted
from exporter.validation.problems import FieldProblem

_ROUNDING: Final = 1e-6

Host = tuple[str, int | None]
"""A host and a port."""


@lru_cache(maxsize=1024)
def host_of(base_url: str) -> Host:
    """Return the host and the port, which are the same however the URL is written."""
    from yarl import URL  # noqa: PLC0415 -- most configurations have no budget, and `check` needs it for nothing else

    url = URL(base_url)
    return url.raw_host or "", url.port  # `host` decodes the name, and fails for one that is none, such as `xn--`


def exceeded_budgets(config: Config, definitions: Mapping[str, Definition], shards: Collection[Shard]) -> Iterator[FieldProblem]:
    """Yield a problem for each provider whose accounts need more requests than its limit allows. Each shard and each host has its own limit."""
    for name, budget in config.providers.items():
        if (limit := budget.max_requests_per_minute) is not None and (definition := definitions.get(name)):
            needed = _needed(config, name, definition, shards)
            (ordinal, host), most = max(needed.items(), key=lambda each: each[1], default=((0, ("", None)), 0.0))
            if most > limit + _ROUNDING:
                in_shard = f" in shard {ordinal}" if any(shard.total > 1 for shard in shards) else ""
                at_host = " on one host" if any(other != host for _, other in needed) else ""
                yield FieldProblem(
                    dotted(("providers", name, "max_requests_per_minute")),
                    f"the accounts of {name}{in_shard}{at_host} need {most:g} requests a minute at their intervals, but the limit is {limit}: "
                    "increase the intervals or the limit",
                )


def _needed(config: Config, name: str, definition: Definition, shards: Collection[Shard]) -> Mapping[tuple[int, Host], float]:
    """Return how many requests a minute the accounts of a provider need at their intervals, by shard and host."""
    ordinals, total = {shard.ordinal for shard in shards}, max((shard.total for shard in shards), default=1)
    needed: dict[tuple[int, Host], float] = {}
    for account in config.accounts:
        if account.provider == name and account.enabled and (ordinal := ordinal_of(account.key, total)) in ordinals:
            [credential] = account.credentials
            requests = definition.requests_with(credential)
            place = ordinal, host_of(base_url_of(account, definition))
            needed[place] = needed.get(place, 0.0) + len(requests) * 60 / (account.interval or config.defaults.interval)
    return needed
