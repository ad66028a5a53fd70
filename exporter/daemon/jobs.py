"""From a configuration to jobs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exporter.accounts.shard import WHOLE, Shard
from exporter.client.client import Job
from exporter.config.loading import Loaded
from exporter.config.settings import settings_of


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs of a configuration, and where its state is kept."""

    jobs: tuple[Job, ...]
    state_path: Path | None = None
    files: tuple[Path, ...] = ()
    """The files that were read."""


def build_jobs(loaded: Loaded) -> list[Job]:
    """Build one job for each account, in the order of the configuration."""
    jobs = []
    for account in loaded.config.accounts:
        definition = loaded.definitions[account.provider]
        [(name, secret)] = account.credentials.items()
        jobs.append(Job(account.key, definition, definition.credentials[name], secret, settings_of(account, loaded.config, definition)))
    return jobs


def plan_of(loaded: Loaded, shard: Shard = WHOLE) -> Plan:
    """Return the jobs of one shard, with the state file and the files that were read."""
    state = loaded.config.state.path if loaded.config.state else None
    return Plan(tuple(job for job in build_jobs(loaded) if shard.holds(job.key)), state, loaded.files)
