"""Writes the generated documents: `python -m tools.generate`, or `--check` to see whether they are up to date."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import tools.chart.documents as chart
import tools.dashboards.write as dashboards
import tools.rules.documents as rules
from exporter.accounts.consumption import Consumption
from exporter.accounts.entry import Entry, OptionalRequest, Schedule
from exporter.accounts.snapshot import account_at
from exporter.config.loading import json_schema
from exporter.metrics.catalogue import ACCOUNT_FAMILIES, CATALOGUE, Family
from exporter.model import Reason, Seconds
from exporter.providers.library import load_definitions
from tools.docs.alerts import alerts
from tools.docs.api import accounts_schema, api
from tools.docs.configuration import configuration
from tools.docs.jobs import jobs_of
from tools.docs.outputs import outputs
from tools.docs.reliability import reliability
from tools.docs.vendors import vendors

ROOT = Path(__file__).resolve().parent.parent

STALE = Entry(
    up=False, last_poll_at=1.0, last_success_at=0.0, limited_until=2.0, duration=Seconds(1.0), mismatches={"": 1},
    consumption=(Consumption("", "", since=0.0, at=0.0),), optional={"": OptionalRequest()},
)  # fmt: skip
"""An account with stale data. Families that have no series for it disappear when data is stale."""

REASONS: Mapping[Reason, str] = {
    Reason.TIMEOUT: "The response was not complete within `timeout`.",
    Reason.CONNECTION: "The vendor could not be reached, or the connection ended before the response was complete.",
    Reason.TLS: "The TLS handshake failed, or the certificate of the server is not trusted.",
    Reason.UNAUTHORIZED: "The vendor rejects the key.",
    Reason.FORBIDDEN: "The key is valid, but has no permission to read the account.",
    Reason.QUOTA_EXHAUSTED: "The vendor refuses the request because nothing is left on the account.",
    Reason.RATE_LIMITED: "The vendor rejects the request because it receives too many.",
    Reason.CLIENT_ERROR: "The vendor rejects the request for another reason.",
    Reason.SERVER_ERROR: "The vendor reports an internal error.",
    Reason.INVALID_RESPONSE: "The response is a redirect, too large, not JSON, or not of the form that the definition expects.",
    Reason.CREDENTIAL: "The secret cannot be read or cannot be a key; no request was sent.",
    Reason.INTERNAL: "The exporter has a defect; its log contains the details.",
}

METRICS = """\
<!-- Written by tools/generate.py from exporter/metrics/catalogue.py; do not edit. -->

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
        reasons=_table(("reason", "meaning"), ((f"`{reason}`", REASONS[reason]) for reason in Reason)),
        figures="\n".join(f"- `{family.name}`" for family in ACCOUNT_FAMILIES if not any(family.samples(stale))),
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
    **dict.fromkeys(("README.md", "docs/quickstart.md", "docs/cli.md"), outputs),
}
"""Every generated document: its path in the repository, and a function from the path of the file to its text."""

PASSES = 4
"""The longest chain of generated documents that depend on each other, such as the table of alerts and the rules."""

WRITERS = (rules.documents, dashboards.documents, chart.documents)
"""The generators of rules and their tests, of dashboards, and of the schema and the table of the chart."""


def everything() -> Documents:
    """All documents, including those of WRITERS."""
    texts = {name: text for write in WRITERS for name, text in write().items()}
    return {**{name: (lambda _path, text=text: text) for name, text in texts.items()}, **DOCUMENTS}  # type: ignore[misc]  # a default binds


def stale_documents(root: Path, documents: Documents) -> Iterator[tuple[Path, str]]:
    """The documents that are out of date, with the text that they should have."""
    for name, write in documents.items():
        path = root / name
        text = write(path)
        if not path.is_file() or path.read_bytes() != text.encode():
            yield path, text


def main(arguments: Sequence[str] | None = None, root: Path = ROOT, documents: Documents | None = None) -> int:
    """Write the documents. With `--check`, only print the names of those that are out of date, and return 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a document is out of date")
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
    raise SystemExit("the documents change in every pass: one of them depends on itself")


def _families(families: Iterable[Family]) -> str:
    """Name, type, labels and stability share a column, because names are long."""
    return _table(("family", "meaning"), ((f"`{family.name}`<br>{', '.join(_properties(family))}", family.help) for family in families))


def _properties(family: Family) -> Iterator[str]:
    yield family.type
    if family.labels:
        yield f"labels {' '.join(f'`{label}`' for label in family.labels)}"
    yield str(family.stability)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
