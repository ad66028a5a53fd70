"""The grid of all times: steps of five minutes from 0 on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

STEP: Final = 300
"""Seconds: the resolution of the truth, the scrape interval and the evaluation interval."""
HOUR: Final = 12
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
TAIL: Final = 7 * DAY
"""Steps of demand after the last sample: what would have happened is known that far ahead."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Labels = tuple[tuple[str, str], ...]
Series = dict[tuple[str, Labels], Floats]
"""The samples of each series, by name and sorted labels. NaN is absence."""


def steps_of(days: int) -> int:
    """Return the number of samples of so many days."""
    return days * DAY + 1


def when(step: int) -> str:
    """Return a step as day and time, such as `3d12:05`."""
    return f"{step // DAY}d{step % DAY // HOUR:02}:{step % HOUR * 5:02}"


def step_at(text: str) -> int:
    """Return the step of a time such as `3d12:05`."""
    days, _, clock = text.partition("d")
    hours, _, minutes = clock.partition(":")
    return int(days) * DAY + int(hours) * HOUR + int(minutes or 0) // 5


def spans(row: Bools) -> list[tuple[int, int]]:
    """Return the first step and the step after the last one of each run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
