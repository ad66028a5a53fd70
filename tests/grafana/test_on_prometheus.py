"""The dashboards' queries find data in a real Prometheus that scrapes the demo, twice, with the recording rules loaded."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from exporter.simulator.demo_accounts import DEMO_ACCOUNTS
from tests.cli.support import daemon, ready
from tests.e2e.programs import prometheus
from tests.grafana.boards import ANY, expressions
from tests.support import PATIENCE
from tools.rules.documents import render
from tools.rules.promql import Scale

pytestmark = pytest.mark.e2e

Series = dict[str, Any]
FACTOR = 240
"""One day of the rules takes six minutes, one hour takes 15 seconds."""

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: ai-accounts
    static_configs: [{{targets: ["127.0.0.1:{port}", "localhost:{port}"]}}]
"""

EMPTY = {
    "account: Time until empty and until reset A": "a forecast needs six hours of polls",
    "account: Time until empty and until reset B": "a forecast needs six hours of polls",
    "fleet: Runs out first A": "a forecast needs six hours of polls",
    "fleet: Ends in A": "a forecast needs six hours of polls",
    "account: Used in the period C": "the account has no budget",
    "account: Auto reload A": "the account has none",
    "account: Auto reload B": "the account has none",
    "account: All resources of $account H": "no poll of the account fails",
    "account: Polls per hour, by result B": "no poll of the account fails",
    "account: annotation Topped up": "nothing is added within the time of the test",
    "account: annotation New period": "no period ends within the time of the test",
    "account: annotation Configuration reloaded": "nothing reloads the configuration",
    "account: Key expires in A": "the vendor's keys have no expiry",
    "fleet: annotation Topped up": "nothing may be added within the time of the test",
    "fleet: annotation New period": "no period may end within the time of the test",
    "fleet: annotation Configuration reloaded": "nothing reloads the configuration",
    "fleet: Firing alerts A": "no alert rules are loaded",
    "exporter-health: annotation Configuration reloaded": "nothing reloads the configuration",
    "exporter-health: Unusable values per hour, by field A": "the demo's vendors send only usable values",
    "exporter-health: State file A": "the demo has no state file",
    "exporter-health: Time since the last state write A": "the demo has no state file",
    "exporter-health: Failed state writes per hour A": "the demo has no state file",
    "exporter-health: Back-off and rate limits B": "the vendor's wait may be over",
}
"""Queries that may return nothing, and why."""


async def answer(session: aiohttp.ClientSession, url: str, expression: str) -> list[Series]:
    async with session.post(url, data={"query": expression}) as response:
        body = json.loads(await response.text())
    assert body["status"] == "success", f"{expression}: {body.get('error')}"
    result: list[Series] = body["data"]["result"]
    return result


async def eventually(session: aiohttp.ClientSession, url: str, expression: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                if await answer(session, url, expression):
                    return
            except aiohttp.ClientError:
                pass  # it is still starting
            await asyncio.sleep(0.5)


async def everything_asked(session: aiohttp.ClientSession, url: str, values: dict[str, str]) -> dict[str, list[Series]]:
    await eventually(session, url, 'account:ai_account_quota_burn:rate1d{account="audiobooks",resource="characters"} offset 30s')
    return {f"{board}: {place}": await answer(session, url, text) for board, place, text in _asked(values)}


async def test_every_query_finds_data_and_no_account_is_counted_twice(tmp_path: Path, unused_tcp_port: int) -> None:
    values = {**ANY, "provider": "elevenlabs", "account": "audiobooks", "resource": "characters"}
    (tmp_path / "recording.yaml").write_text(render(Scale(FACTOR))["recording.yaml"])
    async with daemon("demo", "--web.listen-address", "127.0.0.1:0") as running, aiohttp.ClientSession() as session:
        await ready(running)
        (tmp_path / "prometheus.yml").write_text(CONFIG.format(port=running.port, rules=tmp_path / "recording.yaml"))
        async with prometheus(tmp_path, unused_tcp_port) as url:
            answers = await everything_asked(session, url, values)
    assert {place for place, series in answers.items() if not series} - set(EMPTY) == set()
    assert sum(_number(answers[f"exporter-health: Accounts by poll state {ref}"]) for ref in "ABCDE") == len(DEMO_ACCOUNTS)
    assert sum(_number(answers[f"fleet: Accounts by state {ref}"]) for ref in "ABCDEF") == len(DEMO_ACCOUNTS)
    rows = [tuple(sorted(series["metric"].items())) for series in answers["fleet: Accounts and balances A"]]
    assert len(rows) == len(set(rows))
    assert {dict(row)["account"] for row in rows} == {account.name for account in DEMO_ACCOUNTS}
    states = {series["metric"]["account"]: float(series["value"][1]) for series in answers["fleet: Accounts and balances A"]}
    assert states["old-key"] == 4
    reasons = {series["metric"]["account"]: series["metric"]["reason"] for series in answers["fleet: Accounts and balances H"]}
    assert reasons["old-key"] == "unauthorized"
    assert {series["metric"]["unit"] for series in answers["fleet: Money left A"]} == {"usd"}


def _asked(values: dict[str, str]) -> list[tuple[str, str, str]]:
    """The queries of the account dashboard for one account, the others for all."""
    one = [query for query in expressions(values) if query[0] == "account"]
    return one + [query for query in expressions() if query[0] != "account"]


def _number(series: list[Series]) -> float:
    [only] = series
    return float(only["value"][1])
