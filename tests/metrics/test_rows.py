"""The lines of accounts are those of prometheus-client, and each is written once for each change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.accounts.entry import Entry, OptionalRequest, Schedule
from exporter.accounts.snapshot import account_at, unchanged_until
from exporter.accounts.store import Store
from exporter.errors import PollError
from exporter.metrics.catalogue import AccountFamily
from exporter.metrics.collector import BUCKETS, Families, account_families
from exporter.metrics.lines import MAX_TEMPLATES, Writer, escaped
from exporter.metrics.rows import Rows
from exporter.metrics.samples import Sample, Samples
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds
from tests.metrics.showcase import NOW, showcase
from tests.support import clock_at, job_of

STALE_AFTER = Seconds(180.0)
KEYS = (AccountKey("b", "one"), AccountKey("a", "two"))

patiently = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ("", "%s", "100 %", '\\n"', "a\nb", "🎭", "{}", "\x00")
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
values = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    (1e16, 0.1, -0.0, 0.0, 999_999.5, 1e6, 1e-7, 5e-324, 1.7e308, -1e7)
)
numbers = values | st.integers(-(2**60), 2**60).map(float)


def lines_of(page: bytes) -> list[bytes]:
    return [line for line in page.split(b"\n") if not line.startswith(b"#")]


@patiently
@given(
    own=st.dictionaries(names, texts, max_size=3),
    further=st.lists(names.map("x_{}".format), max_size=2, unique=True),
    data=st.data(),
    kind=st.sampled_from(("gauge", "counter")),
)
def test_lines_are_those_of_prometheus_client(own: dict[str, str], further: list[str], data: st.DataObject, kind: str) -> None:
    samples: list[Sample] = data.draw(st.lists(st.tuples(st.tuples(*[texts] * len(further)), numbers), max_size=4))
    family = AccountFamily(
        "some_total",
        "counter" if kind == "counter" else "gauge",
        "help",
        tuple(further),
        samples=Samples(lambda _: samples, lambda each: each),
    )
    job = replace(job_of(KEYS[0]), settings=replace(job_of(KEYS[0]).settings, labels=own))
    account = account_at(NOW, job, Entry(), Schedule())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exporter.metrics.collector.ACCOUNT_FAMILIES", (family,))
        expected = Families(account_families([account], list(own)))
    labels = {"provider": KEYS[0].provider, "account": KEYS[0].account, **own}
    writer = Writer(family, sorted(labels))
    for _ in range(2):
        lines = writer.write(samples, tuple(escaped(labels[name]) for name in sorted(labels)))
        assert lines_of(lines) == lines_of(generate_latest(expected)) if samples else lines == b""
        assert not samples or lines_of(lines + b"# EOF\n") == lines_of(generate_openmetrics(expected))  # type: ignore[no-untyped-call]  # prometheus-client has no types there


def new_store(**changes: object) -> Store:
    return Store([job_of(key, stale_after=STALE_AFTER, **changes) for key in KEYS], BUCKETS, clock_at(NOW))


def succeed(store: Store, key: AccountKey = KEYS[0], at: float = NOW) -> None:
    store.record_success(key, Reading((Quota("r", "u"),)), at=at, duration=Seconds(0.5), interval=Seconds(60.0))


def test_a_row_that_was_prepared_when_its_poll_ended_is_not_written_again() -> None:
    store, rows = new_store(), Rows()
    rows.update(store.snapshot())
    succeed(store)
    assert rows.outdated(store.snapshot()) == [0]
    rows.prepare(store.snapshot([KEYS[0]]))
    version = rows.version
    assert rows.outdated(store.snapshot()) == []
    rows.prepare(store.snapshot([KEYS[0]]))
    assert rows.version == version


def test_a_row_of_an_account_that_is_not_on_the_page_yet_is_not_prepared() -> None:
    store, rows = new_store(), Rows()
    succeed(store)
    rows.prepare(store.snapshot([KEYS[0]]))
    assert list(rows.columns()) == []
    assert rows.outdated(store.snapshot()) == [0, 1]


def test_a_row_of_other_settings_or_of_another_wall_clock_is_not_prepared() -> None:
    store, rows = new_store(), Rows()
    rows.update(store.snapshot())
    succeed(store)
    moved = replace(store.snapshot([KEYS[0]]), correction=5.0)
    store.configure([job_of(key, labels={"team": "x"}) for key in KEYS])
    version = rows.version
    for part in (moved, store.snapshot([KEYS[0]])):
        rows.prepare(part)
    assert rows.version == version
    assert rows.outdated(store.snapshot()) == [0, 1]


def test_a_poll_writes_only_the_families_that_it_changed() -> None:
    store, rows = new_store(), Rows()
    succeed(store)
    rows.update(store.snapshot())
    before = list(rows.columns())
    store.record_failure(KEYS[0], PollError(Reason.TLS, "no luck"), at=NOW, duration=Seconds(0.5), interval=Seconds(60.0))
    rows.prepare(store.snapshot([KEYS[0]]))
    after = list(rows.columns())
    changed = [lines[0] for (_, old), (_, lines) in zip(before, after, strict=True) if lines[0] is not old[0]]
    assert changed == [lines[0] for (old, _), (version, lines) in zip(before, after, strict=True) if version != old]
    assert [lines.partition(b"{")[0].decode() for lines in changed] == [
        "ai_account_up",
        "ai_account_scrapes_total",
        "ai_account_scrape_errors_total",
    ]


def test_a_poll_that_only_consumed_does_not_write_limits_and_resets() -> None:
    store, rows = new_store(), Rows()
    columns = []
    for used in (1, 2):
        quota = Quota("r", "u", Decimal(10 - used), Decimal(used), Decimal(10), resets_at=NOW + 60)
        store.record_success(KEYS[0], Reading((quota,)), at=NOW - 9 + used, duration=Seconds(0.5), interval=Seconds(60.0))
        rows.write(store.snapshot(), [*rows.outdated(store.snapshot())])
        columns.append(list(rows.columns()))
    changed = {lines[0].partition(b"{")[0].decode() for (_, known), (_, lines) in zip(*columns, strict=True) if lines[0] is not known[0]}
    assert {"ai_account_quota_remaining", "ai_account_quota_used", "ai_account_quota_consumed_total"} <= changed
    still = ("limit", "overage_limit", "unlimited", "reset_timestamp_seconds", "replenished_total")
    assert not changed & {f"ai_account_quota_{name}" for name in still}


amounts = st.none() | st.sampled_from([Decimal(0), Decimal(7), Decimal("7.0"), Decimal("1E+400")])
quotas = st.lists(
    st.builds(
        Quota, st.sampled_from("rs"), st.sampled_from("uv"), amounts, amounts, amounts, amounts, st.booleans(), st.sampled_from([None, NOW])
    ),
    max_size=3,
)


@patiently
@given(st.lists(quotas, min_size=2, max_size=4))
def test_lines_after_several_polls_are_those_of_a_page_that_was_never_scraped(readings: list[list[Quota]]) -> None:
    store, rows = new_store(), Rows()
    for number, reading in enumerate(readings):
        store.record_success(KEYS[0], Reading(tuple(reading)), at=NOW - 9 + number, duration=Seconds(0.5), interval=Seconds(60.0))
        rows.update(store.snapshot())
    fresh = Rows()
    fresh.write(store.snapshot(), fresh.outdated(store.snapshot()))
    assert [lines for _, lines in rows.columns()] == [lines for _, lines in fresh.columns()]


def test_the_columns_of_a_page_do_not_change_with_later_polls() -> None:
    store, rows = showcase(), Rows()
    rows.update(store.snapshot())
    columns = [lines for _, lines in rows.columns()]
    before = [list(column) for column in columns]
    for job in store.snapshot().jobs:
        succeed(store, job.key)
        rows.prepare(store.snapshot([job.key]))
    assert columns == before != [lines for _, lines in rows.columns()]


def test_a_vendor_that_invents_labels_does_not_fill_the_memory() -> None:
    family = AccountFamily("some", "gauge", "help", ("field",), samples=Samples(lambda _: None, lambda _: ()))
    writer = Writer(replace(family, samples=Samples(lambda _: None, lambda source: [((str(source),), 1.0)])), ("account",))
    for number in range(MAX_TEMPLATES + 10):
        writer.write(number, ("a",))
    assert len(writer._templates) == 10


moments = st.floats(NOW - 400, NOW + 400) | st.sampled_from((NOW, NOW + 0.1, NOW - STALE_AFTER, NOW - STALE_AFTER - 1e-7))
unknown_or_moment = st.none() | moments


@patiently
@given(success=unknown_or_moment, older=unknown_or_moment, limited=unknown_or_moment, at=moments, later=st.floats(0, 500))
def test_an_account_stays_the_same_until_the_time_given(
    success: float | None, older: float | None, limited: float | None, at: float, later: float
) -> None:
    optional: Mapping[str, OptionalRequest] = {"/x": OptionalRequest(Reading(info={"plan": "x"}), older)}
    job = job_of(KEYS[0], stale_after=STALE_AFTER)
    entry = Entry(Reading(), last_success_at=success, limited_until=limited, optional=optional)
    account = account_at(at, job, entry, Schedule())
    until = unchanged_until(account, at)
    assert until >= at
    assert account_at(min(at + later, until), job, entry, Schedule()) == account
    changes = [each for time in (success, older) if time is not None for each in (time, time + STALE_AFTER)] + [limited or at]
    assert until == float("inf") or until == at or any(abs(until - each) < 0.01 for each in changes)
