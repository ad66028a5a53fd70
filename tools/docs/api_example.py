"""An answer of the API for two accounts at a fixed moment, made by the code that makes every answer."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from exporter.accounts.store import Entry, Store
from exporter.errors import PollError
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds, Status, Threshold
from exporter.overview.encoding import encode
from exporter.overview.survey import survey

NOW = 1_795_000_000.0
INTERVAL = Seconds(300.0)
NARRATION = AccountKey("elevenlabs", "narration")
STAGE = AccountKey("liveavatar", "stage")


def example() -> Any:
    """Three good polls of one account, and a failed one of another."""
    store = Store((_entry(NARRATION, {"team": "voice"}), _entry(STAGE, {"team": "events"})), (float("inf"),))
    for age, used in ((3612.0, 79_400), (1812.0, 84_100), (12.0, 88_200)):
        _succeed(store, NARRATION, _characters(used), age)
    _succeed(store, STAGE, Reading((Quota("credits", "credits", remaining=Decimal("412.5")),)), 340.0)
    error = PollError(Reason.UNAUTHORIZED, "HTTP 401 with the error code 4003")
    store.record_failure(STAGE, error, at=NOW - 40, duration=Seconds(0.2), interval=INTERVAL)
    for key, wait in ((NARRATION, 288.0), (STAGE, 260.0)):
        store.plan(key, NOW + wait)
    return json.loads(encode(survey(store.snapshot(), NOW, 0.0, "1.0.0")))


def _entry(key: AccountKey, labels: dict[str, str]) -> Entry:
    floors = (Threshold("characters", "warning", amount=Decimal(20_000)), Threshold("characters", "critical", share=Decimal("0.05")))
    return Entry(key, labels, stale_after=Seconds(900.0), interval=INTERVAL, thresholds=floors if key == NARRATION else ())


def _characters(used: int) -> Reading:
    limit = Decimal(100_000)
    quota = Quota("characters", "characters", remaining=limit - used, used=Decimal(used), limit=limit, resets_at=NOW + 9 * 86_400)
    return Reading((quota,), info={"plan": "creator"}, status=Status("active"))


def _succeed(store: Store, key: AccountKey, reading: Reading, age: float) -> None:
    store.record_success(key, reading, at=NOW - age, duration=Seconds(0.4), interval=INTERVAL)
