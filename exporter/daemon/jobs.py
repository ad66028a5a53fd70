"""What a configuration comes down to: one job an account, with everything resolved that it leaves to defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.accounts.shard import WHOLE, Shard
from exporter.accounts.store import Entry
from exporter.client.job import Job
from exporter.config.loading import Loaded
from exporter.config.models import Config, Limits
from exporter.model import AccountKey, Seconds
from exporter.providers.definition import Definition


@dataclass(frozen=True, slots=True)
class Plan:
    """What a configuration comes down to."""

    jobs: tuple[Job, ...]
    state_path: Path | None = None
    files: tuple[Path, ...] = ()
    """What it was read from."""


def build_jobs(config: Config, definitions: Mapping[str, Definition]) -> list[Job]:
    """One job an account, with everything resolved that the configuration leaves to defaults."""
    jobs = []
    for account in config.accounts:
        definition = definitions[account.provider]
        timing = config.timing(account)
        limits = config.providers.get(account.provider, Limits())
        [(credential, secret)] = account.credentials.items()
        jobs.append(
            Job(
                key=account.key,
                definition=definition,
                base_url=account.base_url or definition.regions.get(account.region or "", definition.base_url),
                credential=definition.credentials[credential],
                secret=secret,
                labels=account.labels,
                interval=timing.interval,
                timeout=timing.timeout,
                stale_after=timing.stale_after or Seconds(3 * timing.interval),
                max_backoff=timing.max_backoff,
                max_retry_after=timing.max_retry_after,
                min_interval=timing.min_interval,
                way=timing.way,
                thresholds=config.thresholds(account),
                max_requests_per_minute=limits.max_requests_per_minute,
                max_concurrent_requests=limits.max_concurrent_requests,
            )
        )
    return jobs


def plan_of(loaded: Loaded[Definition], shard: Shard = WHOLE) -> Plan:
    """What a configuration comes down to for one of the exporters that share its accounts."""
    state = loaded.config.state.path if loaded.config.state else None
    return Plan(tuple(job for job in build_jobs(loaded.config, loaded.providers) if shard.holds(job.key)), state, loaded.files)


def new_entries(jobs: Iterable[Job], kept: Mapping[AccountKey, Entry] | None = None) -> Iterator[Entry]:
    """Entries that know the accounts, and of each what was kept of it."""
    for job in jobs:
        entry = Entry(job.key, job.labels, job.stale_after, job.interval, thresholds=job.thresholds)
        known = (kept or {}).get(job.key)
        yield replace(known, labels=entry.labels, stale_after=entry.stale_after, thresholds=entry.thresholds) if known else entry
