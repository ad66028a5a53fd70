"""What a kind of account is made of: its use, its quota, its people and its polls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from benchmarks.warning.simulation.calendar import Profile

Form = Literal["wallet", "quota", "spend"]
Policy = Literal["late", "prudent", "never"]
Reload = Literal["none", "works", "fails", "off"]
T = TypeVar("T")


@dataclass(frozen=True)
class Spec:
    """One account of a kind, before its amounts are drawn."""

    profile: Profile
    form: Form = "wallet"
    """wallet: a balance. quota: used and limit. spend: used and limit, in money."""
    policy: Policy = "never"
    """When people top up. late: hours after the end. prudent: they look once a day."""
    lasts: float = 0.0
    """wallet: for how many days of average use a top-up lasts."""
    share: float = 0.0
    """quota: how much of the limit a period of average use takes."""
    period: int = 30
    """quota: days between resets."""
    back_loaded: float = 1.0
    """quota: what is used since a reset grows with this power of the time. 1: evenly."""
    reload: Reload = "none"
    overage: float = 0.0
    """quota: share of the limit by which usage may exceed it."""
    plan_changes: bool = False
    refunds: bool = False
    unlimited: bool = False
    stops: bool = True
    """Whether the vendor refuses use at the end. If not, the balance becomes negative."""
    tiny: bool = False
    """A quota of a few edits a month, with full slots beside it."""
    rests: bool = False
    """quota: almost used up, and never reset."""
    empty_pool: bool = False
    """wallet: a second pool beside it that was never filled."""
    follows: float = 0.0
    """Users save where little is left: at 0 demand is independent of the balance, at 1 proportional to it."""
    update_every: int = 1
    """Steps between two updates of the vendor's figures."""
    outages: float = 1.0
    """How often polls fail, as a multiple of what is usual."""
    key_fails: bool = False
    """Whether the key is rejected for hours or days."""
    interval: str = "5m"
    min_interval: str | None = None
    """If set, the interval adapts between this and `interval`."""
    exporters: int = 1
    """How many exporters poll the account."""


Kind = Callable[[np.random.Generator], Spec]


def pick(rng: np.random.Generator, *options: T) -> T:
    """Return one of the options."""
    return options[int(rng.integers(0, len(options)))]
