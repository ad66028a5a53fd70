"""A real Alertmanager inhibits exactly the alerts that the example lists."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.alertmanager.services import Running, alertmanager, until

pytestmark = pytest.mark.e2e

ACCOUNT = {"account": "narration", "team": "voice", "job": "ai-accounts", "instance": "a:9893"}
CHARACTERS = {**ACCOUNT, "resource": "characters", "unit": "characters"}
SLOTS = {**ACCOUNT, "resource": "voice_slots", "unit": "slots"}
SPEND = {**ACCOUNT, "resource": "spend", "unit": "usd"}
OTHER = {"account": "other"}
REPLICA = {"instance": "b:9893"}
LIVE, TEST = {"namespace": "live"}, {"namespace": "test"}
VENDOR: dict[str, str] = {}
EXPORTER = {"job": "ai-accounts", "instance": "a:9893"}


class Alert(NamedTuple):
    name: str
    severity: str
    labels: dict[str, str]

    def posted(self, case: str, role: str) -> dict[str, dict[str, str]]:
        """Each case has its own vendor and job, so that cases do not affect each other."""
        job = {"job": f"job-{case}"} if "job" in self.labels else {}
        provider = {} if self.labels is EXPORTER else {"provider": f"vendor-{case}"}
        labels = {"alertname": f"AIAccount{self.name}", "severity": self.severity, "id": f"{case} {role}"}
        return {"labels": self.labels | job | provider | labels}


EXPORTER_DOWN = Alert("ExporterDown", "critical", EXPORTER)
VENDOR_DOWN = Alert("VendorDown", "warning", VENDOR)
STALE = Alert("DataStale", "warning", ACCOUNT)
KEY = Alert("CredentialFailing", "critical", ACCOUNT)
LIMITED = Alert("RateLimited", "warning", ACCOUNT)
EXHAUSTED = Alert("Exhausted", "critical", CHARACTERS)
REFUSED = Alert("Exhausted", "critical", ACCOUNT)
SOON = Alert("RunningOut", "critical", CHARACTERS)
OVER_CAP = Alert("SpendCapExceeded", "critical", SPEND)
WINDOW = Alert("Exhausted", "warning", CHARACTERS)

INHIBITED = [
    (EXPORTER_DOWN, Alert("Exhausted", "critical", CHARACTERS)),
    (EXPORTER_DOWN, STALE),
    (EXPORTER_DOWN, Alert("ExporterConfigReloadFailed", "warning", EXPORTER)),
    (VENDOR_DOWN, STALE),
    (VENDOR_DOWN, LIMITED),
    (VENDOR_DOWN, Alert("SchemaDrift", "warning", ACCOUNT)),
    (KEY, STALE),
    (LIMITED, STALE),
    (REFUSED, STALE),
    (STALE, Alert("LowShare", "warning", CHARACTERS)),
    (STALE, Alert("BurnSpike", "warning", CHARACTERS)),
    (STALE, Alert("SpendPaceOverCap", "warning", SPEND)),
    (STALE, Alert("CreditsExpiring", "info", CHARACTERS)),
    (EXHAUSTED, SOON),
    (EXHAUSTED, Alert("BelowThreshold", "critical", CHARACTERS)),
    (EXHAUSTED, Alert("LowShare", "warning", CHARACTERS)),
    (EXHAUSTED, Alert("RunningOut", "warning", CHARACTERS | REPLICA)),
    (SOON, Alert("RunningOut", "warning", CHARACTERS)),
    (SOON, Alert("BelowThreshold", "warning", CHARACTERS)),
    (OVER_CAP, Alert("SpendCapNear", "warning", SPEND)),
    (WINDOW, Alert("RunningOut", "warning", CHARACTERS)),
    (WINDOW, Alert("CreditsExpiring", "info", CHARACTERS)),
    (Alert("SpendCapExceeded", "warning", SPEND), Alert("SpendCapNear", "warning", SPEND)),
    (Alert("CredentialExpiring", "critical", ACCOUNT), Alert("CredentialExpiring", "warning", ACCOUNT)),
]
NOT_INHIBITED = [
    (EXPORTER_DOWN, Alert("DataStale", "warning", ACCOUNT | REPLICA)),
    (Alert("ExporterDown", "critical", EXPORTER | LIVE), Alert("Exhausted", "critical", CHARACTERS | TEST)),
    (Alert("DataStale", "warning", ACCOUNT | LIVE), Alert("LowShare", "warning", CHARACTERS | TEST)),
    (VENDOR_DOWN, EXHAUSTED),
    (VENDOR_DOWN, KEY),
    (STALE, EXHAUSTED),
    (STALE, REFUSED),
    (WINDOW, Alert("BelowThreshold", "critical", CHARACTERS)),
    (WINDOW, SOON),
    (STALE, SOON),
    (STALE, Alert("RunningOut", "warning", CHARACTERS)),
    (STALE, Alert("BelowThreshold", "warning", CHARACTERS)),
    (STALE, OVER_CAP),
    (STALE, KEY),
    (STALE, Alert("LowShare", "warning", CHARACTERS | OTHER)),
    (STALE, Alert("LowShare", "warning", CHARACTERS | REPLICA)),
    (KEY, Alert("DataStale", "warning", ACCOUNT | OTHER)),
    (KEY, EXHAUSTED),
    (EXHAUSTED, STALE),
    (EXHAUSTED, Alert("LowShare", "warning", SLOTS)),
    (EXHAUSTED, Alert("LowShare", "warning", CHARACTERS | OTHER)),
    (EXHAUSTED, Alert("BurnSpike", "warning", CHARACTERS)),
    (REFUSED, Alert("NoResources", "warning", ACCOUNT)),
    (SOON, Alert("BelowThreshold", "critical", CHARACTERS)),
    (SOON, Alert("BelowThreshold", "warning", CHARACTERS | {"unit": "usd"})),
    (OVER_CAP, Alert("SpendCapNear", "warning", SPEND | OTHER)),
]


async def suppressed(running: Running, pairs: list[tuple[Alert, Alert]]) -> dict[str, str]:
    """The state of the second alert of each pair while the first one fires."""
    for role, side in (("cause", 0), ("effect", 1)):
        await running.post(*(pair[side].posted(str(case), role) for case, pair in enumerate(pairs)))
    # Alerts are processed in order, so once the last pair is done, all are.
    await running.post(EXPORTER_DOWN.posted("last", "cause"))
    await running.post(STALE.posted("last", "effect"))

    async def judged() -> bool:
        return (await running.states()).get("last effect") == "suppressed"

    await until(judged)
    return await running.states()


def states_of(pairs: list[tuple[Alert, Alert]], states: dict[str, str], first: int) -> dict[str, str]:
    return {f"{cause} -> {effect}": states[f"{case} effect"] for case, (cause, effect) in enumerate(pairs, first)}


async def test_causes_inhibit_their_consequences_and_nothing_else(tmp_path: Path, unused_tcp_port: int) -> None:
    async with alertmanager(tmp_path, unused_tcp_port) as running:
        states = await suppressed(running, INHIBITED + NOT_INHIBITED)
    assert states_of(INHIBITED, states, 0) == {f"{cause} -> {effect}": "suppressed" for cause, effect in INHIBITED}
    assert states_of(NOT_INHIBITED, states, len(INHIBITED)) == {f"{cause} -> {effect}": "active" for cause, effect in NOT_INHIBITED}
    assert {states[f"{case} cause"] for case in range(len(INHIBITED))} == {"active"}
