"""The vendor's answers: the truth in whole quanta, as of its last update."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

import numpy as np

from benchmarks.warning.grid import STEP, Floats
from benchmarks.warning.simulation.account import Account
from benchmarks.warning.simulation.history import EMPTY, History
from exporter.model import AutoReload, Quota, Reading


class Vendor:
    """Answers the polls of one account. What is left is rounded down, what is used is rounded up."""

    def __init__(self, account: Account, history: History) -> None:
        self._account = account
        self._left = np.floor(history.remaining / account.quantum + 1e-6).astype(int).tolist()
        self._used = np.ceil(history.used / account.quantum - 1e-6).astype(int).tolist()
        self._limits = np.ceil(history.limits / account.quantum - 1e-6).astype(int).tolist()
        self._is_empty = (history.remaining <= EMPTY).tolist()
        self._resets = _next_resets(account)
        self._overage = self._amount(round(account.overage / account.quantum)) if account.overage else None
        self._beside = tuple(_beside(*each) for each in account.extra)
        self._features = {"auto_reload": account.reload_on} if account.reload else {}
        self._reload = self._auto_reload()
        self.reading = lru_cache(maxsize=2)(self._reading)
        """The answer as of the vendor's update at a step."""

    def refuses(self, step: int) -> bool:
        """Whether a poll is refused because nothing is left."""
        return self._account.refuses_polls and bool(self._is_empty[step])

    def updated_at(self, step: int) -> int:
        """Return the step of the last update of the vendor's figures."""
        return step - step % self._account.spec.update_every

    def _reading(self, step: int) -> Reading:
        return Reading((self._quota(step), *self._beside), features=self._features, auto_reload=self._reload)

    def _quota(self, step: int) -> Quota:
        account = self._account
        if account.spec.form == "wallet":
            return Quota(account.resource, account.unit, self._amount(self._left[step]))
        limit, used = self._amount(self._limits[step]), self._amount(self._used[step])
        unlimited, resets_at = account.spec.unlimited, self._resets[step]
        return Quota(account.resource, account.unit, limit - used, used, limit, self._overage, unlimited, resets_at)

    def _auto_reload(self) -> AutoReload | None:
        if self._account.reload is None:
            return None
        threshold, amount = (self._amount(round(each / self._account.quantum)) for each in self._account.reload)
        return AutoReload(self._account.unit, threshold, amount)

    def _amount(self, quanta: int) -> Decimal:
        return Decimal(quanta) if self._account.quantum == 1.0 else Decimal(quanta).scaleb(-2)


def _next_resets(account: Account) -> list[float | None]:
    following = np.searchsorted(account.resets, np.arange(len(account.demand)), side="right").tolist()
    times = [float(each * STEP) for each in account.resets]
    return [times[index] if index < len(times) else None for index in following]


def _beside(resource: str, unit: str, used: int, limit: int) -> Quota:
    if limit < 0:
        return Quota(resource, unit, remaining=Decimal(0))
    return Quota(resource, unit, Decimal(limit - used), Decimal(used), Decimal(limit))


def running_total(values: Floats) -> Floats:
    """Return the sum before each step; one value more than there are steps."""
    return np.concatenate([[0.0], np.cumsum(values)])
