"""Functions over ranges: rows by steps, windows of `width` + 1 samples, closed at both ends as in Prometheus 2. NaN is absence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from benchmarks.warning.grid import STEP, Bools, Floats, Ints

Merge = Callable[[Floats, Floats], Floats]
Function = Callable[..., Floats]


def edges(data: Floats, width: int) -> tuple[Ints, Ints, Ints]:
    """Return the steps of the first and the last sample of each window, and how many there are."""
    steps, there = data.shape[1], ~np.isnan(data)
    step = np.arange(steps)
    last = np.maximum.accumulate(np.where(there, step, -1), axis=1)
    following = np.minimum.accumulate(np.where(there, step, steps)[:, ::-1], axis=1)[:, ::-1]
    starts = np.maximum(0, step - width)
    counts = np.cumsum(there, axis=1)
    before = np.concatenate([np.zeros((len(data), 1), dtype=counts.dtype), counts], axis=1)
    return following[:, starts], last, counts - before[:, starts]


def delayed(data: Floats, by: int) -> Floats:
    """Return the rows so many steps later."""
    by = min(by, data.shape[1])
    return np.concatenate([np.full((len(data), by), np.nan), data[:, : data.shape[1] - by]], axis=1)


def _rows(data: Floats) -> Ints:
    return np.arange(len(data))[:, None]


def _filled(data: Floats) -> Floats:
    """Return the rows with each gap filled by the value before it."""
    last = np.maximum.accumulate(np.where(np.isnan(data), -1, np.arange(data.shape[1])), axis=1)
    return np.where(last >= 0, data[_rows(data), np.maximum(last, 0)], np.nan)


def _resets_before(data: Floats) -> Floats:
    """Return what a counter lost by resets up to each step."""
    before = delayed(_filled(data), 1)
    return np.cumsum(np.where(~np.isnan(data) & (data < before), before, 0.0), axis=1)


def _extrapolated(data: Floats, width: int, *, counter: bool) -> Floats:
    """Return Prometheus's increase or delta: from the first to the last sample, extended to the edges of the window."""
    first, last, count = edges(data, width)
    rows, known = _rows(data), count >= 2
    first, last = np.where(known, first, 0), np.where(known, last, 0)
    low = data[rows, first]
    result = data[rows, last] - low
    if counter:
        lost = _resets_before(data)
        result += lost[rows, last] - lost[rows, first]
    step = np.arange(data.shape[1])[None, :]
    sampled = (last - first) * float(STEP)
    average = sampled / (count - 1)
    to_start, to_end = (first - (step - width)) * float(STEP), (step - last) * float(STEP)
    if counter:
        to_start = np.minimum(to_start, np.where((result > 0) & (low >= 0), sampled * (low / result), np.inf))
    near = 1.1 * average
    span = sampled + np.where(to_start < near, to_start, average / 2) + np.where(to_end < near, to_end, average / 2)
    return np.where(known, result * (span / sampled), np.nan)


def last_over_time(data: Floats, width: int) -> Floats:
    """Return the last value of each window."""
    _, last, count = edges(data, width)
    return np.where(count > 0, data[_rows(data), np.maximum(last, 0)], np.nan)


def _count(data: Floats, width: int) -> Floats:
    count = edges(data, width)[2].astype(float)
    return np.where(count > 0, count, np.nan)


def _rolling(data: Floats, width: int, merge: Merge) -> Floats:
    """Return maxima or minima by doubling: two windows of 2^i cover any window."""
    size, have, level = width + 1, 1, data
    while have * 2 <= size:
        level = merge(level, delayed(level, have))
        have *= 2
    return merge(level, delayed(level, size - have))


def _window_sum(values: Floats, width: int) -> Floats:
    total: Floats = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    step = np.arange(values.shape[1])
    sums: Floats = total[:, step + 1] - total[:, np.maximum(0, step - width)]
    return sums


def _sum(data: Floats, width: int) -> Floats:
    return np.where(edges(data, width)[2] > 0, _window_sum(np.nan_to_num(data), width), np.nan)


def _changes(data: Floats, width: int) -> Floats:
    first, last, count = edges(data, width)
    before = delayed(_filled(data), 1)
    total = np.cumsum(~np.isnan(data) & ~np.isnan(before) & (data != before), axis=1)
    rows, known = _rows(data), count > 0
    return np.where(known, total[rows, np.where(known, last, 0)] - total[rows, np.where(known, first, 0)], np.nan)


def _regression(data: Floats, width: int) -> tuple[Floats, Floats]:
    """Return the slope per second, and the value of the line at the time of evaluation."""
    there: Bools = ~np.isnan(data)
    x = np.arange(data.shape[1]) * float(STEP)
    center = np.nanmean(data, axis=1, keepdims=True)
    y = np.where(there, data - center, 0.0)
    n, sx, sy = _window_sum(there.astype(float), width), _window_sum(there * x, width), _window_sum(y, width)
    sxx, sxy = _window_sum(there * x * x, width), _window_sum(y * x, width)
    slope = (sxy - sx * sy / n) / (sxx - sx * sx / n)
    now = sy / n + slope * (x - sx / n) + center
    flat = _rolling(data, width, np.fmax) == _rolling(data, width, np.fmin)  # as in Prometheus: constant values have no slope
    slope, now = np.where(flat, 0.0, slope), np.where(flat, last_over_time(data, width), now)
    return np.where(n >= 2, slope, np.nan), np.where(n >= 2, now, np.nan)


def _predict_linear(data: Floats, width: int, ahead: float) -> Floats:
    slope, now = _regression(data, width)
    return now + slope * ahead


FUNCTIONS: Final[dict[str, Function]] = {
    "increase": lambda data, width: _extrapolated(data, width, counter=True),
    "rate": lambda data, width: _extrapolated(data, width, counter=True) / (width * STEP),
    "delta": lambda data, width: _extrapolated(data, width, counter=False),
    "changes": _changes,
    "last_over_time": last_over_time,
    "count_over_time": _count,
    "present_over_time": lambda data, width: np.where(edges(data, width)[2] > 0, 1.0, np.nan),
    "sum_over_time": _sum,
    "avg_over_time": lambda data, width: _sum(data, width) / _count(data, width),
    "max_over_time": lambda data, width: _rolling(data, width, np.fmax),
    "min_over_time": lambda data, width: _rolling(data, width, np.fmin),
    "deriv": lambda data, width: _regression(data, width)[0],
    "predict_linear": _predict_linear,
}
OVER_SUBQUERY: Final = ("max_over_time", "min_over_time", "avg_over_time", "last_over_time", "count_over_time", "sum_over_time")


def over_subquery(name: str, data: Floats, width: int, every: int, shift: int) -> Floats:
    """Return a function over the values at multiples of `every`, in windows of `width` steps that end `shift` steps ago."""
    sampled, steps = data[:, ::every], data.shape[1]
    base = np.arange(steps) - shift
    last, first = base // every, -((width - base) // every)
    out = np.full((len(data), steps), np.nan)
    for count in (width // every, width // every + 1):
        rolled = FUNCTIONS[name](sampled, count - 1)
        use = (last - first + 1 == count) & (last >= 0) & (last < sampled.shape[1])
        out[:, use] = rolled[:, last[use]]
    return out
