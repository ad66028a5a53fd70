"""Writes docs/reliability.md: every drill, and what holds in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.drills import process_table
from tests.drills.table import DRILLS
from tools.markdown import table

SOAK: Mapping[str, str] = {
    "run": "30 minutes, 500 accounts at 10 s, random faults on about 30 % of them, 73 reloads, with a state file; two shared cores, also running test suites",
    "polls": "73,698; 14,386 failed, as many as faults were injected",
    "wrong, stale or missing numbers; counters that decreased": "0",
    "memory (RSS) after 2 minutes / highest": "103 MiB / 134 MiB",
    "file descriptors after 2 minutes / at the end / most": "19 / 16 / 194",
    "threads": "9 throughout",
    "scrapes": "337; median 0.27 s, slowest 7.9 s while full test runs took the same cores; in ten minutes without them 0.14 s and 0.44 s",
}
"""The result of a long run, by quantity."""

RELIABILITY = """\
<!-- Written by `make docs` from tests/drills; do not edit. -->

# Reliability

A drill injects one fault into one account while the daemon polls it over real sockets. Three healthy accounts, one at each
vendor, are polled at the same time, and `/metrics` is scraped throughout. Then the fault is removed. The last drills start
whole processes instead. `make drills` runs all of them, and so does CI.

## What every drill over the network asserts

- No wrong number is served. Each value of the faulty account on any page is one that its vendor sent in a good response.
- Each scrape is answered within 250 ms as the client measures it, minus the time that the process waited for a processor.
- Exactly the reason in the table is counted, and none where the poll succeeds.
- The healthy accounts stay up on every page, with their values. The time between two of their polls is at most two intervals.
- The faulty account is polled no earlier than its interval or the vendor's `Retry-After` allows.
- The memory of the process grows by less than 20 MiB at its peak. No connection, file or task is left open.
- Once the fault is removed, the account is up and has the vendor's new value. The log has one line for the first failure and
  one for the recovery.

Arbitrary bytes and arbitrary JSON, with any status, break neither the process nor a page.

## Drills

{drills}

## Soak

{soak}
"""


def reliability(_path: Path) -> str:
    """The whole document."""
    rows = ((drill.name, drill.trouble, drill.outcome) for drill in (*DRILLS, *process_table.DRILLS))
    return RELIABILITY.format(drills=table(("drill", "fault", "result"), rows), soak=table(("measured", "result"), SOAK.items()))
