"""Writes docs/metrics.md: every metric family, from the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from exporter.accounts.consumption import Book
from exporter.accounts.store import Entry
from exporter.metrics.catalogue import ACCOUNT_FAMILIES, CATALOGUE, Family
from exporter.model import AccountKey, Reason, Seconds
from tools.markdown import codes, table

STALE = Entry(
    AccountKey("", ""), {}, stale_after=Seconds(0.0), interval=Seconds(1.0), up=False, last_poll_at=1.0, last_success_at=0.0, limited_until=2.0,
    duration=Seconds(1.0), mismatches={"": 1}, books=(Book("", "", since=0.0, at=0.0),),
)  # fmt: skip
"""An account with every value but a fresh reading. A family without a series for it is absent while the reading is stale."""

REASONS: Mapping[Reason, str] = {
    Reason.TIMEOUT: "The vendor did not send the whole response within `timeout`.",
    Reason.CONNECTION: "The vendor could not be reached, or the connection closed before the response was complete.",
    Reason.TLS: "The TLS handshake failed, or the server's certificate was rejected.",
    Reason.UNAUTHORIZED: "The vendor does not accept the key.",
    Reason.FORBIDDEN: "The key is valid but lacks the permission to read the account.",
    Reason.QUOTA_EXHAUSTED: "The vendor refuses the request because the account has nothing left.",
    Reason.RATE_LIMITED: "The vendor answers that it receives too many requests.",
    Reason.CLIENT_ERROR: "The vendor refuses the request for a reason that is not listed here.",
    Reason.SERVER_ERROR: "The vendor reports an error of its own.",
    Reason.INVALID_RESPONSE: "The response is a redirect, too large, not JSON, or not of the shape that the definition expects.",
    Reason.CREDENTIAL: "The secret cannot be read, or what was read cannot be a key; no request was sent.",
    Reason.INTERNAL: "The exporter has a bug; its log contains the traceback.",
}

METRICS = """\
<!-- Written by `make docs` from exporter/metrics/catalogue.py; do not edit. -->

# Metrics

A *poll* is the exporter's read of a vendor. A *scrape* is Prometheus's read of the exporter. Metric names say `scrape` for the
poll, as other exporters do; the documentation never does. An unknown value has no series. It is never exported as 0 or -1.

## Labels of every account

Every series of an account has these labels, beside the further labels of its family:

| label | value |
|---|---|
| `provider` | the vendor: the name of its definition |
| `account` | the account's `name` in the configuration |
| your own | the account's `labels`; every account has the label names of all accounts, and an empty value where it sets none |

## Families of accounts

{accounts}

STABLE families change only with an entry in the changelog. EXPERIMENTAL families may change with any release.

## Families about the exporter

These have no `provider` and `account` label unless the table lists it.

{exporter}

## Reasons

`ai_account_scrape_errors_total` has one series for each value of `reason`. All of them exist from the start, at 0:

{reasons}

## Freshness

After a failed poll the last good values stay until they are older than `stale_after` (three intervals by default). Then every
series that comes from the vendor's response is absent until a poll succeeds:

{figures}

All other series stay. `ai_account_last_success_timestamp_seconds` gives the age of the values at any time, and
`ai_account_scrape_interval_seconds` the time between polls. Samples have no timestamps.

## Process and runtime

`process_*` (CPU, memory, open files; Linux only) and `python_*` (version, garbage collection) come from the Prometheus client
library for Python. `--web.disable-exporter-metrics` disables them.
"""


def metrics(_path: Path) -> str:
    """The whole document."""
    return METRICS.format(
        accounts=_families(ACCOUNT_FAMILIES),
        exporter=_families(CATALOGUE[len(ACCOUNT_FAMILIES) :]),
        reasons=table(("reason", "meaning"), ((f"`{reason}`", REASONS[reason]) for reason in Reason)),
        figures="\n".join(f"- `{family.name}`" for family in ACCOUNT_FAMILIES if not any(family.samples(STALE, 1.0))),
    )


def _families(families: Iterable[Family]) -> str:
    rows = ((f"`{family.name}`", family.type, codes(family.labels) or "-", family.stability, family.help) for family in families)
    return table(("family", "type", "further labels", "stability", "meaning"), rows)
