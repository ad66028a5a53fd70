"""Writes docs/metrics.md: every metric family, from the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from exporter.accounts.consumption import Consumption
from exporter.accounts.entry import Entry, OptionalRequest, Schedule
from exporter.accounts.reasons import REASONS
from exporter.accounts.snapshot import account_at
from exporter.metrics.catalogue import ACCOUNT_FAMILIES, CATALOGUE, Family
from exporter.model import Reason, Seconds
from exporter.providers.library import load_definitions
from tools.docs.jobs import jobs_of
from tools.markdown import table

STALE = Entry(
    up=False, last_poll_at=1.0, last_success_at=0.0, limited_until=2.0, duration=Seconds(1.0), mismatches={"": 1},
    consumption=(Consumption("", "", since=0.0, at=0.0),), optional={"": OptionalRequest()},
)  # fmt: skip
"""An account with stale data. Families that have no series for it disappear when data is stale."""

METRICS = """\
<!-- Written by `make docs` from exporter/metrics/catalogue.py; do not edit. -->

# Metrics

A *poll* is a read of a vendor by the exporter. A *scrape* is a read of the exporter by Prometheus. Metric names contain `scrape` for the
poll, as in other exporters. An unknown value has no series; it is never exported as 0 or -1.

## Labels of every account

Every series of an account has these labels, and the further labels of its family:

| label | value |
|---|---|
| `provider` | the name of the vendor's definition |
| `account` | the `name` of the account in the configuration |
| your own labels | the `labels` of the account; if only some accounts have a label, it is empty for the others |

## Families of accounts

{accounts}

Changes of STABLE families are listed in the changelog. EXPERIMENTAL families may change in any release.

## Families about the exporter

These families have no labels `provider` and `account`, unless the table lists them.

{exporter}

## Reasons

`ai_account_scrape_errors_total` has one series for each value of `reason`. Each series starts at 0.

{reasons}

## Freshness

After a failed poll the exporter keeps the last values until they are older than `stale_after` (three intervals by default). Then the
series of these families disappear until a poll succeeds:

{figures}

All other series stay. `time() - ai_account_last_success_timestamp_seconds` is the age of the values.
`ai_account_scrape_interval_seconds` is the time between polls. Samples have no timestamps.

## Process and runtime

`process_*` (CPU, memory, open files; Linux only) and `python_*` (version, garbage collection) come from the Prometheus client library for
Python. `--web.disable-exporter-metrics` removes them.
"""


def metrics(_path: Path) -> str:
    """The metrics reference."""
    [job] = jobs_of(load_definitions(), {"provider": next(iter(load_definitions())), "name": "stale"})
    stale = account_at(1.0, job, STALE, Schedule())
    return METRICS.format(
        accounts=_families(ACCOUNT_FAMILIES),
        exporter=_families(CATALOGUE[len(ACCOUNT_FAMILIES) :]),
        reasons=table(("reason", "meaning"), ((f"`{reason}`", REASONS[reason].meaning) for reason in Reason)),
        figures="\n".join(f"- `{family.name}`" for family in ACCOUNT_FAMILIES if not any(family.samples.of(stale))),
    )


def _families(families: Iterable[Family]) -> str:
    """Name, type, labels and stability share a column, because names are long."""
    return table(("family", "meaning"), ((f"`{family.name}`<br>{', '.join(_properties(family))}", family.help) for family in families))


def _properties(family: Family) -> Iterator[str]:
    yield family.type
    if family.labels:
        yield f"labels {' '.join(f'`{label}`' for label in family.labels)}"
    yield str(family.stability)
