"""One simulated account: its amounts, what people and the vendor will do, and when its polls fail."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.warning.grid import DAY, TAIL, Floats
from benchmarks.warning.simulation.calendar import Calendar
from benchmarks.warning.simulation.further_kinds import ALL
from benchmarks.warning.simulation.outages import Outage, outages_of
from benchmarks.warning.simulation.spec import Spec, pick

NEVER = 10**9


@dataclass(frozen=True)
class Account:
    """What is true of one account. Amounts are in units; a quantum is what the vendor rounds to."""

    name: str
    kind: str
    spec: Spec
    provider: str
    resource: str
    unit: str
    quantum: float
    demand: Floats
    """What users want at each step, `spec.follows` aside."""
    per_day: float
    start: float = 0.0
    """wallet: what is left at the start. Others: what is used."""
    limit: float = 0.0
    overage: float = 0.0
    resets: tuple[int, ...] = ()
    reload: tuple[float, float] | None = None
    """Threshold and amount."""
    reload_fails_from: int = NEVER
    topup: float = 0.0
    prudent_below: float = 0.0
    refunds: dict[int, float] = field(default_factory=dict)
    plans: dict[int, float] = field(default_factory=dict)
    """The new limit, by step."""
    refuses_polls: bool = False
    """Whether the vendor answers 402 while nothing is left."""
    thresholds: dict[str, dict[str, float | str]] = field(default_factory=dict)
    """As in a configuration file."""
    extra: tuple[tuple[str, str, int, int], ...] = ()
    """Resources that never change: resource, unit, used and limit; without limit it has 0 left."""
    outages: tuple[Outage, ...] = ()

    @property
    def reload_on(self) -> bool:
        """Whether the vendor tops up by itself."""
        return self.reload is not None and self.spec.reload != "off"


@dataclass(frozen=True)
class Draw:
    """The random numbers of one account, and how long it is simulated."""

    rng: np.random.Generator
    days: int
    seed: int

    @property
    def steps(self) -> int:
        """The number of steps of the truth."""
        return self.days * DAY + TAIL + 1


def build(index: int, kind: str, seed: int, days: int) -> Account:
    """Return account number `index`, of this kind."""
    draw = Draw(np.random.default_rng([seed, index]), days, seed)
    spec = ALL[kind](draw.rng)
    shape = spec.profile(Calendar(draw.rng, draw.steps))
    account = _sized(f"a{seed}-{index:04}", kind, spec, shape, draw.rng)
    account = _wallet(account, draw) if spec.form == "wallet" else _quota(account, draw)
    account = _with_beside(_with_habits(account, draw), draw.rng)
    return replace(account, outages=outages_of(account.provider, spec, draw.rng, draw.steps, seed))


def _sized(name: str, kind: str, spec: Spec, shape: Floats, rng: np.random.Generator) -> Account:
    if spec.tiny:
        per_day = rng.uniform(0.1, 1.2)
        edits = np.diff(np.floor(np.cumsum(shape * per_day)), prepend=0.0)  # an edit is one or none
        return Account(name, kind, spec, "elevenlabs", "voice_add_edits", "edits", 1.0, edits, per_day)
    if spec.form == "quota":
        provider, resource, unit, quantum, size = "elevenlabs", "characters", "characters", 1.0, rng.lognormal(9, 1.2)
    elif spec.form == "spend":
        provider, resource, unit, quantum, size = "heygen", "spend", "usd", 0.01, rng.lognormal(3, 1)
    elif rng.random() < 0.6 or spec.reload != "none":
        provider, resource, unit, quantum, size = "heygen", "wallet", "usd", 0.01, rng.lognormal(3, 1)
    else:
        provider, resource, unit, quantum, size = "liveavatar", "credits", "credits", 1.0, rng.lognormal(6, 1)
    return Account(name, kind, spec, provider, resource, unit, quantum, shape * size, size)


def _wallet(account: Account, draw: Draw) -> Account:
    rng, per_day, lasts = draw.rng, account.per_day, account.spec.lasts
    topup = max(per_day * lasts, account.quantum * 10) if lasts > 0 else per_day
    start = topup * rng.uniform(0.3, 1.2) if lasts > 0 else per_day * lasts
    account = replace(account, topup=float(np.ceil(topup)), start=round(start, 2), prudent_below=per_day * rng.uniform(1.5, 4))
    if account.spec.reload == "none":
        return account
    amounts = float(np.ceil(per_day * rng.uniform(0.15, 1.5))), float(np.ceil(per_day * rng.uniform(0.7, 6)))
    fails_from = int(rng.uniform(3, 24) * DAY) if account.spec.reload == "fails" else NEVER
    return replace(account, reload=amounts, reload_fails_from=fails_from)


def _quota(account: Account, draw: Draw) -> Account:
    rng, per_day, spec = draw.rng, account.per_day, account.spec
    limit, length = float(np.ceil(per_day * spec.period / spec.share)), spec.period * DAY
    first = int(rng.uniform(0.05, 1) * length)
    used = float(round(per_day * spec.period * (1 - first / length) ** spec.back_loaded * rng.uniform(0.9, 1.1)))
    since = ((np.arange(draw.steps) - first) % length) / length
    demand = account.demand * spec.back_loaded * since ** (spec.back_loaded - 1)
    resets = tuple(range(first, draw.steps + length, length))  # the vendor always reports the next one
    if spec.rests:
        used, resets = float(round(limit * rng.uniform(0.92, 0.985))), ()
    start, overage = min(limit * 0.999, used), float(np.ceil(limit * spec.overage))
    account = replace(account, demand=demand, limit=limit, start=start, resets=resets, overage=overage)
    if not spec.plan_changes:
        return account
    at = int(rng.uniform(3, max(4, draw.days - 3)) * DAY)
    return replace(account, plans={at: float(np.ceil(limit * rng.uniform(1.3, 2.5)))})


def _with_habits(account: Account, draw: Draw) -> Account:
    rng, per_day, spec = draw.rng, account.per_day, account.spec
    refunds: dict[int, float] = {}
    if spec.refunds:
        digits = 2 if account.quantum < 1 else 0
        refunds = {int(at): round(per_day * rng.uniform(0.01, 0.3), digits) for at in rng.integers(DAY, draw.steps, 15)}
    stops = spec.stops and not spec.unlimited
    thresholds: dict[str, dict[str, float | str]] = {}
    if stops and not spec.tiny and rng.random() < 0.3:
        if spec.form == "wallet":
            thresholds = {account.resource: {"warning": max(1, round(per_day * 2)), "critical": max(1, round(per_day * 0.7))}}
        elif spec.form == "quota":
            thresholds = {"*": {"warning": "20%", "critical": "5%"}}
    refuses = spec.form == "wallet" and stops and rng.random() < 0.1
    return replace(account, refunds=refunds, thresholds=thresholds, refuses_polls=refuses)


def _with_beside(account: Account, rng: np.random.Generator) -> Account:
    extra: tuple[tuple[str, str, int, int], ...] = ()
    if account.spec.tiny:
        extra = (("voice_slots", "slots", *pick(rng, (30, 30), (0, 10), (3, 3))),)
    elif account.provider == "elevenlabs" and rng.random() < 0.2:
        extra = (("voice_slots", "slots", 10, 10),)
    elif account.spec.empty_pool:
        extra = (("add_on_credits", account.unit, 0, -1),)
    return replace(account, extra=extra)
