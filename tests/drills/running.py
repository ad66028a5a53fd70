"""Runs a drill, and checks the rules for every drill."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from structlog.testing import capture_logs

from exporter.providers.library import load_definitions
from exporter.simulator.simulator import Simulator
from tests.drills.environment import AFTER, BEFORE, HEALTHY, HEALTHY_UP, INTERVAL, SECRET, Environment, Scenario, finish, opened
from tests.drills.table import Drill
from tests.support import ACCOUNTS, until

WAIT_RATIO: Final = 50
"""How many times as long as without a fault the median scrape may take."""
STALL: Final = 1.0
"""Seconds of CPU time that the event loop may spend during any scrape. Garbage collection alone may take a tenth of it."""
LATE_SHARE: Final = 0.1
"""The share of a healthy account's polls that may be late: a busy machine delays one poll, another account's fault would delay most."""
SAMPLES: Final = 5
MEMORY: Final = 20 * 1024 * 1024
"""By how many bytes the peak memory of the process may grow, the simulated vendors included."""
AT_ONCE: Final = 0.05
"""A second request within this many seconds is aiohttp's retry on a new connection after a closed one: the same poll."""
FILES: Final = Path("/proc/self/fd")
_SAMPLE: Final = re.compile(r"(\w+)\{(.*)\} (\S+)")
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


async def run_drill(drill: Drill, scenario: Scenario) -> None:
    """Run a drill: without the fault, with it, without it again. Check all pages."""
    before = _footprint()
    with capture_logs() as log:
        async with opened(scenario) as env:
            await _run_phases(drill, scenario, env)
            _check_the_page(drill, scenario, env)
            _check_healthy_accounts(env)
        assert env.errors == []
    _check_the_log(drill, log)
    await until(lambda: _footprint() <= before, f"tasks and files are back to {before}, now {_footprint()}")


async def _run_phases(drill: Drill, scenario: Scenario, env: Environment) -> None:
    if not scenario.from_start:
        await until(lambda: {*HEALTHY_UP, *HEALTHY, _shown(scenario, "up", 1)} <= env.sampler.last, "all accounts are up")
        await _sample_health(env)
        await env.after_a_poll()
        _forget_the_peak()
        await finish(scenario.begin(env))
    else:
        await until(lambda: {*HEALTHY_UP, *HEALTHY} <= env.sampler.last, "all healthy accounts are up")
        _forget_the_peak()
    env.sampler.required = (*HEALTHY_UP, *HEALTHY)
    memory, polls, asked = _memory("VmRSS"), env.entry.polls, len([*_polls(env.vendor, SECRET)])
    await until(lambda: env.entry.polls >= polls + scenario.polls, "the faulty account is polled")
    _check_the_entry(drill, scenario, env)
    await until(lambda: _meanwhile(drill, scenario) <= env.sampler.last, f"the page shows {_meanwhile(drill, scenario)}")
    _check_the_pace(scenario, env, [request.at for request in _polls(env.vendor, SECRET)][asked:])
    env.faulty.figure = AFTER
    await finish(scenario.end(env))
    await until(lambda: {_shown(scenario, "up", 1), _figure(scenario, AFTER)} <= env.sampler.last, "the account is up again")
    await _sample_health(env)
    await until(lambda: env.vendor.connections <= 1 + len(ACCOUNTS), "connections to the vendor are back")
    gc.collect()
    assert _memory("VmHWM") - memory < MEMORY


async def _sample_health(env: Environment) -> None:
    """Scrape without a fault for a while."""
    wanted = len(env.sampler.healthy) + SAMPLES
    env.sampler.is_healthy = True
    await until(lambda: len(env.sampler.healthy) >= wanted, "the page is scraped without a fault")
    env.sampler.is_healthy = False


def _check_the_entry(drill: Drill, scenario: Scenario, env: Environment) -> None:
    entry = env.entry
    assert (entry.up, entry.error and entry.error.reason) == (drill.reason is None, drill.reason), entry.error


def _check_the_pace(scenario: Scenario, env: Environment, times: Sequence[float]) -> None:
    """Check that no poll came before the schedule allows it.

    The schedule is a grid: the gap after a late poll is shorter by the delays of the event loop, for which half an interval and the
    measured delays are allowed. One retry at once is no poll, so of three requests in a row two are polls.
    """

    def in_time(first: float, last: float) -> bool:
        return last - first > scenario.least_gap - INTERVAL / 2 - env.delays.between(first - INTERVAL, last)

    assert all(last - first <= AT_ONCE or in_time(first, last) for first, last in itertools.pairwise(times))
    assert all(in_time(first, last) for first, last in zip(times, times[2:], strict=False))


def _meanwhile(drill: Drill, scenario: Scenario) -> set[str]:
    """The lines of the page during the fault. A failed poll keeps the last good value."""
    known = scenario.figure if drill.reason is None else None if scenario.from_start else BEFORE
    shown = {_shown(scenario, "up", float(drill.reason is None)), *scenario.lines}
    return shown if known is None else shown | {_figure(scenario, known)}


COUNTERS = frozenset({"ai_account_quota_consumed_total", "ai_account_quota_replenished_total"})
"""They are sums of differences between good values only."""


def _check_the_page(drill: Drill, scenario: Scenario, env: Environment) -> None:
    sampler = env.sampler
    assert statistics.median(each.wall for each in sampler.faulty) < WAIT_RATIO * statistics.median(each.wall for each in sampler.healthy)
    assert max(each.cpu for each in sampler.faulty) < STALL
    assert sampler.pages > 10
    good = {BEFORE, AFTER} if scenario.figure is None else {BEFORE, AFTER, scenario.figure}
    figures = [(name, value) for name, labels, value in _samples(sampler.lines) if _is_figure(scenario, name, labels)]
    assert {value for name, value in figures if name not in COUNTERS} <= good
    moves = {abs(one - other) for one, other in itertools.product(good, repeat=2)} | good
    assert {value for name, value in figures if name in COUNTERS} <= moves | {sum(each) for each in itertools.combinations(moves, 2)}
    counted = {labels["reason"] for name, labels, value in _samples(sampler.lines) if name == "ai_account_scrape_errors_total" and value}
    assert counted == ({str(drill.reason)} if drill.reason else set())
    assert not any(line.startswith('ai_account_up{account="healthy"') and line not in HEALTHY_UP for line in sampler.lines)


def _check_healthy_accounts(env: Environment) -> None:
    assert env.sampler.missing == set()
    for account in ACCOUNTS:
        times = [request.at for request in _polls(env.others, account.secret)]
        late = [first for first, second in itertools.pairwise(times) if second - first >= 2 * INTERVAL + env.delays.between(first, second)]
        assert len(late) <= 1 + len(times) * LATE_SHARE


def _check_the_log(drill: Drill, log: Iterable[Mapping[str, Any]]) -> None:
    logged = [(line["log_level"], line["event"], line["account"], line.get("reason")) for line in log if line["log_level"] != "debug"]
    failed, recovered = ("warning", "poll failed", "faulty", str(drill.reason)), ("info", "poll recovered", "faulty", None)
    assert logged == ([failed, recovered] if drill.reason else [])


def _polls(simulator: Simulator, secret: str) -> Iterator[Any]:
    return (
        request
        for request in simulator.requests
        if request.provider and request.path == load_definitions()[request.provider].requests[0].path and secret in request.headers.values()
    )


def _shown(scenario: Scenario, name: str, value: float) -> str:
    return f'ai_account_{name}{{account="faulty",provider="{scenario.provider}"}} {float(value)}'


def _figure(scenario: Scenario, value: float) -> str:
    family, resource, unit = scenario.watched
    return f'{family}{{account="faulty",provider="{scenario.provider}",resource="{resource}",unit="{unit}"}} {float(value)}'


def _is_figure(scenario: Scenario, name: str, labels: Mapping[str, str]) -> bool:
    """Whether this is a value of the faulty account. If the account has only one resource, all of them are."""
    if not name.startswith("ai_account_quota_") or labels["account"] != "faulty":
        return False
    return scenario.provider != "elevenlabs" or (name, labels["resource"]) == scenario.watched[:2]


def _samples(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, str], float]]:
    for line in lines:
        if (found := _SAMPLE.fullmatch(line)) is not None:
            yield found[1], dict(_LABEL.findall(found[2])), float(found[3])


def _footprint() -> tuple[int, int]:
    gc.collect()
    return len(asyncio.all_tasks()), len(os.listdir(FILES)) if FILES.exists() else 0  # noqa: PTH208 -- iterdir would open one more


def _memory(name: str) -> int:
    """A figure of the process in bytes; 0 where /proc does not have it."""
    with suppress(FileNotFoundError):
        found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    return 0


def _forget_the_peak() -> None:
    gc.collect()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
