"""Writes docs/reliability.md: what is drilled, and what every drill asserts."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.drills.table import DRILLS, Drill

SOAK: Mapping[str, str] = {
    "run": "30 minutes, 500 accounts at 10 s, random faults on about 30 % of them, 73 reloads, state on; two shared cores, busy with test suites",
    "polls": "73,698, of which 14,386 failed as their faults demand",
    "wrong, stale or forgotten numbers; counters that fell": "0",
    "memory (RSS) after 2 minutes / highest": "103 MiB / 134 MiB",
    "file descriptors after 2 minutes / at the end / most": "19 / 16 / 194",
    "threads": "9 throughout",
    "scrapes": "337; median 0.27 s, slowest 7.9 s while full test runs took the same cores; in ten minutes without them 0.14 s and 0.44 s",
}
"""What a long run showed, by what was measured; without figures the section is left out."""

RELIABILITY = """\
<!-- Written by tools/docs/reliability.py from tests/drills; do not edit. -->

# Reliability

A drill breaks one thing for one account, in the way that the table says, while the daemon's real parts poll it over real
sockets. Three healthy accounts, one at each vendor, are polled beside it, and `/metrics` is scraped all the time. Then
the fault is taken away. The last ones start whole processes instead. `make drills` runs them all, and so does CI.

## What holds in every drill on the wire

- No wrong number is served: each figure of the sick account on any page is one that its vendor sent in a good answer.
- Each scrape is answered within 250 ms by the client's watch, less the time that the process waited for a processor.
- Exactly the one reason that the table names is counted, and nothing where the poll is good.
- The healthy accounts stay up on every page, with their figures, and no two of their polls are more than two intervals apart.
- The sick account is polled no earlier than its interval or the vendor's wish allows.
- The process grows by less than 20 MiB at its peak, and keeps no connection, file or task.
- Once the fault is gone the account is up and its figure is the vendor's new one. One line of the log told that polls
  fail, and one that they recovered.

Arbitrary bytes and arbitrary JSON, at any status, cost neither the process nor a page.

## Drills

{drills}
{soak}"""

SOAK_SECTION = """
## Soak

{figures}
"""


def reliability(_path: Path) -> str:
    """Tell what was drilled, wholly from the drills themselves."""
    rows = ((drill.name, drill.fault, drill.outcome) for drill in (*DRILLS, *_process_drills()))
    soak = SOAK_SECTION.format(figures=_table(("measured", "figure"), SOAK.items())) if SOAK else ""
    return RELIABILITY.format(drills=_table(("drill", "what goes wrong", "what comes of it"), rows), soak=soak)


def _process_drills() -> tuple[Drill, ...]:
    """The drills on whole processes, where they are there."""
    try:
        module = importlib.import_module("tests.drills.process_table")
    except ModuleNotFoundError:
        return ()
    drills: tuple[Drill, ...] = module.DRILLS
    return drills


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
