"""Sleepers wake together, and never early."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.clock import CORRECTED_FROM, LONGEST_TIMER, SHORT, TURN, Clock


class InstantLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes at once when all tasks wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.turns = 0.0
        self._select = self._selector.select  # type: ignore[attr-defined]  # asyncio's own
        self._selector.select = self._pass_time  # type: ignore[attr-defined]  # asyncio's own

    def time(self) -> float:
        return self.now

    def _pass_time(self, timeout: float | None) -> Any:
        self.turns += bool(timeout)
        self.now += timeout or 0.0
        return self._select(0)


def run_instantly(main: Coroutine[Any, Any, None]) -> InstantLoop:
    with asyncio.Runner(loop_factory=InstantLoop) as runner:
        runner.run(main)
        loop = runner.get_loop()
        assert isinstance(loop, InstantLoop)
        return loop


async def lateness(clock: Clock, seconds: float) -> float:
    loop = asyncio.get_running_loop()
    due = loop.time() + seconds
    await clock.sleep_together(seconds)
    return loop.time() - due


@given(st.lists(st.floats(0, 1_000), min_size=1, max_size=20))
def test_a_sleep_ends_at_most_one_turn_late_and_never_early(durations: list[float]) -> None:
    async def main() -> None:
        clock = Clock(monotonic=asyncio.get_running_loop().time)
        for seconds, late in zip(durations, await asyncio.gather(*(lateness(clock, each) for each in durations)), strict=True):
            assert -1e-6 < late < (TURN if seconds >= SHORT else 0) + 2e-3

    run_instantly(main())


def test_many_sleepers_wake_in_few_turns_of_the_loop() -> None:
    async def main() -> None:
        clock = Clock(monotonic=asyncio.get_running_loop().time)
        await asyncio.gather(*(clock.sleep_together(10 + number / 1_000) for number in range(1_000)))

    assert run_instantly(main()).turns <= 25


def test_a_cancelled_sleeper_wakes_no_other_and_stops_none() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        clock = Clock(monotonic=loop.time)
        first, second = (asyncio.ensure_future(clock.sleep_together(10)) for _ in range(2))
        await asyncio.sleep(1)
        first.cancel()
        await asyncio.wait([first, second])
        assert (first.cancelled(), second.cancelled(), second.exception()) == (True, False, None)
        assert loop.time() >= 10

    run_instantly(main())


def test_the_time_that_the_machine_is_suspended_counts() -> None:
    async def main() -> None:
        suspended, loop = 0.0, asyncio.get_running_loop()
        clock = Clock(monotonic=lambda: loop.time() + suspended)
        sleepers = [asyncio.ensure_future(clock.sleep_together(seconds)) for seconds in (86_400, 3_600, 10)]
        await asyncio.sleep(1_000)
        assert [sleeper.done() for sleeper in sleepers] == [False, False, True]
        suspended = 30 * 86_400.0
        await asyncio.sleep(LONGEST_TIMER)
        assert all(sleeper.done() for sleeper in sleepers)

    run_instantly(main())


def test_a_shorter_sleep_that_begins_later_ends_first() -> None:
    async def main() -> None:
        clock, ended = Clock(monotonic=asyncio.get_running_loop().time), []

        async def sleep(seconds: float) -> None:
            await clock.sleep_together(seconds)
            ended.append(seconds)

        await asyncio.gather(*map(sleep, (25, 10, 2, 29, 5)))
        assert ended == [2, 5, 10, 25, 29]

    run_instantly(main())


@given(st.floats(-1e6, 1e6), st.lists(st.floats(-0.1, 0.1), max_size=20))
def test_a_clock_that_was_set_once_has_one_correction_whatever_its_jitter(step: float, jitter: list[float]) -> None:
    noise = 0.0
    clock = Clock(wall=lambda: 1e9 + step + noise, monotonic=lambda: 0.0)
    clock._offset = 1e9
    corrections = set()
    for noise in jitter:
        corrections.add(clock.correction())
        assert abs(step + noise - clock.correction()) <= CORRECTED_FROM
    assert len(corrections) <= (2 if abs(abs(step) - CORRECTED_FROM) < 0.1 else 1)


def test_small_steps_add_up_to_a_correction() -> None:
    wall = 1e9
    clock = Clock(wall=lambda: wall, monotonic=lambda: 0.0)
    seen = []
    for _ in range(8):
        wall += 0.25
        seen.append(clock.correction())
    assert seen == [0, 0, 0, 1, 1, 1, 1, 2]
