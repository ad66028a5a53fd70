"""The page of a snapshot as prometheus-client writes it."""

from __future__ import annotations

from prometheus_client import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.accounts.snapshot import Snapshot
from exporter.metrics.collector import Families, account_families, exporter_families
from tests.metrics.showcase import BUILD, OPENMETRICS


def new_page(snapshot: Snapshot, accept: str = "") -> bytes:
    labels = sorted({label for job in snapshot.jobs for label in job.settings.labels})
    families = Families([*account_families(snapshot.accounts, labels), *exporter_families(snapshot, BUILD)])
    write = generate_openmetrics if accept == OPENMETRICS else generate_latest
    return write(families)
