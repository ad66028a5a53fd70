"""Measures whether the rules warn in time: see docs/warning.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.warning import commands
from benchmarks.warning.scoring.detectors import RULES


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    whole = argparse.ArgumentParser(prog="python -m benchmarks.warning", description=__doc__)
    group = whole.add_subparsers(required=True, metavar="COMMAND")
    simulate, score, show, verify, check = (_command(group, name) for name in ("simulate", "score", "show", "verify", "check"))
    simulate.add_argument("data", type=Path, help="the folder to write, such as .warning/seed-1")
    simulate.add_argument("--accounts", type=int, default=1020)
    simulate.add_argument("--days", type=int, default=30)
    simulate.add_argument("--seed", type=int, default=1)
    simulate.add_argument("--held-out", action="store_true", help="the kinds on which no rule was designed, instead of the others")
    simulate.add_argument("--only", help="kinds, separated by semicolons")
    score.add_argument("data", type=Path, nargs="+", help="folders that `simulate` wrote")
    score.add_argument("--batches", type=int, help="only the first so many batches of each folder")
    score.add_argument("--examples", type=int, default=3, help="single cases of each kind that are listed (default: %(default)s)")
    score.add_argument("--publish", metavar="TITLE", help="also write the figures under a title for docs/warning.md; then run `make docs`")
    show.add_argument("data", type=Path)
    show.add_argument("account", help="such as a1-0022")
    show.add_argument("since", help="such as 3d12:00")
    show.add_argument("hours", type=int)
    verify.add_argument("data", type=Path)
    verify.add_argument("--accounts", type=int, default=34)
    verify.add_argument("--days", type=int, default=3)
    for command in (score, show, verify):
        command.add_argument("--rules", type=Path, default=RULES, help="a folder with recording.yaml and alerts.yaml")
        command.add_argument("--extra", type=Path, nargs="*", default=[], help="further rule files with `horizon_hours`")
    for command in (simulate, score):
        command.add_argument("--jobs", type=int, default=2, help="processes (default: %(default)s)")
    check.add_argument("--write", action="store_true", help="record the figures")
    return whole


def _command(group: argparse._SubParsersAction[argparse.ArgumentParser], name: str) -> argparse.ArgumentParser:
    run = getattr(commands, f"{name}_command")
    command = group.add_parser(name, help=run.__doc__, description=run.__doc__)
    command.set_defaults(run=run)
    return command


if __name__ == "__main__":
    options = parser().parse_args()
    sys.exit(options.run(options))
