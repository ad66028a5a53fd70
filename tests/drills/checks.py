"""How a drill is run, and what is asserted after every one of them."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from structlog.testing import capture_logs

from exporter.simulator.server import VENDORS, Simulator
from tests.drills.range import AFTER, BEFORE, INTERVAL, PULSE, SECRET, WITNESSES, Play, Range, finish, opened, until
from tests.drills.table import Drill
from tests.support import PLAYERS

SLOWEST_SCRAPE: Final = 0.25
MEMORY: Final = 20 * 1024 * 1024
"""How far the process may grow at its peak, the vendors that are played in it included."""
AT_ONCE: Final = 0.05
FILES: Final = Path("/proc/self/fd")
_SAMPLE: Final = re.compile(r"(\w+)\{(.*)\} (\S+)")
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


async def carry_out(drill: Drill, play: Play) -> None:
    """Run a drill from health through the fault to health, and check what was seen."""
    before = _footprint()
    with capture_logs() as log:
        async with opened(play) as place:
            await _undergo(drill, play, place)
            _check_the_page(drill, play, place)
            _check_the_witnesses(place)
        assert place.errors == []
    _check_the_log(drill, log)
    await until(lambda: _footprint() <= before, f"tasks and files are back to {before}, now {_footprint()}")


async def _undergo(drill: Drill, play: Play, place: Range) -> None:
    if not play.from_start:
        await until(lambda: {*PULSE, *WITNESSES, _shown(play, "up", 1)} <= place.sampler.last, "all accounts are up")
        await place.after_a_poll()
        _forget_the_peak()
        await finish(play.begin(place))
    else:
        await until(lambda: {*PULSE, *WITNESSES} <= place.sampler.last, "all witnesses are up")
        _forget_the_peak()
    place.sampler.required = (*PULSE, *WITNESSES)
    memory, polls, asked = _memory("VmRSS"), place.entry.polls, len([*_polls(place.vendor, SECRET)])
    await until(lambda: place.entry.polls >= polls + play.polls, "the sick account is polled")
    _check_the_entry(drill, play, place)
    await until(lambda: _meanwhile(drill, play) <= place.sampler.last, f"the page shows {_meanwhile(drill, play)}")
    _check_the_pace(play, place, [request.at for request in _polls(place.vendor, SECRET)][asked:])
    place.patient.figure = AFTER
    await finish(play.end(place))
    await until(lambda: {_shown(play, "up", 1), _figure(play, AFTER)} <= place.sampler.last, "the account is well")
    await until(lambda: place.vendor.connections <= 1 + len(PLAYERS), "connections to the vendor are back")
    gc.collect()
    assert _memory("VmHWM") - memory < MEMORY


def _check_the_entry(drill: Drill, play: Play, place: Range) -> None:
    entry = place.entry
    assert (entry.up, entry.error and entry.error.reason) == (drill.reason is None, drill.reason), entry.error


def _check_the_pace(play: Play, place: Range, times: Sequence[float]) -> None:
    """The schedule is a grid, and a late poll is no reason to shift it: half an interval of lateness is allowed for.

    aiohttp asks again at once, on a new connection, where one that was kept open proves dead: the same poll.
    """
    gaps = [second - first for first, second in itertools.pairwise(times)]
    for first, gap in zip(times, gaps, strict=False):
        late = INTERVAL / 2 + place.sampler.starved_between(first - INTERVAL, first)
        assert gap > play.least_gap - late or gap <= AT_ONCE
    assert not any(first <= AT_ONCE and second <= AT_ONCE for first, second in itertools.pairwise(gaps))


def _meanwhile(drill: Drill, play: Play) -> set[str]:
    """The lines of the page while the fault lasts: a failed poll keeps the figure that was known."""
    known = play.figure if drill.reason is None else None if play.from_start else BEFORE
    shown = {_shown(play, "up", float(drill.reason is None)), *play.lines}
    return shown if known is None else shown | {_figure(play, known)}


BOOKS = frozenset({"ai_account_quota_consumed_total", "ai_account_quota_replenished_total"})
"""What was seen to come and go: differences of good figures, and nothing else."""


def _check_the_page(drill: Drill, play: Play, place: Range) -> None:
    sampler = place.sampler
    assert sampler.slowest < SLOWEST_SCRAPE
    assert len(sampler.starved) > 10
    good = {BEFORE, AFTER} if play.figure is None else {BEFORE, AFTER, play.figure}
    figures = [(name, value) for name, labels, value in _samples(sampler.lines) if _is_figure(play, name, labels)]
    assert {value for name, value in figures if name not in BOOKS} <= good
    moves = {abs(one - other) for one, other in itertools.product(good, repeat=2)} | good
    assert {value for name, value in figures if name in BOOKS} <= moves | {sum(each) for each in itertools.combinations(moves, 2)}
    counted = {labels["reason"] for name, labels, value in _samples(sampler.lines) if name == "ai_account_scrape_errors_total" and value}
    assert counted == ({str(drill.reason)} if drill.reason else set())
    assert not any(line.startswith('ai_account_up{account="witness"') and line not in PULSE for line in sampler.lines)


def _check_the_witnesses(place: Range) -> None:
    assert place.sampler.missing == set()
    for player in PLAYERS:
        times = [request.at for request in _polls(place.crowd, player.secret)]
        for first, second in itertools.pairwise(times):
            assert second - first < 2 * INTERVAL + place.sampler.starved_between(first, second)


def _check_the_log(drill: Drill, log: Iterable[Mapping[str, Any]]) -> None:
    told = [(line["log_level"], line["event"], line["account"], line.get("reason")) for line in log if line["log_level"] != "debug"]
    failed, recovered = ("warning", "poll failed", "sick", str(drill.reason)), ("info", "poll recovered", "sick", None)
    assert told == ([failed, recovered] if drill.reason else [])


def _polls(simulator: Simulator, secret: str) -> Iterator[Any]:
    paths = {vendor.path for vendor in VENDORS.values()}
    return (request for request in simulator.requests if request.path in paths and secret in request.headers.values())


def _shown(play: Play, name: str, value: float) -> str:
    return f'ai_account_{name}{{account="sick",provider="{play.provider}"}} {float(value)}'


def _figure(play: Play, value: float) -> str:
    family, resource, unit = play.watched
    return f'{family}{{account="sick",provider="{play.provider}",resource="{resource}",unit="{unit}"}} {float(value)}'


def _is_figure(play: Play, name: str, labels: Mapping[str, str]) -> bool:
    """Whether this is a figure of the sick account: where it has one resource only, all of them are."""
    if not name.startswith("ai_account_quota_") or labels["account"] != "sick":
        return False
    return play.provider != "elevenlabs" or (name, labels["resource"]) == play.watched[:2]


def _samples(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, str], float]]:
    for line in lines:
        if (found := _SAMPLE.fullmatch(line)) is not None:
            yield found[1], dict(_LABEL.findall(found[2])), float(found[3])


def _footprint() -> tuple[int, int]:
    gc.collect()
    return len(asyncio.all_tasks()), len(os.listdir(FILES)) if FILES.exists() else 0  # noqa: PTH208 -- iterdir would open one more


def _memory(name: str) -> int:
    """A figure of the process in bytes; 0 where the system does not tell."""
    with suppress(FileNotFoundError):
        found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    return 0


def _forget_the_peak() -> None:
    gc.collect()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
