"""The truth of one account, asked: what could be seen before an end, and whether an alert was right."""

from __future__ import annotations

from typing import Literal

from benchmarks.warning.grid import DAY, HOUR, WEEK, Floats, steps_of
from benchmarks.warning.simulation.batch import Known
from benchmarks.warning.simulation.history import EMPTY, wanted
from benchmarks.warning.simulation.vendor import running_total

WARM_UP = 12 * HOUR
"""Ends that come sooner after the first sample say nothing about rules."""
SIGHT = 6 * HOUR
Sight = Literal["visible", "seasonal", "blind", "reload expected", "refilled since", "not visible"]


class Judge:
    """Answers questions about one account. Steps before `days` have samples; the truth continues for a week."""

    def __init__(self, known: Known, days: int) -> None:
        self.account, self.history, self._seen = known.account, known.history, known.seen
        self.steps = steps_of(days)
        self.available: Floats = known.history.remaining + known.account.overage
        self.filled = sorted(step for step, why, _ in known.history.fillings if why != "refund")
        self._consumed = running_total(known.history.consumed)
        self._demand = running_total(known.account.demand)

    @property
    def ends(self) -> list[int]:
        """The ends that count."""
        return [end for end in self.history.ends if WARM_UP <= end < self.steps]

    def last_filled(self, step: int) -> int:
        """Return when it was last filled up, refunds aside; 0 if never."""
        return max((filled for filled in self.filled if filled <= step), default=0)

    def newest(self, step: int) -> int:
        """Return the step of the newest figures that had been polled by then."""
        return int(self._seen[min(step, self.steps - 1)])

    def sight(self, end: int) -> Sight:
        """Return what could be known six hours before an end, from the figures that had been polled by then."""
        at = end - SIGHT
        seen = self.newest(at)
        if seen < 0 or at - seen > 3 * HOUR:
            return "blind"
        if self.last_filled(end) > seen:
            return "refilled since"
        left = float(self.available[seen])
        if self.account.reload and self.account.reload_on and left >= self.account.reload[0]:
            return "reload expected"
        if self._is_visible(at, seen, left):
            return "visible"
        is_usual = any(seen >= back and self._burned(seen - back, end - back) >= 0.75 * left > 0 for back in (DAY, WEEK))
        return "seasonal" if is_usual else "not visible"

    def would_end(self, step: int, within: int) -> bool:
        """Whether it ends within so many steps and before its next reset, if no person fills it up and no refund comes.

        Demand does not depend on people, so this is exact.
        """
        account = self.account
        if account.spec.unlimited or not account.spec.stops:
            return False
        left = float(self.available[step])
        if left <= EMPTY:
            return True
        last = min([step + within, len(account.demand) - 1, *(reset for reset in account.resets if reset > step)])
        if account.reload_on or account.spec.follows:
            return self._ends_stepwise(step, last, left)
        return float(self._demand[last + 1] - self._demand[step + 1]) >= left - EMPTY

    def was_empty(self, step: int) -> bool:
        """Whether the vendor's figures showed nothing left at a step or shortly before."""
        first = max(0, step - HOUR // 2 - self.account.spec.update_every)
        is_empty = bool((self.available[first : step + 1] <= self.account.quantum).any())
        return is_empty and not self.account.spec.unlimited

    def _is_visible(self, at: int, seen: int, left: float) -> bool:
        """Whether the mean burn of the last 2, 6 or 24 hours leads to an end within twelve hours and before the reset."""
        reset = min((reset - at for reset in self.account.resets if reset > at), default=12 * HOUR)
        for width in (2 * HOUR, 6 * HOUR, DAY):
            burn = self._burned(seen - width, seen) / width
            if seen >= width and burn > 0 and left / burn - (at - seen) <= min(12 * HOUR, reset):
                return True
        return False

    def _burned(self, after: int, last: int) -> float:
        return float(self._consumed[max(0, last + 1)] - self._consumed[max(0, after + 1)])

    def _ends_stepwise(self, step: int, last: int, left: float) -> bool:
        account = self.account
        threshold, amount = account.reload or (0.0, 0.0)
        comes = any(at == step + 1 and why == "reload" for at, why, _ in self.history.fillings)
        for at in range(step + 1, last + 1):
            left += amount if comes else 0.0
            left -= wanted(account, float(account.demand[at]), left)
            if left <= EMPTY:
                return True
            comes = account.reload_on and left < threshold and at < account.reload_fails_from
        return False
