"""Measures whether the rules warn in time: `python -m benchmarks.warning COMMAND`.

simulate DATA        write accounts with a known truth, and what Prometheus scrapes of them
score DATA           evaluate the rules and the baselines over them, and print the tables
show DATA ACCOUNT    one account by the hour
verify DATA          compare the rule manager of this package with promtool's
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from benchmarks.warning.batch import Plan, read, simulate, write
from benchmarks.warning.detectors import BASELINES, RULES, Rules, load
from benchmarks.warning.figures import figures_of
from benchmarks.warning.grid import step_at
from benchmarks.warning.kinds import KINDS
from benchmarks.warning.report import report
from benchmarks.warning.scores import Scores, score
from benchmarks.warning.show import show
from benchmarks.warning.verify import verify


def files_of(folder: Path) -> list[Path]:
    """Return the files of all batches."""
    return sorted(folder.glob("batch-*.pickle"))


def simulate_command(arguments: argparse.Namespace) -> int:
    """Write all batches, and say how many ends they have."""
    folder: Path = arguments.data
    folder.mkdir(parents=True, exist_ok=True)
    for old in files_of(folder):
        old.unlink()
    kinds = tuple(name for name in KINDS if not arguments.only or name in arguments.only.split(";"))
    plan = Plan(arguments.days, arguments.seed, kinds, arguments.accounts)
    begun = time.monotonic()
    with Pool(arguments.jobs) as pool:
        ends = sum(pool.imap_unordered(partial(_simulate, plan, folder), plan.numbers))
    print(f"{plan.accounts} accounts, {plan.days} days, {ends} ends: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return 0


def _simulate(plan: Plan, folder: Path, number: int) -> int:
    batch = simulate(plan, number)
    write(batch, folder, number)
    return sum(len(known.history.ends) for known in batch.accounts)


def score_command(arguments: argparse.Namespace) -> int:
    """Print the report, and write the figures as JSON."""
    rules, begun = _rules(arguments), time.monotonic()
    scores = Scores()
    with Pool(arguments.jobs) as pool:
        for each in pool.imap(partial(_score, rules), files_of(arguments.data)[: arguments.batches]):
            scores += each
    print(f"evaluated in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    print("\n".join(report(scores, rules, arguments.examples)))
    if arguments.json:
        numbers = {name: figures.as_numbers() for name, figures in figures_of(scores, rules).items()}
        arguments.json.write_text(f"{json.dumps(numbers, indent=1)}\n")
    return 0


def _score(rules: Rules, path: Path) -> Scores:
    return score(read(path), rules)


def show_command(arguments: argparse.Namespace) -> int:
    """Print one account by the hour."""
    for batch in map(read, files_of(arguments.data)):
        for known in batch.accounts:
            if known.account.name == arguments.account:
                print("\n".join(show(batch, known, _rules(arguments), step_at(arguments.since), arguments.hours)))
                return 0
    print(f"no account {arguments.account}", file=sys.stderr)
    return 1


def verify_command(arguments: argparse.Namespace) -> int:
    """Print the differences to promtool in the first batch."""
    differences = list(verify(read(files_of(arguments.data)[0]), _rules(arguments), arguments.days))
    print("\n".join(differences) or "no difference")
    return int(bool(differences))


def _rules(arguments: argparse.Namespace) -> Rules:
    return load(arguments.rules, (BASELINES, *arguments.extra))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run in (("simulate", simulate_command), ("score", score_command), ("show", show_command), ("verify", verify_command)):
        command = commands.add_parser(name, help=run.__doc__)
        command.set_defaults(run=run)
        command.add_argument("data", type=Path, help="the folder of the batches")
        command.add_argument("--jobs", type=int, default=2, help="processes (default: %(default)s)")
        if name == "simulate":
            command.add_argument("--accounts", type=int, default=1020)
            command.add_argument("--days", type=int, default=30)
            command.add_argument("--seed", type=int, default=1)
            command.add_argument("--only", help="kinds, separated by semicolons")
            continue
        command.add_argument("--rules", type=Path, default=RULES, help="a folder with recording.yaml and alerts.yaml")
        command.add_argument("--extra", type=Path, nargs="*", default=[], help="further rule files")
        if name == "score":
            command.add_argument("--batches", type=int, help="only the first so many")
            command.add_argument("--examples", type=int, default=3, help="single cases of each kind that are listed")
            command.add_argument("--json", type=Path, help="also write the figures to a file")
        elif name == "show":
            command.add_argument("account")
            command.add_argument("since", help="such as 3d12:00")
            command.add_argument("hours", type=int)
        else:
            command.add_argument("--days", type=int, default=3)
    return parser


if __name__ == "__main__":
    options = _parser().parse_args()
    sys.exit(options.run(options))
