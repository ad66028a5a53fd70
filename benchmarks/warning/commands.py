"""The commands of `python -m benchmarks.warning`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from benchmarks.warning.grid import step_at
from benchmarks.warning.scoring import check
from benchmarks.warning.scoring.detectors import BASELINES, Rules, load
from benchmarks.warning.scoring.report import report
from benchmarks.warning.scoring.results import publish, result_of
from benchmarks.warning.scoring.scores import Scores, score
from benchmarks.warning.scoring.show import show
from benchmarks.warning.scoring.verify import verify
from benchmarks.warning.simulation.batch import Plan, read, simulate, write
from benchmarks.warning.simulation.further_kinds import DESIGN, HELD_OUT


def simulate_command(arguments: argparse.Namespace) -> int:
    """Write accounts with a known truth, and what Prometheus scrapes of them."""
    folder: Path = arguments.data
    folder.mkdir(parents=True, exist_ok=True)
    for old in _files(folder):
        old.unlink()
    kinds = HELD_OUT if arguments.held_out else DESIGN
    chosen = tuple(name for name in kinds if not arguments.only or name in arguments.only.split(";"))
    plan = Plan(arguments.days, arguments.seed, chosen, arguments.accounts)
    begun = time.monotonic()
    with Pool(arguments.jobs) as pool:
        ends = sum(pool.imap_unordered(partial(_simulate, plan, folder), plan.numbers))
    print(
        f"{plan.accounts} accounts of {len(chosen)} kinds, {plan.days} days, {ends} ends: {time.monotonic() - begun:.0f} s", file=sys.stderr
    )
    return 0


def score_command(arguments: argparse.Namespace) -> int:
    """Evaluate the rules and the baselines, and print the tables."""
    rules, scores, begun = _rules(arguments), Scores(), time.monotonic()
    files = [path for folder in arguments.data for path in _files(folder)[: arguments.batches]]
    with Pool(arguments.jobs) as pool:
        for each in pool.imap(partial(_score, rules), files):
            scores += each
    print(f"evaluated in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    print("\n".join(report(scores, rules, arguments.examples)))
    if arguments.publish:
        publish(arguments.publish, result_of(scores, rules))
    return 0


def show_command(arguments: argparse.Namespace) -> int:
    """Print one account by the hour: what is left, what is used, and what fires."""
    for batch in map(read, _files(arguments.data)):
        for known in batch.accounts:
            if known.account.name == arguments.account:
                return _print(show(batch, known, _rules(arguments), step_at(arguments.since), arguments.hours))
    print(f"no account {arguments.account}", file=sys.stderr)
    return 1


def verify_command(arguments: argparse.Namespace) -> int:
    """Compare the rule manager of this package with promtool's, on the first accounts."""
    differences = list(verify(read(_files(arguments.data)[0]), _rules(arguments), arguments.days, arguments.accounts))
    _print(iter(differences or ["no difference"]))
    return int(bool(differences))


def check_command(arguments: argparse.Namespace) -> int:
    """Measure a small fixed run, and compare it with the recorded figures."""
    measured = check.measure()
    if arguments.write:
        check.write_recorded(measured)
    found = list(check.worse(measured, check.read_recorded()))
    _print(iter(found or ["no figure is worse than recorded"]))
    return int(bool(found))


def _print(lines: Iterator[str]) -> int:
    for line in lines:
        print(line)
    return 0


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("batch-*.pickle"))


def _rules(arguments: argparse.Namespace) -> Rules:
    return load(arguments.rules, (BASELINES, *arguments.extra))


def _simulate(plan: Plan, folder: Path, number: int) -> int:
    batch = simulate(plan, number)
    write(batch, folder, number)
    return sum(len(known.history.ends) for known in batch.accounts)


def _score(rules: Rules, path: Path) -> Scores:
    return score(read(path), rules)
