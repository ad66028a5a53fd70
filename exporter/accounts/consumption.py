"""Observed consumption: what was consumed and replenished between consecutive readings of a resource. Exact and pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import isfinite
from typing import ClassVar, Final, NamedTuple

from pydantic import ConfigDict

from exporter.accounts.history import DAY, EMPTY, MAX_SPANS, Curve, History
from exporter.model import EXACT, STORED, Amount, Quota

JITTER: Final = 60.0
"""Vendors compute the end of the period for every response: a smaller move is not a reset."""
MIN_READINGS: Final = 3
MAX_IDLE: Final = 32
"""Units come from vendors: one that sends another unit every time must not fill the memory."""

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Consumption:
    """The counters of one resource in one unit. Its times are on the clock of the polls, except `resets_at`, which is the vendor's."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED
    resource: str
    unit: str
    since: float
    """When the counters started."""
    at: float
    """When the last reading of the resource ended."""
    consumed: Amount = _ZERO
    replenished: Amount = _ZERO
    used: Amount | None = None
    """This and the next three are from the last reading."""
    remaining: Amount | None = None
    limit: Amount | None = None
    resets_at: float | None = None
    readings: int = 0
    """Number of consecutive readings that could each be compared with the previous one."""
    history: History = EMPTY
    """What was consumed when; empty until two consecutive readings could be compared."""

    @property
    def has_reading(self) -> bool:
        """Whether the next reading can be compared with one."""
        return self.used is not None or self.remaining is not None

    def shifted(self, seconds: float) -> Consumption:
        """Return the same with its times moved."""
        return replace(self, since=self.since + seconds, at=self.at + seconds, history=self.history.shifted(seconds))

    def continuing(self, earlier: Consumption) -> Consumption:
        """Return the same with the history of an earlier process before its own. Its counters stay: they started at 0."""
        if earlier.at >= self.since:
            return self
        past, own = earlier.history, self.history
        amounts = [min(0.0, amount - float(earlier.consumed)) for amount in past.amounts]
        history = History(
            array("d", (*past.times, *own.times)), array("d", (*amounts, *own.amounts)), (*past.empty, *own.empty)[-MAX_SPANS:]
        )
        return replace(self, history=history)

    def without_future(self, now: float) -> Consumption:
        """Return only the counters where the last reading lies in the future: the clock was wrong when it was stored."""
        return replace(without_reading(self), since=min(self.since, now), at=now) if self.at > now else self


class Burn(NamedTuple):
    """The average rate of consumption."""

    rate: float
    """Units a second."""
    seconds: float
    """Length of the window."""


def update_consumption(known: Iterable[Consumption], quotas: Sequence[Quota], at: float, wall: float) -> tuple[Consumption, ...]:
    """Count one reading: `at` is when it ended on the clock of the polls, `wall` the same time on the wall clock.

    The counters of a resource that is missing from the reading stay. If it came in a unit in which it was not known before, its last
    readings in other units are forgotten; a unit that is missing beside known ones continues when it comes back.
    """
    measured: dict[tuple[str, str], Quota] = {}
    for quota in quotas:
        if quota.used is not None or quota.remaining is not None:
            measured.setdefault((quota.resource, quota.unit), quota)
    kept = {(each.resource, each.unit): each for each in known}
    if idle := [key for key in kept if key not in measured]:
        units = {(quota.resource, quota.unit) for quota in quotas}
        changed = {key[0] for key in units if key not in kept or not kept[key].has_reading}
        for key in idle:
            if key[0] in changed and key not in units:
                kept[key] = without_reading(kept[key])
        for key in sorted(idle, key=lambda key: kept[key].at)[:-MAX_IDLE]:
            del kept[key]
    for key, quota in measured.items():
        kept[key] = _updated(kept.get(key) or Consumption(*key, since=at, at=at), quota, at, wall)
    return tuple(kept.values())


def burn(known: Consumption) -> Burn | None:
    """Return the rate over the last day, as of the last reading; None until three consecutive readings allow one."""
    if known.readings < MIN_READINGS or not known.history.times:
        return None
    seconds = min(DAY, known.at - known.history.times[0])
    if seconds <= 0:
        return None
    rate = Curve(known.history, known.at, float(known.consumed)).consumed(seconds) / seconds
    return Burn(rate, seconds) if isfinite(rate) else None


def without_reading(known: Consumption) -> Consumption:
    """Return only the counters: the next reading cannot be compared with the last one."""
    return replace(known, used=None, remaining=None, limit=None, resets_at=None, readings=0, history=EMPTY)


def _updated(known: Consumption, quota: Quota, at: float, wall: float) -> Consumption:
    counted = _counted(known, quota, at, wall)
    if counted is None:
        known = without_reading(known)
    consumed, replenished = counted or (known.consumed, known.replenished)
    return Consumption(
        known.resource, known.unit, since=min(known.since, at), at=at, consumed=consumed, replenished=replenished,
        used=quota.used, remaining=quota.remaining, limit=quota.limit, resets_at=quota.resets_at,
        readings=known.readings + 1, history=known.history.updated(at, float(consumed), empty_since=_empty_since(known, quota)),
    )  # fmt: skip


def _counted(known: Consumption, quota: Quota, at: float, wall: float) -> tuple[Decimal, Decimal] | None:
    """Return the counters after a reading; they stop before they exceed every double. None where it cannot be compared with the last."""
    if (known.used, known.remaining, known.limit) == (quota.used, quota.remaining, quota.limit):
        return known.consumed, known.replenished  # the most frequent case
    consumed = _consumed(known, quota, at, wall)
    if consumed is None:
        return None
    gain = max(_ZERO, EXACT.add(_gained(known, quota), consumed))
    consumed, replenished = EXACT.add(known.consumed, consumed), EXACT.add(known.replenished, gain)
    is_finite = isfinite(float(consumed)) and isfinite(float(replenished))
    return (consumed, replenished) if is_finite else (known.consumed, known.replenished)


def _consumed(known: Consumption, quota: Quota, at: float, wall: float) -> Decimal | None:
    """Return what was consumed since the last reading; None where the two have no part in common."""
    if known.used is not None and quota.used is not None:
        rise = EXACT.subtract(quota.used, known.used)
        if rise >= 0:
            return rise
        # Prometheus treats every fall of a counter as a reset: a refund of 30 from 500 would be a burn of 470.
        is_reset = EXACT.add(quota.used, quota.used) <= known.used or _is_new_period(known, quota, at, wall)
        return max(_ZERO, quota.used) if is_reset else _ZERO
    if known.remaining is not None and quota.remaining is not None:
        fall = EXACT.subtract(known.remaining, quota.remaining)
        if fall < 0 and quota.limit is not None and quota.limit >= quota.remaining and _is_new_period(known, quota, at, wall):
            return EXACT.subtract(quota.limit, quota.remaining)
        return max(_ZERO, EXACT.add(fall, min(_ZERO, _raise_of_limit(known, quota))))  # a lowered limit is not consumption
    return None


def _gained(known: Consumption, quota: Quota) -> Decimal:
    """Return by how much more is left than at the last reading."""
    if known.remaining is not None and quota.remaining is not None:
        return EXACT.subtract(quota.remaining, known.remaining)
    if known.used is None or quota.used is None:
        return _ZERO
    return EXACT.add(EXACT.subtract(known.used, quota.used), _raise_of_limit(known, quota))


def _raise_of_limit(known: Consumption, quota: Quota) -> Decimal:
    return _ZERO if known.limit is None or quota.limit is None else EXACT.subtract(quota.limit, known.limit)


def _is_new_period(known: Consumption, quota: Quota, at: float, wall: float) -> bool:
    """Whether the previous period ended since the last reading, or its end moved further than time itself did.

    Otherwise an end that stays in the past, or is always a day ahead, would make a reset of every reading.
    """
    if known.resets_at is None:
        return False
    elapsed = max(0.0, at - known.at)
    if wall - elapsed < known.resets_at <= wall:
        return True
    return quota.resets_at is not None and quota.resets_at - known.resets_at > elapsed + JITTER


def _empty_since(known: Consumption, quota: Quota) -> float | None:
    """Return the time of the previous reading if nothing was left then, overage included."""
    if known.remaining is None or EXACT.add(known.remaining, quota.overage_limit or _ZERO) > 0:
        return None
    return known.at
