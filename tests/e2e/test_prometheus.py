"""A real Prometheus scrapes the demo."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from exporter.metrics.catalogue import CATALOGUE
from tests.cli.support import daemon, ready
from tests.e2e.programs import prometheus
from tests.support import PATIENCE

pytestmark = pytest.mark.e2e

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: ai-accounts
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


async def query(session: aiohttp.ClientSession, url: str, expression: str) -> list[dict[str, Any]]:
    try:
        async with session.get(url, params={"query": expression}) as response:
            result: list[dict[str, Any]] = json.loads(await response.text())["data"]["result"]
            return result
    except (aiohttp.ClientError, KeyError, json.JSONDecodeError):
        return []  # it is still starting


async def eventually(session: aiohttp.ClientSession, url: str, expression: str) -> list[dict[str, Any]]:
    async with asyncio.timeout(PATIENCE):
        while not (result := await query(session, url, expression)):  # noqa: ASYNC110 -- another program cannot set an event
            await asyncio.sleep(0.2)
    return result


NOT_IN_THE_DEMO: Final = {
    "ai_account_schema_mismatches_total",  # its vendors send only usable values
    "ai_account_setting_without_effect",  # all its thresholds and budgets can be compared with amounts
    "ai_account_quota_exhaustion_timestamp_seconds",  # a forecast needs hours of history
    "ai_account_quota_exhaustion_latest_timestamp_seconds",
    "ai_account_exporter_push_errors_total",  # it pushes nowhere
    "ai_account_exporter_push_last_success_timestamp_seconds",
    "ai_account_exporter_state_last_write_successful",  # it has no state file
    "ai_account_exporter_state_last_write_success_timestamp_seconds",
    "ai_account_exporter_state_write_errors_total",
}


async def test_prometheus_stores_every_family_of_the_demo(tmp_path: Path, unused_tcp_port: int) -> None:
    async with daemon("demo", "--web.listen-address", "127.0.0.1:0") as running, aiohttp.ClientSession() as session:
        await ready(running)
        (tmp_path / "prometheus.yml").write_text(CONFIG.format(port=running.port))
        async with prometheus(tmp_path, unused_tcp_port) as url:
            await every_family_arrives(session, url)


async def every_family_arrives(session: aiohttp.ClientSession, url: str) -> None:
    await eventually(session, url, 'up{job="ai-accounts"} == 1')
    await eventually(session, url, 'ai_account_scrape_errors_total{reason="unauthorized"} > 0')
    names = {series["metric"]["__name__"] for series in await query(session, url, '{__name__=~"ai_account_.*"}')}
    missing = {family.name for family in CATALOGUE if not any(name.startswith(family.name) for name in names)}
    assert missing - {"ai_account_rate_limited_until_timestamp_seconds"} == NOT_IN_THE_DEMO  # the rate limit ends within a second
    [ratio] = await query(session, url, 'ai_account_quota_remaining{account="narration",resource="characters"} / ai_account_quota_limit')
    assert 0 < float(ratio["value"][1]) < 1
    assert await query(session, url, 'ai_account_quota_used{resource="spend"} > 0')
    assert not await query(session, url, 'scrape_samples_scraped{job="ai-accounts"} == 0')
