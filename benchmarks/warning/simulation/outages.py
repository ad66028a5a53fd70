"""When polls fail: those of one account, those of a whole vendor, rejected keys, and exporters that are down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from benchmarks.warning.grid import DAY, HOUR
from benchmarks.warning.simulation.spec import Spec, pick
from exporter.model import Reason

LENGTHS = ((4.0, 1, 6), (0.5, HOUR, 4 * HOUR), (0.15, 6 * HOUR, 12 * HOUR))
"""Outages a month, and their length in steps: mostly minutes, sometimes hours."""


@dataclass(frozen=True)
class Outage:
    """The polls from one step to another fail for a reason."""

    first: int
    end: int
    reason: Reason


def outages_of(provider: str, spec: Spec, rng: np.random.Generator, steps: int, seed: int) -> tuple[Outage, ...]:
    """Return the outages of one account, and those of its vendor, which all its accounts share."""
    keys = _rejected_keys(rng, steps) if spec.key_fails else ()
    return (*_own(spec, rng, steps), *keys, *_of_vendor(provider, steps, seed))


def _own(spec: Spec, rng: np.random.Generator, steps: int) -> Iterator[Outage]:
    for rate, shortest, longest in LENGTHS:
        for _ in range(rng.poisson(rate * spec.outages * steps / DAY / 30)):
            at, length = int(rng.integers(0, steps)), int(rng.integers(shortest, longest + 1))
            yield Outage(at, at + length, pick(rng, Reason.TIMEOUT, Reason.CONNECTION, Reason.SERVER_ERROR))


def _rejected_keys(rng: np.random.Generator, steps: int) -> Iterator[Outage]:
    for _ in range(1 + rng.poisson(2 * steps / DAY / 30)):
        at = int(rng.integers(DAY, steps))
        yield Outage(at, at + int(rng.uniform(4, 60) * HOUR), pick(rng, Reason.UNAUTHORIZED, Reason.FORBIDDEN))


def _of_vendor(provider: str, steps: int, seed: int) -> Iterator[Outage]:
    rng = np.random.default_rng([seed, crc32(provider.encode())])
    for _ in range(2):
        at = int(rng.integers(0, steps))
        yield Outage(at, at + int(rng.integers(1, 6 * HOUR)), Reason.SERVER_ERROR)


class Downtime:
    """The steps at which one exporter does not run, and whether it keeps its state."""

    def __init__(self, seed: int, number: int, days: int) -> None:
        """`number` is the exporter's: every second one keeps its state, every third one is once down for hours."""
        rng = np.random.default_rng([seed, 10**6 + number])
        self.keeps_state = number % 2 == 0
        self.steps: set[int] = set()
        for _ in range(rng.poisson(4 * days / 30)):
            at = int(rng.integers(DAY // 2, days * DAY))
            self.steps.update(range(at, at + int(rng.integers(1, 3))))
        if number % 3 == 1:
            at = int(rng.integers(DAY, max(days, 2) * DAY))
            self.steps.update(range(at, at + int(rng.integers(HOUR, 4 * HOUR))))
