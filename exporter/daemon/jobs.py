"""From a configuration to jobs, and from jobs to entries of the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from exporter.accounts.shard import WHOLE, Shard
from exporter.accounts.store import Entry
from exporter.client.job import Job
from exporter.config.loading import Loaded
from exporter.config.settings import settings_of
from exporter.model import AccountKey


def build_jobs(loaded: Loaded, shard: Shard = WHOLE) -> list[Job]:
    """Build one job for each account of the shard, in the order of the configuration."""
    jobs = []
    for account in loaded.config.accounts:
        if shard.holds(account.key):
            definition = loaded.definitions[account.provider]
            [(name, secret)] = account.credentials.items()
            settings = settings_of(account, loaded.config, definition)
            jobs.append(Job(account.key, definition, definition.credentials[name], secret, settings))
    return jobs


def new_entries(jobs: Iterable[Job], kept: Mapping[AccountKey, Entry] | None = None) -> Iterator[Entry]:
    """Return an entry for each job, with what was kept of its account."""
    for job in jobs:
        settings = job.settings
        entry = Entry(job.key, settings.labels, settings.stale_after, settings.interval, thresholds=settings.thresholds)
        known = (kept or {}).get(job.key)
        yield replace(known, labels=entry.labels, stale_after=entry.stale_after, thresholds=entry.thresholds) if known else entry
