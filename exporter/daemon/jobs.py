"""From a configuration to jobs."""

from __future__ import annotations

from exporter.accounts.shard import WHOLE, Shard
from exporter.client.job import Job
from exporter.config.loading import Loaded
from exporter.config.settings import settings_of


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
