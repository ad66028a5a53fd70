"""A batch: the accounts of one exporter with their truth and their samples, and its file."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.warning.grid import Ints, Series
from benchmarks.warning.simulation.account import Account, build
from benchmarks.warning.simulation.history import History, live
from benchmarks.warning.simulation.outages import Downtime
from benchmarks.warning.simulation.polls import Exporter


@dataclass(frozen=True)
class Known:
    """One account, what happened to it, and what polls could see of it."""

    account: Account
    history: History
    seen: Ints
    """At each step, the step of the newest figures that an exporter had polled; -1 before."""


@dataclass(frozen=True)
class Batch:
    """The accounts of one exporter, or of two that poll some of them both."""

    days: int
    accounts: tuple[Known, ...]
    series: Series


@dataclass(frozen=True)
class Plan:
    """What is simulated."""

    days: int
    seed: int
    kinds: tuple[str, ...]
    """They take turns."""
    accounts: int
    batch: int = 34
    """Accounts of one exporter."""

    @property
    def numbers(self) -> range:
        """The numbers of the batches."""
        return range(-(-self.accounts // self.batch))


def simulate(plan: Plan, number: int) -> Batch:
    """Return one batch."""
    indices = range(number * plan.batch, min((number + 1) * plan.batch, plan.accounts))
    pairs = []
    for index in indices:
        account = build(index, plan.kinds[index % len(plan.kinds)], plan.seed, plan.days)
        pairs.append((account, live(account, np.random.default_rng([plan.seed, index, 1]))))
    exporters = [_exporter(plan, number, twin, [pair for pair in pairs if pair[0].spec.exporters > twin]) for twin in (0, 1)]
    series: Series = {}
    for exporter in exporters:
        if exporter.accounts:
            series |= exporter.run()
    return Batch(plan.days, tuple(Known(account, history, _seen(account, exporters)) for account, history in pairs), series)


def _exporter(plan: Plan, number: int, twin: int, accounts: Sequence[tuple[Account, History]]) -> Exporter:
    """`twin` is 1 for the second exporter, which polls only a part of the accounts."""
    instance, rng = f"exporter-{number:03}{'ab'[twin]}:9893", np.random.default_rng([plan.seed, number, twin, 2])
    return Exporter(instance, Downtime(plan.seed, number + 1000 * twin, plan.days), accounts, plan.days, rng)


def _seen(account: Account, exporters: Sequence[Exporter]) -> Ints:
    rows = [polled.seen for exporter in exporters for polled in exporter.accounts if polled.account is account]
    newest: Ints = np.max(rows, axis=0)
    return newest


def write(batch: Batch, folder: Path, number: int) -> None:
    """Write a batch to its file."""
    with (folder / f"batch-{number:03}.pickle").open("wb") as file:
        pickle.dump(batch, file, protocol=5)


def read(path: Path) -> Batch:
    """Read a batch that this module wrote."""
    with path.open("rb") as file:
        batch: Batch = pickle.load(file)  # noqa: S301 -- our own file
    return batch
