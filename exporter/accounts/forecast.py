"""When a resource ends: the one forecast that the metrics, the alerts, the status page and the API share.

There are seven possible futures: the last day repeats over and over, the last two days repeat, and so on, up to the last seven
days. The expected end is the median of these futures, the latest end is the slowest of them. Because each spans whole days, the
time of day and the weekend are in it. If two weeks are alike, the expected end is that of the last seven days. A forecast reports
nothing where too little is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from math import inf, isfinite
from operator import sub
from statistics import median, median_low
from typing import Final, NamedTuple

from exporter.accounts.consumption import Consumption
from exporter.accounts.entry import Entry
from exporter.accounts.history import DAY, Curve, History
from exporter.accounts.thresholds import HELD_UNITS
from exporter.model import EXACT, Quota, Reading

HOUR: Final = 3_600.0
SOON: Final = 2 * DAY
"""An end within this time is near: a warning if it is certain."""
URGENT: Final = DAY / 2
"""An end that is certain within this time needs somebody now."""
BURSTS: Final = ((7 * HOUR, 0.8), (9 * HOUR, 1.4))
"""The pace of an unusual day counts if it leads to an end within this time, and if the day consumed this many times what is left: most
bursts stop, the long ones later."""
FIRST_DAY: Final = 8 * HOUR
"""In the first day, an end that is further away than this, or than a third of the time until the reset, is not reported."""
RELOAD: Final = HOUR / 2
"""Auto reload fills the account up within this time, or has failed."""

MIN_HISTORY: Final = 6 * HOUR
MIN_POINTS: Final = 4
ENOUGH: Final = 3
"""A latest end is certain only if the account ends in as many futures. With fewer, an end far ahead needs use now."""
RESET_MARGIN: Final = 0.8
"""The latest end must lie in this share of the time until the reset."""
WEEK: Final = 7
WEEKLY: Final = 0.5
"""Use follows the week if the same days of two weeks differ by less than this share of the difference between other days."""
UNUSUAL: Final = 2.0
"""A day with more than this many times the consumption of a usual day is unlike the others: its pace counts."""
MAX_EMPTY: Final = 2 * HOUR
"""A past day on which nothing was left for longer than this says nothing about demand."""
HORIZON: Final = 3_652.5 * DAY
"""An end that is further away than this is not reported."""


class Forecast(NamedTuple):
    """When nothing is left if nobody acts. Times are on the clock of the consumption that it was computed from."""

    ends_at: float | None = None
    """The expected end; None if it is not expected before the reset, or if the vendor is expected to fill the account up."""
    latest_at: float | None = None
    """The end by the slowest of the past days and the pace of the last three hours; None where that is not certain."""


NO_END: Final = Forecast()

Budgets = Mapping[tuple[str, str], Decimal]
"""The operator's budgets by resource and unit."""


def available(quota: Quota, budget: Decimal | None = None) -> Decimal | None:
    """Return what is left until the vendor stops the account, overage included, or until a spending budget is reached.

    None if unlimited, held or unknown.
    """
    left = None if quota.unlimited or quota.unit in HELD_UNITS else quota.remaining
    if left is not None and quota.overage_limit is not None:
        left = EXACT.add(left, quota.overage_limit)
    if budget is None or quota.used is None or not _is_spending(quota):
        return left
    within_budget = EXACT.subtract(budget, quota.used)
    return within_budget if left is None else min(left, within_budget)


def forecasts(entry: Entry, reading: Reading | None, budgets: Budgets) -> Iterator[tuple[Quota, Forecast]]:
    """Yield the resources of a fresh reading whose end can be forecast, or of which none is expected."""
    known = {(each.resource, each.unit): each for each in entry.consumption if each.at == entry.last_success_at}
    if reading is None:
        return
    for quota in reading.quotas:
        key = quota.resource, quota.unit
        if (consumption := known.get(key)) and (found := forecast(consumption, quota, reading, budgets.get(key))):
            yield quota, found


def forecast(consumption: Consumption, quota: Quota, reading: Reading, budget: Decimal | None = None) -> Forecast | None:
    """Return when the resource or its budget ends; None where too little is known. `consumption` must be as of the reading.

    The reset and the consumption must be on the same clock.
    """
    left = available(quota, budget)
    if left is None or left <= 0:
        return None
    curve = Curve(consumption.history, consumption.at, float(consumption.consumed))
    age = curve.now - curve.begins_at
    if age < MIN_HISTORY:
        return None
    if not curve.consumed(age) or _is_refilled(reading, quota, float(left) + curve.consumed(RELOAD)):
        return NO_END
    if len(consumption.history.times) < MIN_POINTS:
        return None
    reset = _until_reset(quota, curve.now)
    amount = float(left)
    if age < DAY:
        return _young(curve, age, amount, reset)
    return _forecast(curve, consumption.history, amount, reset)


def _until_reset(quota: Quota, now: float) -> float:
    """Return the seconds until the reset. For an hour after its time, it is expected at any moment; later, none is expected."""
    return quota.resets_at - now if quota.resets_at is not None and quota.resets_at > now - HOUR else inf


def _is_spending(quota: Quota) -> bool:
    return f"_{quota.resource}".endswith("_spend")


def _is_refilled(reading: Reading, quota: Quota, left: float) -> bool:
    """Whether the vendor is expected to top the account up before it ends. It has failed to if `left`, a while ago, was below its threshold.

    A top-up raises no spending cap.
    """
    reload = reading.auto_reload
    if _is_spending(quota) or not reading.features.get("auto_reload") or (reload and reload.unit != quota.unit):
        return False
    return reload is None or reload.threshold is None or left >= reload.threshold


def _young(curve: Curve, age: float, left: float, reset: float) -> Forecast | None:
    """Return the end of an account of which less than a day is known, by the mean of all hours or of the last three, if it is near.

    The hours of the day are not known yet, so it must also be near compared with the reset.
    """
    lasts = min(_lasts(curve, left, age), _lasts(curve, left, 3 * HOUR))
    return Forecast(curve.now + lasts) if lasts < min(FIRST_DAY, reset / 3) else None


def _forecast(curve: Curve, history: History, left: float, reset: float) -> Forecast:
    futures = sorted(_futures(curve, history, left))
    pace = _lasts(curve, left, 3 * HOUR)
    days = _days(curve)
    is_weekly = _follows_the_week(days)
    expected = _repeated(curve, left, WEEK * DAY) if is_weekly else median_low(futures)
    if pace < expected and _is_unusual(days, is_weekly=is_weekly) and _goes_on(curve, left, pace):
        expected = pace
    latest = max(futures[-1], pace, expected)
    is_known = len(futures) >= ENOUGH
    if not is_known and futures[-1] > URGENT and _is_paused(curve):
        expected = inf
    is_certain = is_known and latest < RESET_MARGIN * reset
    return Forecast(_end(curve.now, expected if expected < reset else inf), _end(curve.now, latest if is_certain else inf))


def _futures(curve: Curve, history: History, left: float) -> list[float]:
    """Return how long it lasts, in seconds, if the last one, two, ... seven days repeat."""
    days = min(WEEK, int((curve.now - curve.begins_at) / DAY))
    lasts = [_repeated(curve, left, number * DAY) for number in range(1, days + 1)]
    if not history.empty:
        return lasts
    telling = [
        seconds
        for number, seconds in enumerate(lasts, 1)
        if _empty_within(history, curve.now - number * DAY, min(seconds, number * DAY)) <= MAX_EMPTY
    ]
    return telling if len(telling) >= ENOUGH else lasts


def _repeated(curve: Curve, left: float, period: float) -> float:
    start = curve.now - period
    before = curve.amount_at(start)
    consumed = curve.amount - before
    if consumed <= 0 or left / consumed > HORIZON / period:
        return inf
    whole, rest = divmod(left, consumed)
    return whole * period + (max(0.0, curve.time_of(before + rest) - start) if rest else 0.0)


def _empty_within(history: History, start: float, seconds: float) -> float:
    return sum(max(0.0, min(end, start + seconds) - max(begin, start)) for begin, end in history.empty)


def _lasts(curve: Curve, left: float, window: float) -> float:
    consumed = curve.consumed(window)
    return left / consumed * window if consumed > 0 else inf


def _follows_the_week(days: Sequence[float]) -> bool:
    """Whether the days of this week are like the same days of the week before, and unlike the other days. It takes two weeks to know."""
    if len(days) < 2 * WEEK:
        return False

    def difference(lag: int) -> float:
        changes: Iterator[float] = map(sub, days, days[lag:])
        return sum(map(abs, changes)) / (len(days) - lag)

    return difference(WEEK) < WEEKLY * sum(map(difference, range(1, WEEK))) / (WEEK - 1)


def _is_unusual(days: Sequence[float], *, is_weekly: bool) -> bool:
    """Whether the last day consumed far more than usual. It takes three days to know what is usual."""
    last, *earlier = days[: WEEK + 1]
    usual = earlier[-1:] if is_weekly else earlier[: WEEK - 1]
    return len(earlier) > 1 and last > UNUSUAL * median(usual)


def _goes_on(curve: Curve, left: float, pace: float) -> bool:
    """Whether the use of an unusual day is likely to go on until the end."""
    lasts, consumed = max(pace, _lasts(curve, left, HOUR)), curve.consumed(DAY)
    return any(lasts < within and consumed > times * left for within, times in BURSTS)


def _is_paused(curve: Curve) -> bool:
    """Whether the last three hours consumed less than half of what three hours of the last day did."""
    return curve.consumed(3 * HOUR) < curve.consumed(DAY) / 16


def _days(curve: Curve) -> Sequence[float]:
    """Return what was consumed in each of the last days, up to two weeks, the last day first."""
    days = min(2 * WEEK, int((curve.now - curve.begins_at) / DAY))
    amounts = [curve.amount_at(curve.now - number * DAY) for number in range(days + 1)]
    return [later - earlier for later, earlier in pairwise(amounts)]


def _end(now: float, lasts: float) -> float | None:
    return now + lasts if isfinite(lasts) and lasts <= HORIZON else None
