"""Writes the documents that follow from the code: `python tools/generate.py`, or `--check` to see whether they are up to date."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import tools.chart.documents as chart
import tools.dashboards.write as dashboards
import tools.rules.documents as rules
from exporter.accounts.consumption import Book
from exporter.accounts.store import Entry
from exporter.config.loading import json_schema
from exporter.metrics.catalogue import ACCOUNT_FAMILIES, CATALOGUE, Family
from exporter.model import AccountKey, Reason, Seconds
from exporter.overview.reasons import REASONS
from tools.docs.alerts import alerts
from tools.docs.api import accounts_schema, api
from tools.docs.configuration import configuration
from tools.docs.readme import readme
from tools.docs.reliability import reliability
from tools.docs.vendors import vendors

ROOT = Path(__file__).resolve().parent.parent

STALE = Entry(
    AccountKey("", ""), {}, stale_after=Seconds(0.0), interval=Seconds(1.0), up=False, last_poll_at=1.0, last_success_at=0.0, limited_until=2.0,
    duration=Seconds(1.0), mismatches={"": 1}, books=(Book("", "", since=0.0, at=0.0),),
)  # fmt: skip
"""An account of which all is known but fresh figures: what has no series for it vanishes when figures are stale."""

METRICS = """\
<!-- Written by tools/generate.py from exporter/metrics/catalogue.py; do not edit. -->

# Metrics

A *poll* is the exporter's read of a vendor; a *scrape* is Prometheus's read of the exporter. Metric names say `scrape`
for the poll, as other exporters do; nothing else does. What is not known has no series: it is never shown as 0 or -1.

## Labels of every account

Every series of an account carries these, beside the further labels of its family:

| label | value |
|---|---|
| `provider` | the vendor, by the name of its definition |
| `account` | the account's `name` in the configuration |
| your own | what `labels` of the account says; every account has the label names of all, empty where it has none of its own |

## Families of accounts

{accounts}

STABLE families change through the changelog only; EXPERIMENTAL ones may change with any release.

## Families about the exporter

These carry no `provider` and `account` but where the table says so.

{exporter}

## Reasons

`ai_account_scrape_errors_total` has one series for each value of `reason`, from the start and at 0:

{reasons}

## Freshness

After a failed poll the last good figures stay until they are older than `stale_after` (three intervals unless set); then
all series that come from the vendor's answer vanish until a poll succeeds:

{figures}

The rest stays. `ai_account_last_success_timestamp_seconds` tells the age of the figures at any time, and
`ai_account_scrape_interval_seconds` how soon the next ones can be expected. Samples carry no timestamps.

## Process and runtime

`process_*` (CPU, memory, open files; on Linux only) and `python_*` (version, garbage collection) come from the Prometheus
client library for Python. `--web.disable-exporter-metrics` leaves them out.
"""


def metrics(_path: Path) -> str:
    """The metrics reference, written wholly from the code."""
    return METRICS.format(
        accounts=_families(ACCOUNT_FAMILIES),
        exporter=_families(CATALOGUE[len(ACCOUNT_FAMILIES) :]),
        reasons=_table(("reason", "meaning"), ((f"`{reason}`", REASONS[reason].meaning) for reason in Reason)),
        figures="\n".join(f"- `{family.name}`" for family in ACCOUNT_FAMILIES if not any(family.samples(STALE, 1.0))),
    )


Documents = Mapping[str, Callable[[Path], str]]

DOCUMENTS: Documents = {
    "docs/metrics.md": metrics,
    "exporter/config/config.schema.json": lambda _: f"{json.dumps(json_schema(), indent=2)}\n",
    "docs/reliability.md": reliability,
    "docs/api.md": api,
    "docs/accounts.schema.json": accounts_schema,
    "docs/configuration.md": configuration,
    "docs/vendors.md": vendors,
    "docs/alerts.md": alerts,
    "README.md": readme,
}
"""Every generated document: its path in the repository, and what says what it should hold, given where it is."""

PASSES = 4
"""Documents may follow from written documents, such as the table of alerts from the rules."""

WRITERS = (rules.documents, dashboards.documents, chart.documents)
"""What follows from code beside the exporter: the rules and their tests, the dashboards, the chart's schema and table."""


def everything() -> Documents:
    """All documents, the ones of the writers among them."""
    texts = {name: text for write in WRITERS for name, text in write().items()}
    return {**{name: (lambda _path, text=text: text) for name, text in texts.items()}, **DOCUMENTS}  # type: ignore[misc]  # a default binds


def stale_documents(root: Path, documents: Documents) -> Iterator[tuple[Path, str]]:
    """The documents that differ from what the code says now, with what they should hold."""
    for name, write in documents.items():
        path = root / name
        text = write(path)
        if not path.is_file() or path.read_bytes() != text.encode():
            yield path, text


def main(arguments: Sequence[str] | None = None, root: Path = ROOT, documents: Documents | None = None) -> int:
    """Write the documents, or with `--check` only name those that are stale; 1 if there are such."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a document is stale")
    check = parser.parse_args(arguments).check
    for _ in range(PASSES):
        stale = list(stale_documents(root, documents or everything()))
        for path, text in stale:
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
            sys.stdout.write(f"{path.relative_to(root)}: {'stale, run: make docs' if check else 'written'}\n")
        if check or not stale:
            return int(bool(stale))
    raise SystemExit("the documents do not come to rest: one of them depends on itself")


def _families(families: Iterable[Family]) -> str:
    rows = (
        (f"`{family.name}`", family.type, ", ".join(f"`{label}`" for label in family.labels) or "-", family.stability, family.help)
        for family in families
    )
    return _table(("family", "type", "further labels", "stability", "meaning"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
