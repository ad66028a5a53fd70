"""A small fixed run whose figures must not become worse: one account of each kind for two weeks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Final

import yaml

from benchmarks.warning.scoring.detectors import GROUPS, load
from benchmarks.warning.scoring.figures import exhausted, figures_of
from benchmarks.warning.scoring.scores import Scores, score
from benchmarks.warning.simulation.batch import Plan, simulate
from benchmarks.warning.simulation.further_kinds import DESIGN

PLAN: Final = Plan(days=14, seed=1414, kinds=tuple(DESIGN), accounts=len(DESIGN))
RECORDED: Final = Path(__file__).with_name("recorded.yaml")
HEAD: Final = "# The figures of the fixed run. `python -m benchmarks.warning check --write` writes them: only when they became better.\n"
TOLERANCE: Final = 0.01
"""Less than one alarm or one end."""
HIGHER_IS_BETTER: Final = frozenset({"announced", "standing", "seasonal"})
Numbers = Mapping[str, Mapping[str, float]]


def measure() -> Numbers:
    """Return the figures of the fixed run, by group of alerts."""
    scores = Scores()
    with Pool(2) as pool:
        for each in pool.imap(partial(_score, PLAN), PLAN.numbers):
            scores += each
    rules = load(further=())
    found = {name: figures.as_numbers() for name, figures in figures_of(scores, rules).items() if name in GROUPS}
    return {**found, "exhausted": {name: float(number) for name, number in exhausted(scores).items() if name in {"false", "late"}}}


def worse(measured: Numbers, recorded: Numbers) -> Iterator[str]:
    """Yield each figure that became worse, and each that is missing."""
    for group, figures in recorded.items():
        for name, former in figures.items():
            now = measured.get(group, {}).get(name)
            if now is None:
                yield f"{group}: {name} was {former:g}, and is no longer measured"
            elif (former - now if name in HIGHER_IS_BETTER else now - former) > TOLERANCE:
                yield f"{group}: {name} was {former:g}, and is {now:g}"


def read_recorded() -> Numbers:
    """Return the recorded figures."""
    recorded: Numbers = yaml.safe_load(RECORDED.read_text(encoding="utf-8"))
    return recorded


def write_recorded(measured: Numbers) -> None:
    """Record these figures."""
    RECORDED.write_text(
        HEAD + yaml.safe_dump({name: dict(figures) for name, figures in measured.items()}, sort_keys=False), encoding="utf-8"
    )


def _score(plan: Plan, number: int) -> Scores:
    return score(simulate(plan, number), load(further=()))
