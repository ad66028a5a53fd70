from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest

from exporter.model import Seconds
from exporter.simulator.faults import send_raw
from tests.drills.environment import INTERVAL, Scenario, with_fault
from tests.drills.running import run_drill
from tests.drills.table import DRILLS, Drill

LONGEST: Final = Seconds(0.7)
"""Short, so that the drill can wait for it."""
DATE: Final = "Date: Mon, 01 Jan 2029 00:00:00 GMT"


def refusing(*headers: str, least_gap: float = INTERVAL) -> Scenario:
    lines = ("HTTP/1.1 429 Too Many Requests", *headers, "Content-Length: 2", "", "{}")
    job = {"max_retry_after": LONGEST}
    return with_fault(send_raw("\r\n".join(lines).encode()), provider="elevenlabs", least_gap=least_gap, job=job)


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "429": refusing(),
    "wait -1": refusing("Retry-After: -1"),
    "wait 0": refusing("Retry-After: 0"),
    "wait 0.6": refusing("Retry-After: 0.6", least_gap=0.6),
    "wait a year": refusing("Retry-After: 31536000", least_gap=LONGEST),
    "wait until a date": refusing(DATE, "Retry-After: Mon, 01 Jan 2029 00:00:01 GMT", least_gap=LONGEST),
    "wait until the past": refusing(DATE, "Retry-After: Sun, 31 Dec 2028 23:59:59 GMT"),
    "wait until a Unix time": refusing("Retry-After: 3900000000", least_gap=LONGEST),
    "wait until a past Unix time": refusing("Retry-After: 1500000000"),
    "wait for nonsense": refusing("Retry-After: soon"),
    "wait for 400 digits": refusing("Retry-After: " + "9" * 400),
    "two headers": refusing("Retry-After: 0.6", "Retry-After: 0", least_gap=0.6),
}


@pytest.mark.parametrize("drill", [drill for drill in DRILLS if drill.name in SCENARIOS], ids=lambda drill: drill.name)
async def test_drill_on_retry_after(drill: Drill) -> None:
    await run_drill(drill, SCENARIOS[drill.name])
