"""The truth: demand is served while something is left; people and vendors fill it up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.warning.grid import DAY, HOUR, Floats
from benchmarks.warning.simulation.account import NEVER, Account

EMPTY = 1e-9
Filling = Literal["reset", "plan", "refund", "reload", "top-up"]


@dataclass(frozen=True)
class History:
    """What happened to one account, step by step."""

    remaining: Floats
    used: Floats
    limits: Floats
    consumed: Floats
    ends: tuple[int, ...]
    """The steps at which the last of it was used, overage included."""
    fillings: tuple[tuple[int, Filling, float], ...]


def wanted(account: Account, demand: float, left: float) -> float:
    """Return what users want at a step. Where use follows the balance, they want less when little is left."""
    follows = account.spec.follows
    if not follows:
        return demand
    level = min(max(left / (account.topup or account.limit), 0.02), 1.5)
    return demand * (1 - follows + follows * level)


class _Life:
    """The state of an account between two steps."""

    def __init__(self, account: Account, rng: np.random.Generator) -> None:
        self.account, self.rng = account, rng
        self.limit, self.used, self.left = account.limit, 0.0, account.start
        if account.spec.form != "wallet":
            self.used, self.left = account.start, account.limit - account.start
        self.reload_at = self.topup_at = -1
        self.looks_at = int(rng.integers(0, DAY))
        self.resets = frozenset(account.resets)
        self.ends: list[int] = []
        self.fillings: list[tuple[int, Filling, float]] = []

    def fill(self, step: int) -> None:
        """Do what fills the account up at this step, in the order of a vendor's ledger."""
        account = self.account
        if step in self.resets:
            self.fillings.append((step, "reset", self.used))
            self.used, self.left = 0.0, self.limit
        if step in account.plans:
            self._add(step, "plan", account.plans[step] - self.limit)
            self.limit = account.plans[step]
        if step in account.refunds:
            self._add(step, "refund", account.refunds[step])
            self.used = max(0.0, self.used - account.refunds[step])
        if step == self.reload_at and account.reload:
            self._add(step, "reload", account.reload[1])
        if step == self.topup_at or (account.spec.policy == "prudent" and step % DAY == self.looks_at and self._seems_low()):
            self._add(step, "top-up", account.topup)

    def use(self, step: int, demand: float) -> float:
        """Serve the demand of this step and return what was consumed."""
        account, before = self.account, self.left + self.account.overage
        stops = account.spec.stops and not account.spec.unlimited
        want = wanted(account, demand, self.left)
        taken = min(want, max(0.0, before)) if stops else want
        self.left -= taken
        self.used += taken
        if account.reload and account.reload_on and self.left < account.reload[0] and step < account.reload_fails_from:
            self.reload_at = max(self.reload_at, step + 1)
        if stops and before > EMPTY >= self.left + account.overage:
            self.ends.append(step)
            self.topup_at = step + int(self.rng.uniform(1, 14) * HOUR) if account.spec.policy != "never" else NEVER
        return taken

    def _add(self, step: int, why: Filling, amount: float) -> None:
        self.fillings.append((step, why, amount))
        self.left += amount

    def _seems_low(self) -> bool:
        return self.left < self.account.prudent_below and self.rng.random() < 0.8


def live(account: Account, rng: np.random.Generator) -> History:
    """Return what happens to the account."""
    steps = len(account.demand)
    remaining, used, limits, consumed = (np.empty(steps) for _ in range(4))
    life = _Life(account, rng)
    for step, demand in enumerate(account.demand.tolist()):
        life.fill(step)
        consumed[step] = life.use(step, demand)
        remaining[step], used[step], limits[step] = life.left, life.used, life.limit
    return History(remaining, used, limits, consumed, tuple(life.ends), tuple(life.fillings))
