"""Jobs and a clock for examples in the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.clock import Clock
from exporter.config.job import Job, build_jobs
from exporter.config.loading import Loaded
from exporter.config.models import Config
from exporter.providers.definition import Definition

NOW = 1_795_000_000.0
"""The time of examples."""


def jobs_of(definitions: Mapping[str, Definition], *accounts: Mapping[str, Any]) -> list[Job]:
    """The jobs of these accounts of a configuration; credentials are not needed."""
    keys = [{"credentials": {next(iter(definitions[account["provider"]].credentials)): {"value": "x"}}, **account} for account in accounts]
    return build_jobs(Loaded(Config.model_validate({"accounts": keys}), definitions))


def clock_at(now: float) -> Clock:
    """A clock that stands still."""
    return Clock(wall=lambda: now, monotonic=lambda: now)
