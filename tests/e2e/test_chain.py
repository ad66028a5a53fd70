"""The whole chain: vendors, exporter, Prometheus with the shipped rules, Alertmanager with the shipped example, and what people get.

An hour is a minute here: the rules are rendered from their one source at another scale.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.simulator.faults import Fault
from exporter.simulator.heygen import Wallet
from exporter.simulator.liveavatar import Credits
from exporter.simulator.server import SimulatedAccount, Simulator
from exporter.simulator.usage import Balance
from tests.alertmanager.services import Inbox, alertmanager
from tests.cli.support import daemon, ready
from tests.e2e.programs import prometheus
from tools.rules.documents import render
from tools.rules.promql import Scale

pytestmark = pytest.mark.e2e

FACTOR: Final = 60.0
STAGES: Final = tuple(f"stage-{number}" for number in range(20))
PATIENCE: Final = 150.0


@dataclass(slots=True)
class Purse:
    """A wallet that falls at a rate from a time that the test chooses."""

    left: float = 5_000.0
    pace: float = 0.0
    since: float = 0.0

    def __call__(self, elapsed: float, now: float) -> Any:
        self.left, self.since = max(0.0, self.left - self.pace * (elapsed - self.since)), elapsed
        return Wallet("studio", Balance(start=round(self.left, 2), rate=0))(0.0, now)


def config(folder: Path, url: str) -> Path:
    accounts: list[dict[str, Any]] = [
        {"name": "studio", "provider": "heygen", "labels": {"team": "video"}, "thresholds": {"wallet": {"warning": 60, "critical": 20}}},
        {"name": "old-key", "provider": "elevenlabs", "labels": {"team": "voice"}},
        *({"name": name, "provider": "liveavatar", "labels": {"team": "events"}} for name in STAGES),
    ]
    for account in accounts:
        account |= {"credentials": {"api_key": {"value": f"key-of-{account['name']}"}}, "base_url": url}
    path = folder / "config.yaml"
    path.write_text(json.dumps({"defaults": {"interval": "1s", "timeout": "2s", "max_backoff": "1s"}, "accounts": accounts}))
    return path


def watched(folder: Path, target: int, alerts_to: str) -> Path:
    """A folder with Prometheus's configuration and the shipped rules at the tests' scale."""
    for name, text in render(Scale(FACTOR)).items():
        (folder / name).write_text(text)
    written = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["recording.yaml", "alerts.yaml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alerts_to.removeprefix("http://")]}]}]},
        "scrape_configs": [{"job_name": "ai-accounts", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(written))  # JSON is YAML
    return folder


@dataclass(slots=True)
class Chain:
    """All running programs."""

    simulator: Simulator
    purse: Purse
    inbox: Inbox

    def told(self, account: str = "", provider: str = "", status: str = "firing") -> list[dict[str, Any]]:
        """The alerts in the webhook's messages about an account or a vendor, in order."""
        alerts = [alert for message in self.inbox.webhook for alert in message["alerts"]]
        wanted = {"account": account, "provider": provider}
        return [
            alert
            for alert in alerts
            if alert["status"] == status and all(not value or alert["labels"].get(name) == value for name, value in wanted.items())
        ]

    async def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait for other programs; they cannot set an event."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds():  # noqa: ASYNC110 -- see above
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{what} has not come; what came: {[each['labels'] for each in self.told()]}") from None

    def names(self, **which: str) -> set[str]:
        return {str(alert["labels"]["alertname"]) for alert in self.told(**which)}


def as_received(inbox: Inbox) -> str:
    """The notifications, in order of arrival within each service."""
    lines = []
    for message in inbox.slack:
        for each in message["attachments"]:
            lines += [
                f"Slack {message['channel']}: {each['title']}",
                *(f"    {line}" for line in each["text"].splitlines() if line.strip()),
            ]
    lines += [f"PagerDuty {each['event_action']}: {each.get('payload', {}).get('summary', '')}" for each in inbox.pagerduty]
    return "\n".join(lines)


@asynccontextmanager
async def chain(folder: Path, ports: Callable[[], int]) -> AsyncIterator[Chain]:
    purse = Purse()
    accounts = [
        SimulatedAccount("heygen", "key-of-studio", purse),
        SimulatedAccount("elevenlabs", "key-of-old-key", lambda *_: {}),
        *(SimulatedAccount("liveavatar", f"key-of-{name}", Credits(Balance(start=900, rate=0))) for name in STAGES),
    ]
    simulator = Simulator(accounts)
    url = await simulator.start()
    (folder / "alerts").mkdir()
    try:
        async with (
            daemon("serve", "--config.file", config(folder, url), "--web.listen-address", "127.0.0.1:0") as running,
            alertmanager(folder / "alerts", ports(), group_wait="2s", everything_to_webhook=True) as manager,
        ):
            await ready(running)
            async with prometheus(watched(folder, running.port, manager.url), ports(), "--rules.alert.resend-delay=2s"):
                yield Chain(simulator, purse, manager.inbox)
    finally:
        await simulator.stop()


async def test_each_problem_is_notified_once_in_time_and_resolved(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], record_property: Callable[[str, object], None]
) -> None:
    async with chain(tmp_path, unused_tcp_port_factory) as it:
        try:
            it.simulator.set_fault("key-of-old-key", Fault.BAD_KEY)
            await a_drained_account_is_announced_told_empty_and_over_after_a_top_up(it)
            await a_refused_key_names_its_account(it)
            await an_outage_of_a_vendor_with_twenty_accounts_is_one_message(it)
        finally:
            record_property("notifications", as_received(it.inbox))


async def a_drained_account_is_announced_told_empty_and_over_after_a_top_up(it: Chain) -> None:
    it.purse.left, it.purse.pace = 400.0, 5.0
    await it.until(lambda: "AIAccountRunningOut" in it.names(account="studio"), "the warning before the end")
    assert it.purse.left > 0
    [warned, *_] = [alert for alert in it.told(account="studio") if alert["labels"]["alertname"] == "AIAccountRunningOut"]
    assert warned["labels"] | {"instance": ""} == {
        "alertname": "AIAccountRunningOut", "severity": "critical", "job": "ai-accounts", "instance": "",
        "provider": "heygen", "account": "studio", "team": "video", "resource": "wallet", "unit": "usd",
    }  # fmt: skip
    assert "Account studio at heygen runs out of wallet (usd) in " in warned["annotations"]["description"]
    await it.until(lambda: "AIAccountExhausted" in it.names(account="studio"), "that nothing is left")
    it.purse.left, it.purse.pace = 5_000.0, 0.0
    await it.until(lambda: {"AIAccountExhausted", "AIAccountRunningOut"} <= it.names(account="studio", status="resolved"), "the end")
    resolved = [each for each in it.inbox.slack if "studio" in json.dumps(each) and each["attachments"][0]["color"] == "good"]
    assert resolved, "people are told that it is over"


async def a_refused_key_names_its_account(it: Chain) -> None:
    await it.until(lambda: "AIAccountCredentialFailing" in it.names(account="old-key"), "the refused key")
    [told, *_] = it.told(account="old-key")
    assert (told["labels"]["alertname"], told["labels"]["team"], told["labels"]["reason"]) == (
        "AIAccountCredentialFailing", "voice", "unauthorized",
    )  # fmt: skip
    assert it.names(account="old-key") == {"AIAccountCredentialFailing"}  # that its figures are missing follows from it


async def an_outage_of_a_vendor_with_twenty_accounts_is_one_message(it: Chain) -> None:
    for name in STAGES:
        it.simulator.set_fault(f"key-of-{name}", Fault.SERVER_ERROR)
    before = len(it.inbox.slack)
    await it.until(lambda: it.told(provider="liveavatar"), "the outage")
    # An hour of the rules' time: each of the twenty accounts is stale for long, and would have its own message.
    started = asyncio.get_running_loop().time()
    await it.until(lambda: asyncio.get_running_loop().time() - started > 3_600 / FACTOR, "an hour")
    for name in STAGES:
        it.simulator.clear(f"key-of-{name}")
    await it.until(lambda: it.told(provider="liveavatar", status="resolved"), "the end of the outage")
    about = [each["attachments"][0]["title"] for each in it.inbox.slack[before:] if "liveavatar" in json.dumps(each)]
    assert len(about) == 2, about  # one that it began, one that it is over
    assert {alert["labels"]["alertname"] for alert in it.told(provider="liveavatar")} == {"AIAccountVendorDown"}
