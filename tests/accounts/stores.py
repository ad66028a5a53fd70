"""A store of two accounts, and polls that it records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from exporter.accounts.entry import Entry, Record, subject_of
from exporter.accounts.store import Store
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds
from tests.support import clock_at, job_of

STUDIO = AccountKey("elevenlabs", "studio")
STAGE = AccountKey("liveavatar", "stage")
MINUTE = Seconds(60.0)
BUCKETS = (0.1, 1.0, float("inf"))
FULL = Reading(quotas=(Quota("wallet", "usd", remaining=Decimal(50)),), info={"plan": "pro"})
EMPTIER = Reading(quotas=(Quota("wallet", "usd", remaining=Decimal(20)),))


def job(key: AccountKey = STUDIO, **settings: Any) -> Job:
    return job_of(key, **{"stale_after": Seconds(180.0), "interval": MINUTE, **settings})


UNKNOWN = Entry(subject=subject_of(job()), meanings=job().definition.meanings[job().credential])
"""An account of which nothing is known yet."""


def new_store(*jobs: Job, at: float = 1000.0, kept: Record | None = None) -> Store:
    return Store(jobs or (job(STUDIO), job(STAGE)), BUCKETS, clock_at(at), {STUDIO: kept} if kept else {})


def reading_at(store: Store, now: float) -> Reading | None:
    """Return the reading that is shown at a time."""
    return store[STUDIO].fresh_reading(now, Seconds(180.0))


def succeed(store: Store, reading: Reading = FULL, *, at: float = 1000.0, duration: float = 0.5, key: AccountKey = STUDIO) -> None:
    store.record_success(key, reading, at=at, duration=Seconds(duration), interval=MINUTE)


def fail(store: Store, reason: Reason = Reason.TIMEOUT, *, at: float = 1060.0, interval: float = 120.0, key: AccountKey = STUDIO) -> None:
    store.record_failure(key, PollError(reason, "no luck"), at=at, duration=Seconds(15.0), interval=Seconds(interval))


def consumed(store: Store, key: AccountKey = STUDIO) -> list[tuple[str, int]]:
    return [(each.resource, int(each.consumed)) for each in store[key].consumption]
