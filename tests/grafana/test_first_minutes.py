"""With five minutes of data, every panel shows it, or a text that is true. The accounts are counted once in each state."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from exporter.cli.backfill import past_scrapes
from exporter.cli.demo import demo_config
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS
from tests.e2e.programs import prometheus
from tests.grafana.boards import ANY, BOARDS, Json, filled, panels
from tests.prometheus.tool import promtool
from tests.support import PATIENCE
from tools.rules.documents import render
from tools.rules.states import ACCOUNT as STATE

pytestmark = pytest.mark.e2e

CONFIG = """
global: {scrape_interval: 1m, evaluation_interval: 1s}
rule_files: [recording.yaml]
"""
SELECTED: Final = ANY | {"provider": "elevenlabs", "account": "audiobooks", "resource": "characters"}
STEPS: Final = {"now-24h": 120, "now-6h": 30}
"""The steps that Grafana chooses on panels of this size, by the range of the dashboard."""
TEXTS: Final = {
    # What is true of the demo, or of five minutes.
    "fleet: Runs out first": "no end forecast",
    "fleet: Ends in": "No end is forecast.",
    "fleet: Firing alerts": "No firing alerts.",
    "account: Key expires in": "no expiry known",
    "account: Auto reload": "none known",
    "exporter-health: Back-off and rate limits": "No longer intervals and no waits in this time range.",
    "exporter-health: Unusable values per hour, by field": "No unusable value in this time range.",
    "exporter-health: State file": "none known",
    **dict.fromkeys(
        [f"exporter-health: {title}" for title in ("Time since the last state write", "Failed state writes per hour")],
        "No data. The exporter can run without a state file.",
    ),
    # The history has no metrics of a process and of Prometheus's scrapes.
    **dict.fromkeys(
        [f"exporter-health: {title}" for title in ("CPU", "Memory", "Open files", "Uptime")],
        "No data. The exporter can run without process metrics.",
    ),
    **dict.fromkeys(
        [f"exporter-health: {title}" for title in ("Scrape duration", "Samples per scrape")], "No data yet in this time range."
    ),
}
"""The texts of the panels that are empty."""


async def blocks(folder: Path, at: float) -> None:
    """Write five minutes of the demo up to this time, as two exporters with the same accounts expose it."""
    scrapes = await past_scrapes(partial(demo_config, interval="1m"), 300.0, at, step=15.0)
    text = "".join(scrapes.lines())
    for name in ("exporter", "replica"):
        (folder / "history.om").write_text(text.replace('instance="exporter:', f'instance="{name}:'))
        code, output = promtool("tsdb", "create-blocks-from", "openmetrics", folder / "history.om", folder / "data")
        assert code == 0, output


@asynccontextmanager
async def five_minutes(folder: Path, port: int, at: float) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    await blocks(folder, at)
    (folder / "recording.yaml").write_text(render()["recording.yaml"].replace("interval: 1m", "interval: 1s"))
    (folder / "prometheus.yml").write_text(CONFIG)
    async with prometheus(folder, port) as url, aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
        while not await answer(session, url, {"query": STATE}):  # noqa: ASYNC110 -- another program cannot set an event
            await asyncio.sleep(0.5)
        yield session, url


async def answer(session: aiohttp.ClientSession, url: str, query: dict[str, Any]) -> list[Json]:
    """The series of an answer; empty while Prometheus is starting."""
    try:
        async with session.post(f"{url}_range" if "step" in query else url, data=query) as response:
            body = json.loads(await response.text())
    except aiohttp.ClientError:
        return []
    assert body["status"] == "success", f"{query}: {body}"
    series: list[Json] = body["data"]["result"]
    return series


def queries(at: float) -> Iterator[tuple[str, str, Json, dict[str, Any]]]:
    """The panel, the reference and the parameters of each query, as Grafana sends it when the dashboard opens."""
    for file, board in BOARDS.items():
        name = Path(file).stem
        step = STEPS[board["time"]["from"]]
        for panel in panels(board):
            title = filled(panel["title"], SELECTED)
            for target in panel["targets"]:
                query: dict[str, Any] = {"query": filled(target["expr"], SELECTED if name == "account" else ANY | {"unit": "characters"})}
                if target.get("instant"):
                    query["time"] = at
                else:
                    query |= {"start": (at - 7_200) // step * step, "end": at // step * step, "step": step}
                yield f"{name}: {title}", target["refId"], panel, query


async def test_every_panel_is_true_after_five_minutes(tmp_path: Path, unused_tcp_port: int) -> None:
    at = float(int(time.time()))
    found: dict[str, dict[str, list[Json]]] = {}
    texts: dict[str, str] = {}
    async with five_minutes(tmp_path, unused_tcp_port, at) as (session, url):
        at = time.time()
        for title, ref, panel, query in queries(at):
            found.setdefault(title, {})[ref] = await answer(session, url, query)
            texts[title] = panel["fieldConfig"]["defaults"]["noValue"]
    assert {title: texts[title] for title, answers in found.items() if not any(answers.values())} == TEXTS
    for title in ("fleet: Accounts by state", "exporter-health: Accounts by poll state"):
        numbers = [float(series["value"][1]) for answers in found[title].values() for series in answers]
        assert (len(numbers), sum(numbers)) == (len(found[title]), len(DEMO_ACCOUNTS)), title
    rows = [series["metric"] for series in found["fleet: Accounts and balances"]["A"]]
    assert len(rows) == len({tuple(sorted(row.items())) for row in rows})
    assert {row["account"] for row in rows} == {account.name for account in DEMO_ACCOUNTS}
    assert {series["metric"]["reason"] for series in found["exporter-health: Failed polls per hour, by reason"]["A"]} == {
        "unauthorized", "rate_limited",
    }  # fmt: skip
    ages = [float(series["value"][1]) for series in found["fleet: Accounts and balances"]["G"]]
    assert all(0 <= age <= 300 for age in ages)
