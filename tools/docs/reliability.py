"""Writes docs/reliability.md: the drills, and what every drill checks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.drills import process_table
from tests.drills.table import DRILLS
from tools.markdown import table

SOAK: Mapping[str, str] = {
    "run": "30 minutes, 500 accounts with an interval of 10 s, random faults on about 30 % of them, 73 reloads, persistence enabled; two CPUs shared with test suites",
    "polls": "73,698, of which 14,386 failed because of the injected faults",
    "wrong, stale or missing values; decreased counters": "0",
    "memory (RSS) after 2 minutes / maximum": "103 MiB / 134 MiB",
    "file descriptors after 2 minutes / at the end / maximum": "19 / 16 / 194",
    "threads": "9 at all times",
    "scrapes": "337; median 0.27 s, maximum 7.9 s while test suites used the same CPUs; 0.14 s and 0.44 s in ten minutes without test suites",
}
"""Measurements of a long run."""

RELIABILITY = """\
<!-- Written by `make docs` from tests/drills; do not edit. -->

# Reliability

A drill injects one fault into one account, while the daemon polls it over real sockets. Three other accounts, one at each vendor, work
normally and are polled at the same time. `/metrics` is scraped during the whole drill. Then the fault is removed. The last drills in the
table start whole processes. `make drills` runs all drills, and so does CI.

## What every network drill checks

- No wrong number is exported: every value of the faulty account was sent by its vendor in a valid response.
- The median scrape takes at most 50 times as long as the median scrape without the fault in the same run.
- No scrape uses more than 200 times the CPU time of that median scrape in the event loop.
- Exactly the reason in the table is counted. If the poll succeeds, no reason is counted.
- The other accounts stay up with their values, and their polls are at most two intervals apart.
- The faulty account is polled no earlier than its interval or the vendor's `Retry-After` allows.
- The memory of the process grows by less than 20 MiB, and the process keeps no connection, file or task.
- After the fault is removed, the account is up and its value is the vendor's new value. One log line reports the failure, and one the
  recovery.

Further tests send arbitrary bytes and arbitrary JSON with any status. They never crash the process or break a page.

## Drills

{drills}

## Soak

{soak}
"""


def reliability(_path: Path) -> str:
    """The page about the drills, from the drills themselves."""
    rows = ((drill.name, drill.fault, drill.outcome) for drill in (*DRILLS, *process_table.DRILLS))
    return RELIABILITY.format(drills=table(("drill", "fault", "result"), rows), soak=table(("measurement", "value"), SOAK.items()))
