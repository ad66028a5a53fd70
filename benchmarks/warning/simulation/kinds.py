"""The kinds of accounts: each line draws the specification of one account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.warning.grid import DAY, HOUR
from benchmarks.warning.simulation.calendar import Profile
from benchmarks.warning.simulation.profiles import (
    ANY,
    campaigns,
    decay,
    diurnal,
    evening_show,
    growth,
    idle_start,
    lumpy,
    night_batch,
    office,
    runaway,
    steady,
    weekly,
)
from benchmarks.warning.simulation.spec import Kind, Policy, Spec, pick


def wallet(rng: np.random.Generator, profile: Profile, policy: Policy, days: tuple[float, float] = (2.5, 9), **more: Any) -> Spec:
    """Return a balance whose top-ups last for so many days of average use."""
    return Spec(profile, "wallet", policy, lasts=rng.uniform(*days), **more)


def month(rng: np.random.Generator, profile: Profile, share: tuple[float, float], **more: Any) -> Spec:
    """Return a quota of which a period of average use takes this share; the reset falls anywhere in the 30 days."""
    return Spec(profile, "quota", share=rng.uniform(*share), **more)


def low(rng: np.random.Generator) -> Spec:
    """Return an account that is low, and stays so for months."""
    return wallet(rng, steady, "never", (60, 200)) if rng.random() < 0.5 else month(rng, steady, (0.005, 0.02), rests=True)


KINDS: dict[str, Kind] = {
    "wallet steady, late top-up": lambda r: wallet(r, pick(r, steady, diurnal), "late"),
    "wallet steady, prudent": lambda r: wallet(r, pick(r, steady, diurnal), "prudent"),
    "wallet office hours, late": lambda r: wallet(r, office, "late"),
    "wallet office hours, prudent": lambda r: wallet(r, office, "prudent"),
    "wallet evening shows, late": lambda r: wallet(r, evening_show, "late"),
    "wallet evening shows, prudent": lambda r: wallet(r, evening_show, "prudent"),
    "wallet weekly pattern": lambda r: wallet(r, weekly, pick(r, "late", "prudent")),
    "wallet growth": lambda r: wallet(r, growth, "late"),
    "wallet idle, then starts": lambda r: wallet(r, idle_start, "late", (0.5, 6)),
    "wallet night batch": lambda r: wallet(r, night_batch, pick(r, "late", "prudent")),
    "wallet lumpy jobs": lambda r: wallet(r, lumpy, pick(r, "late", "prudent")),
    "wallet runaway job": lambda r: wallet(r, runaway, "late", (8, 30)),
    "wallet decaying use": lambda r: wallet(r, decay, "prudent", (8, 26)),
    "wallet campaigns": lambda r: wallet(r, campaigns, pick(r, "late", "prudent"), (1, 6)),
    "auto reload works": lambda r: wallet(r, pick(r, *ANY), "never", (1, 5), reload="works"),
    "auto reload fails": lambda r: wallet(r, pick(r, steady, diurnal, office, evening_show), "late", (1, 5), reload="fails"),
    "auto reload off": lambda r: wallet(r, pick(r, steady, diurnal, office), "late", (2, 8), reload="off"),
    "month fits, steady": lambda r: month(r, pick(r, steady, diurnal), (0.55, 0.94)),
    "month fits, office or shows": lambda r: month(r, pick(r, office, evening_show, weekly), (0.55, 0.94)),
    "month too short, steady": lambda r: month(r, pick(r, steady, diurnal), (1.08, 2)),
    "month too short, office or shows": lambda r: month(r, pick(r, office, evening_show, weekly), (1.08, 2)),
    "month with overage": lambda r: month(r, pick(r, *ANY), (0.9, 1.6), overage=r.uniform(0.1, 0.5)),
    "daily quota": lambda r: month(r, pick(r, steady, diurnal, lumpy), (0.4, 1.2), period=1),
    "plan change": lambda r: month(r, pick(r, steady, diurnal, office), (1.2, 2), plan_changes=True),
    "unlimited": lambda r: month(r, pick(r, *ANY), (0.8, 2), unlimited=True),
    "tiny edits and full slots": lambda r: month(r, lumpy, (0.3, 1.5), tiny=True),
    "postpaid below zero": lambda r: wallet(r, pick(r, steady, diurnal), "never", (-20, -1), stops=False),
    "vendor updates hourly": lambda r: wallet(r, pick(r, steady, diurnal, office), "late", update_every=HOUR),
    "vendor updates every 6 h or 24 h": lambda r: wallet(r, pick(r, steady, diurnal), "late", update_every=pick(r, 6 * HOUR, DAY)),
    "wallet with refunds": lambda r: wallet(r, pick(r, steady, diurnal, lumpy), "late", refunds=True),
    "spending cap": lambda r: replace(month(r, pick(r, steady, diurnal, office), (0.6, 1.6)), form="spend"),
    "polls fail often": lambda r: wallet(r, pick(r, steady, diurnal), "late", outages=5.0),
    "empty pool beside": lambda r: wallet(r, pick(r, steady, diurnal), "late", empty_pool=True),
    "rests low": low,
}
