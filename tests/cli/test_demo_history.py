"""`demo --history` prints valid OpenMetrics: the families of the exporter, with the times of the past."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from itertools import groupby

import pytest
from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter.cli.backfill import INTERVAL, STEP, PastScrapes, past_scrapes
from exporter.cli.demo import demo_config
from exporter.metrics.catalogue import CATALOGUE, DURATIONS
from exporter.simulator.demo_accounts import DEMO_ACCOUNTS
from tests.cli.support import invoke, run
from tests.support import PATIENCE

END = 1_795_000_000.0
SPAN = 4 * 3_600.0


def parsed(lines: Iterable[str]) -> dict[str, Metric]:
    """The families, except the histogram: the parser drops all its samples but those of the first time as duplicates."""
    text = "".join(line for line in lines if DURATIONS.name not in line)
    return {family.name: family for family in text_string_to_metric_families(text)}  # type: ignore[no-untyped-call]  # no types there


@pytest.fixture(scope="module")
def scrapes() -> PastScrapes:
    return asyncio.run(past_scrapes(partial(demo_config, interval=INTERVAL), SPAN, END))


@pytest.fixture(scope="module")
def families(scrapes: PastScrapes) -> dict[str, Metric]:
    return parsed(scrapes.lines())


def of(families: dict[str, Metric], name: str, **labels: str) -> list[tuple[float, float]]:
    """The times and values of one series."""
    found = [each for each in families[name.removesuffix("_total")].samples if each.name == name and labels.items() <= each.labels.items()]
    assert len({tuple(each.labels.items()) for each in found}) == 1
    return [(float(each.timestamp or 0), each.value) for each in found]


def test_the_families_are_those_of_the_exporter_and_the_scrape(families: dict[str, Metric]) -> None:
    known = {family.name.removesuffix("_total"): family for family in CATALOGUE if family is not DURATIONS}
    assert families.keys() - known.keys() == {"up"}
    assert all(families[name].documentation == known[name].help for name in families.keys() - {"up"})


def test_the_series_of_a_histogram_are_together_at_each_time(scrapes: PastScrapes) -> None:
    lines = [line for line in scrapes.lines() if line.startswith(f"{DURATIONS.name}_")]
    groups = [metric for metric, _ in groupby(lines, lambda line: re.sub(r"^[a-z_]+|le=[^,]*,| [^ ]* ", "", line))]
    assert len(groups) == len(set(groups)) == len({each.simulated.provider for each in DEMO_ACCOUNTS}) * (SPAN // STEP + 1)


def test_every_series_has_the_target_s_labels_and_rising_times_up_to_the_end(families: dict[str, Metric]) -> None:
    for family in families.values():
        assert all(each.labels["job"] == "ai-accounts" and each.labels["instance"] == "exporter:9893" for each in family.samples)
    times = [time for time, _ in of(families, "up")]
    assert times == [END - SPAN + number * STEP for number in range(len(times))]
    assert times[-1] == END


def test_the_counters_of_polls_and_consumption_rise(families: dict[str, Metric]) -> None:
    polls = [value for _, value in of(families, "ai_account_scrapes_total", account="studio")]
    assert (polls[0], polls[-1]) == (1, SPAN // 720 + 1)
    consumed = [value for _, value in of(families, "ai_account_quota_consumed_total", account="studio")]
    assert consumed == sorted(consumed)
    assert consumed[-1] > 1


def test_no_value_is_older_or_newer_than_its_time(families: dict[str, Metric]) -> None:
    ages = [time - value for time, value in of(families, "ai_account_last_success_timestamp_seconds", account="studio")]
    assert 0 < min(ages) < max(ages) < 720 + STEP


def test_the_faults_come_in_the_last_quarter(families: dict[str, Metric]) -> None:
    for account in (each for each in DEMO_ACCOUNTS if each.fault):
        ups = dict(of(families, "ai_account_up", account=account.name))
        assert all(value == float(time < END - SPAN / 4) for time, value in ups.items() if not 0 <= time - (END - SPAN / 4) < 720)


async def test_the_command_prints_it_and_exits() -> None:
    code, output, error = await run("demo", "--history", "10m")
    assert (code, output[-6:], error) == (0, "# EOF\n", "")
    assert parsed(output.splitlines(keepends=True))["up"].samples


def test_a_history_without_length_is_refused() -> None:
    code, _, error = invoke("demo", "--history", "a week")
    assert code == 2
    assert "expected a duration such as 30s, 5m or 1h30m" in error


def test_a_history_that_would_use_all_memory_is_refused() -> None:
    code, _, error = invoke("demo", "--history", "91d")
    assert code == 2
    assert "expected 90d at most" in error


INTERRUPTED = """
import os, runpy, sys
number = int(sys.argv.pop())
import exporter.cli.backfill as backfill
scrape = backfill.past_scrapes
async def interrupted(*arguments):
    os.kill(os.getpid(), number)
    return await scrape(*arguments)
backfill.past_scrapes = interrupted
runpy.run_module("exporter", run_name="__main__")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_history_that_is_interrupted_has_failed(number: signal.Signals) -> None:
    command = [sys.executable, "-c", INTERRUPTED, "demo", "--history", "10m", str(int(number))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603 -- our own command
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False)
