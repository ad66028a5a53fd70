"""A response of the API for two accounts at a fixed time."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from exporter.accounts.entry import Schedule
from exporter.accounts.store import Store
from exporter.errors import Cause, PollError
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds, Status
from exporter.overview.build import build_overview
from exporter.overview.encoding import encode
from exporter.providers.library import load_definitions
from tools.docs.jobs import NOW, clock_at, jobs_of

INTERVAL = Seconds(300.0)
NARRATION = AccountKey("elevenlabs", "narration")
STAGE = AccountKey("liveavatar", "stage")
ACCOUNTS: tuple[dict[str, Any], ...] = (
    {
        "provider": "elevenlabs",
        "name": "narration",
        "labels": {"team": "voice"},
        "thresholds": {"characters": {"warning": 20_000, "critical": "5%"}},
    },
    {"provider": "liveavatar", "name": "stage", "labels": {"team": "events"}},
)


def example() -> Any:
    """Three successful polls of one account, and a failed one of another."""
    store = Store(jobs_of(load_definitions(), *ACCOUNTS), (float("inf"),), clock_at(NOW))
    for age, used in ((3612.0, 79_400), (1812.0, 84_100), (12.0, 88_200)):
        _succeed(store, NARRATION, _characters(used), age)
    _succeed(store, STAGE, Reading((Quota("credits", "credits", remaining=Decimal("412.5")),)), 340.0)
    error = PollError(Reason.UNAUTHORIZED, "HTTP 401 with the error code 4003", cause=Cause.KEY)
    store.record_failure(STAGE, error, at=NOW - 40, duration=Seconds(0.2), interval=INTERVAL)
    for key, wait in ((NARRATION, 288.0), (STAGE, 260.0)):
        store.set_schedule(key, Schedule(NOW - 12, NOW + wait))
    return json.loads(encode(build_overview(store.snapshot(), "1.0.0")))


def _characters(used: int) -> Reading:
    limit = Decimal(100_000)
    quota = Quota("characters", "characters", remaining=limit - used, used=Decimal(used), limit=limit, resets_at=NOW + 9 * 86_400)
    return Reading((quota,), info={"plan": "creator"}, status=Status("active"))


def _succeed(store: Store, key: AccountKey, reading: Reading, age: float) -> None:
    store.record_success(key, reading, at=NOW - age, duration=Seconds(0.4), interval=INTERVAL)
