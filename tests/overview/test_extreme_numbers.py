"""With any finite numbers, no page and no interval fails, and every number is valid JSON."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from exporter.accounts.entry import Entry
from exporter.accounts.store import Store
from exporter.cli.once import as_polled
from exporter.metrics.collector import BUCKETS
from exporter.metrics.exposition import Exposition
from exporter.model import AccountKey, AutoReload, Quota, Reading, Seconds, Threshold
from exporter.overview.build import build_overview
from exporter.overview.encoding import encode
from exporter.polling.adaptive import adaptive_interval
from exporter.web.status.page import StatusPage
from tests.support import NOW, clock_at, job_of

KEY = AccountKey("acme", "studio")
STATUS_PAGE = StatusPage(telemetry_path="/metrics")
EXTREMES = tuple(
    map(
        Decimal,
        (
            "0", "-0", "0e-99999", "0e99999", "1", "-1", "1e-300", "-1e-300", "5e-324", "1e-400", "1e-1000001", "-1e-1000001", "1e307",
            "-1e307", "1.7976931348623157e308", "-1.7976931348623157e308", "9007199254740993", "0.1",
        ),
    )
)  # fmt: skip
AMOUNTS = st.none() | st.sampled_from(EXTREMES) | st.floats(allow_nan=False, allow_infinity=False).map(Decimal)
TIMES = st.none() | st.floats(0, 253_402_300_799, exclude_min=True)
QUOTAS = st.builds(
    Quota, st.sampled_from(["credits", "wallet"]), st.sampled_from(["credits", "usd", "slots"]), AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS,
    st.booleans(), TIMES,
)  # fmt: skip
READINGS = st.builds(
    Reading,
    quotas=st.lists(QUOTAS, max_size=3, unique_by=lambda quota: (quota.resource, quota.unit)).map(tuple),
    auto_reload=st.none() | st.builds(AutoReload, st.just("usd"), AMOUNTS, AMOUNTS),
)
FLOORS = st.none() | st.sampled_from(EXTREMES)
THRESHOLDS = st.lists(
    st.builds(Threshold, st.sampled_from(["credits", "*"]), st.sampled_from(["warning", "critical"]), FLOORS, st.sampled_from(EXTREMES)),
    max_size=2,
).map(tuple)
patiently = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def quota(**amounts: str) -> Reading:
    parts: dict[str, Any] = {name: Decimal(amount) for name, amount in amounts.items()}
    return Reading((Quota("credits", "credits", **parts),))


def store_after(readings: list[Reading], thresholds: tuple[Threshold, ...], gap: float = 300.0) -> Store:
    store = Store([job_of(KEY, thresholds=thresholds)], BUCKETS, clock_at(NOW))
    for number, reading in enumerate(readings, start=1 - len(readings)):
        store.record_success(KEY, reading, at=NOW + number * gap, duration=Seconds(0.1), interval=Seconds(300.0))
    return store


def numbers_in(value: Any) -> list[float]:
    if isinstance(value, dict | list):
        return [number for part in (value.values() if isinstance(value, dict) else value) for number in numbers_in(part)]
    return [float(value)] if isinstance(value, int | float) else []


def refuse(name: str) -> None:
    pytest.fail(f"{name} is no JSON")


@patiently
@given(st.lists(READINGS, min_size=1, max_size=4), THRESHOLDS, st.sampled_from([1e-6, 300.0, 1e9]))
@example([quota(remaining="5", limit="1e-1000001")], (), 300.0)
@example([quota(remaining="1e307", limit="1")], (Threshold("*", "warning", share=Decimal("1e300")),), 300.0)
@example([quota(remaining="1e307", limit="1e-300"), quota(remaining="0", limit="1e-300"), quota(used="1e307", limit="-0")], (), 300.0)
@example([quota(used="-1.7e308"), quota(used="0"), quota(used="1.7e308"), quota(used="1.7e308")], (), 1e-6)
def test_no_page_fails_and_every_number_is_finite(readings: list[Reading], thresholds: tuple[Threshold, ...], gap: float) -> None:
    snapshot = store_after(readings, thresholds, gap).snapshot()
    facts = build_overview(snapshot, "1")
    assert STATUS_PAGE.render(facts).body
    overview = json.loads(encode(facts), parse_constant=refuse)
    once = json.loads(json.dumps([as_polled(account) for account in snapshot.accounts]), parse_constant=refuse)
    assert all(map(math.isfinite, numbers_in([overview, once])))
    page = Exposition(("1", ""), runtime=False).render(snapshot).body.decode()
    samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    assert all(math.isfinite(sample.value) for sample in samples)


@patiently
@given(READINGS, st.none() | READINGS, THRESHOLDS, st.sampled_from([-1e9, 0.0, 1e-300, 300.0, 1e300]))
def test_the_interval_stays_within_its_bounds(
    reading: Reading, before: Reading | None, thresholds: tuple[Threshold, ...], elapsed: float
) -> None:
    job = job_of(KEY, min_interval=Seconds(30.0), interval=Seconds(300.0), thresholds=thresholds)
    entry = Entry(before, last_success_at=NOW - elapsed)
    assert 30.0 <= adaptive_interval(job.settings, reading, entry, NOW, NOW) <= 300.0
