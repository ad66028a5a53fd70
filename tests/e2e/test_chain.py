"""The whole chain: vendors, exporter, Prometheus with the shipped rules, Alertmanager with the shipped example, and its notifications.

An hour takes a minute: the rules are rendered from the same source at another scale.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.accounts.consumption import Consumption
from exporter.accounts.entry import Entry, Record, Schedule
from exporter.accounts.history import History
from exporter.accounts.state_file import StateFile
from exporter.model import AccountKey, Quota, Reading
from exporter.simulator.faults import Fault
from exporter.simulator.heygen import Wallet
from exporter.simulator.liveavatar import Credits
from exporter.simulator.simulator import SimulatedAccount, Simulator
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
class FallingWallet:
    """A wallet that falls at a rate from a time that the test chooses."""

    left: float = 5_000.0
    rate: float = 0.0
    since: float = 0.0

    def __call__(self, elapsed: float, now: float) -> Any:
        self.left, self.since = max(0.0, self.left - self.rate * (elapsed - self.since)), elapsed
        return Wallet("studio", Balance(start=round(self.left, 2), rate=0))(0.0, now)


def week_of_use(path: Path) -> Path:
    """Write a state file from which the exporter knows a week of use: a dollar a second, and 5,000 that are left."""
    now = time.time()
    times = [now - 7.5 * 86_400 + hours * 3_600 for hours in range(0, 180, 2)]
    amounts = [at - times[0] for at in times]
    wallet = Quota("wallet", "usd", remaining=Decimal(5_000))
    consumption = Consumption(
        "wallet", "usd", since=times[0], at=now, consumed=Decimal(round(now - times[0])), remaining=wallet.remaining, readings=9,
        history=History(times, amounts),
    )  # fmt: skip
    entry = Entry(Reading((wallet,)), up=True, last_poll_at=now, last_success_at=now, consumption=(consumption,))
    state = StateFile.open(path)
    state.save(AccountKey("heygen", "studio"), Record(entry, Schedule(now)))
    state.close()
    return path


def config(folder: Path, url: str) -> Path:
    accounts: list[dict[str, Any]] = [
        {"name": "studio", "provider": "heygen", "labels": {"team": "video"}, "thresholds": {"wallet": {"warning": 60, "critical": 20}}},
        {"name": "old-key", "provider": "elevenlabs", "labels": {"team": "voice"}},
        *({"name": name, "provider": "liveavatar", "labels": {"team": "events"}} for name in STAGES),
    ]
    for account in accounts:
        account |= {"credentials": {"api_key": {"value": f"key-of-{account['name']}"}}, "base_url": url}
    path = folder / "config.yaml"
    defaults = {"interval": "1s", "timeout": "2s", "max_backoff": "1s"}
    state = {"path": str(week_of_use(folder / "state.db"))}
    path.write_text(json.dumps({"defaults": defaults, "accounts": accounts, "state": state}))
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
    wallet: FallingWallet
    inbox: Inbox

    def alerts(self, account: str = "", provider: str = "", status: str = "firing") -> list[dict[str, Any]]:
        """The alerts in the webhook's messages about an account or a vendor, in order."""
        alerts = [alert for message in self.inbox.webhook for alert in message["alerts"]]
        wanted = {"account": account, "provider": provider}
        return [
            alert
            for alert in alerts
            if alert["status"] == status and all(not value or alert["labels"].get(name) == value for name, value in wanted.items())
        ]

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for other programs; they cannot set an event."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():  # noqa: ASYNC110 -- see above
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{what} did not arrive; arrived: {[each['labels'] for each in self.alerts()]}") from None

    def names(self, **which: str) -> set[str]:
        return {str(alert["labels"]["alertname"]) for alert in self.alerts(**which)}


def notifications(inbox: Inbox) -> str:
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
async def running_chain(folder: Path, ports: Callable[[], int]) -> AsyncIterator[Chain]:
    wallet = FallingWallet()
    accounts = [
        SimulatedAccount("heygen", "key-of-studio", wallet),
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
                yield Chain(simulator, wallet, manager.inbox)
    finally:
        await simulator.stop()


async def test_each_problem_is_notified_once_in_time_and_resolved(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], record_property: Callable[[str, object], None]
) -> None:
    async with running_chain(tmp_path, unused_tcp_port_factory) as chain:
        try:
            chain.simulator.set_fault("key-of-old-key", Fault.BAD_KEY)
            await a_falling_balance_fires_the_warning_and_the_end_and_resolves_after_a_top_up(chain)
            await a_refused_key_fires_for_its_account(chain)
            await an_outage_of_a_vendor_with_twenty_accounts_is_one_notification(chain)
        finally:
            record_property("notifications", notifications(chain.inbox))


async def a_falling_balance_fires_the_warning_and_the_end_and_resolves_after_a_top_up(chain: Chain) -> None:
    chain.wallet.left, chain.wallet.rate = 400.0, 5.0
    await chain.until(lambda: "AIAccountRunningOut" in chain.names(account="studio"), "the warning before the end")
    assert chain.wallet.left > 0
    [warned, *_] = [alert for alert in chain.alerts(account="studio") if alert["labels"]["alertname"] == "AIAccountRunningOut"]
    assert warned["labels"] | {"instance": ""} == {
        "alertname": "AIAccountRunningOut", "severity": "critical", "job": "ai-accounts", "instance": "",
        "provider": "heygen", "account": "studio", "team": "video", "resource": "wallet", "unit": "usd",
    }  # fmt: skip
    assert "account studio at heygen runs out of wallet (usd) at " in warned["annotations"]["description"]
    await chain.until(lambda: "AIAccountExhausted" in chain.names(account="studio"), "that nothing is left")
    chain.wallet.left, chain.wallet.rate = 5_000.0, 0.0
    await chain.until(lambda: {"AIAccountExhausted", "AIAccountRunningOut"} <= chain.names(account="studio", status="resolved"), "the end")
    resolved = [each for each in chain.inbox.slack if "studio" in json.dumps(each) and each["attachments"][0]["color"] == "good"]
    assert resolved, "the notification of the end"


async def a_refused_key_fires_for_its_account(chain: Chain) -> None:
    await chain.until(lambda: "AIAccountCredentialFailing" in chain.names(account="old-key"), "the refused key")
    [alert, *_] = chain.alerts(account="old-key")
    assert (alert["labels"]["alertname"], alert["labels"]["team"], alert["labels"]["reason"]) == (
        "AIAccountCredentialFailing", "voice", "unauthorized",
    )  # fmt: skip
    assert chain.names(account="old-key") == {"AIAccountCredentialFailing"}  # the missing values are a consequence


async def an_outage_of_a_vendor_with_twenty_accounts_is_one_notification(chain: Chain) -> None:
    for name in STAGES:
        chain.simulator.set_fault(f"key-of-{name}", Fault.SERVER_ERROR)
    before = len(chain.inbox.slack)
    await chain.until(lambda: chain.alerts(provider="liveavatar"), "the outage")
    # An hour of the rules' time: each of the twenty accounts is stale, and would have its own notification.
    started = asyncio.get_running_loop().time()
    await chain.until(lambda: asyncio.get_running_loop().time() - started > 3_600 / FACTOR, "an hour")
    for name in STAGES:
        chain.simulator.clear(f"key-of-{name}")
    await chain.until(lambda: chain.alerts(provider="liveavatar", status="resolved"), "the end of the outage")
    about = [each["attachments"][0]["title"] for each in chain.inbox.slack[before:] if "liveavatar" in json.dumps(each)]
    assert len(about) == 2, about  # one for the start, one for the end
    assert {alert["labels"]["alertname"] for alert in chain.alerts(provider="liveavatar")} == {"AIAccountVendorDown"}
