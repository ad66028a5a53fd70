"""A cached page equals the page that prometheus-client writes."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.accounts.entry import Schedule
from exporter.accounts.snapshot import Snapshot
from exporter.accounts.store import Store
from exporter.errors import PollError
from exporter.metrics.collector import BUCKETS, Families, exporter_families
from exporter.metrics.exposition import FEW, MANY, Exposition
from exporter.metrics.negotiation import negotiate
from exporter.model import AccountKey, Reading, Reason, Seconds
from tests.metrics.showcase import BUILD, NOW, OPENMETRICS, showcase
from tests.metrics.strategies import readings
from tests.metrics.written import new_page
from tests.support import clock_at, job_of

STALE_AFTER = 180.0
TEXT_1 = "text/plain; version=1.0.0"
KEYS = (AccountKey("b", "one"), AccountKey("a", "one"), AccountKey("b", 'tw"o\n# HELP x\n# TYPE x'))
LABELS: tuple[dict[str, str], ...] = ({"team": "x"}, {}, {"zone": "# EOF", "area": ""})


class Poll(NamedTuple):
    account: int
    outcome: Reading | Reason


class Wait(NamedTuple):
    seconds: float


class Correct(NamedTuple):
    correction: float


class Scrape(NamedTuple):
    accept: str


operations = st.lists(
    st.builds(Poll, st.integers(0, 2), readings | st.sampled_from(Reason))
    | st.builds(Wait, st.sampled_from((1.0, STALE_AFTER - 1, STALE_AFTER, 1000.0, -1.0, -STALE_AFTER)))
    | st.builds(Correct, st.sampled_from((0.0, 5.0, -300.0)))
    | st.builds(Scrape, st.sampled_from(("", TEXT_1, OPENMETRICS))),
    max_size=12,
)


def new_store() -> Store:
    jobs = (
        job_of(key, labels=labels, stale_after=Seconds(STALE_AFTER), interval=Seconds(60.0))
        for key, labels in zip(KEYS, LABELS, strict=True)
    )
    return Store(jobs, BUCKETS, clock_at(NOW))


def record(store: Store, poll: Poll, at: float) -> None:
    key, duration, interval = KEYS[poll.account], Seconds(0.5), Seconds(60.0)
    if isinstance(poll.outcome, Reading):
        store.record_success(key, poll.outcome, at=at, duration=duration, interval=interval)
    else:
        store.record_failure(key, PollError(poll.outcome, "no luck"), at=at, duration=duration, interval=interval)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sequence=operations, prepares=st.booleans())
def test_after_any_sequence_of_polls_a_page_equals_that_of_prometheus_client(
    *, sequence: list[Poll | Wait | Correct | Scrape], prepares: bool
) -> None:
    now, correction, store = NOW, 0.0, new_store()
    exposition = Exposition(BUILD, runtime=False)

    def at_present(snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, at=now + correction, correction=correction)

    for operation in (*sequence, Scrape(""), Scrape(OPENMETRICS)):
        match operation:
            case Wait(seconds):
                now += seconds
            case Correct(seconds):
                correction = seconds
            case Scrape(accept):
                snapshot = at_present(store.snapshot())
                assert exposition.render(snapshot, negotiate(accept, "")).body == new_page(snapshot, accept)
            case Poll(account):
                record(store, operation, now)
                if prepares:
                    exposition.rows.prepare(at_present(store.snapshot([KEYS[account]])))


def test_the_text_is_the_same_object_until_something_on_it_changes() -> None:
    exposition, store = Exposition(BUILD, runtime=False), new_store()

    def text() -> bytes:
        [[text, end]] = exposition.render(store.snapshot()).content.blocks
        assert not end
        return text

    pages = [text()]
    store.set_schedule(KEYS[0], Schedule(NOW, NOW + 60))
    pages.append(text())
    record(store, Poll(0, Reason.TLS), NOW)
    pages.append(text())
    store.refuse_config()
    pages.append(text())
    assert [page is pages[0] for page in pages] == [True, True, False, False]
    assert b"ai_account_exporter_config_last_reload_successful 0.0" in pages[3]


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_stale_values_are_removed_from_a_cached_page_and_return_with_the_clock(accept: str) -> None:
    store = showcase()
    exposition = Exposition(BUILD, runtime=False)
    pages = []
    for now in (NOW, NOW + 900, NOW):
        snapshot = replace(store.snapshot(), at=now)
        pages.append(exposition.render(snapshot, negotiate(accept, "")).body)
        assert pages[-1] == new_page(snapshot, accept)
    assert pages[0] == pages[2] != pages[1]


def test_features_in_another_order_are_written_again() -> None:
    exposition, store = Exposition(BUILD, runtime=False), new_store()
    for names in ("ab", "ba", "b", "b"):
        record(store, Poll(0, Reading(features=dict.fromkeys(names, True))), NOW)
        assert exposition.render(store.snapshot()).body == new_page(store.snapshot())


def test_a_removed_account_and_its_label_names_are_removed_at_once() -> None:
    exposition = Exposition(BUILD, runtime=False)
    store = new_store()
    record(store, Poll(0, Reading(info={"plan": "pro"})), NOW)
    assert b'team="x"' in exposition.render(store.snapshot()).body
    store.configure(store.snapshot().jobs[1:])
    rest = store.snapshot()
    assert b"team=" not in exposition.render(rest).body
    assert exposition.render(rest).body == new_page(rest)


def test_another_label_value_of_an_account_that_was_not_polled_since_is_shown_at_once() -> None:
    exposition, store = Exposition(BUILD, runtime=False), new_store()
    exposition.render(store.snapshot())
    store.configure([job_of(KEYS[0], labels={"team": "y"}), *store.snapshot().jobs[1:]])
    relabelled = store.snapshot()
    assert exposition.render(relabelled).body == new_page(relabelled)


def test_an_older_snapshot_still_renders_its_own_page() -> None:
    exposition = Exposition(BUILD, runtime=False)
    store = new_store()
    older = store.snapshot()
    record(store, Poll(0, Reason.TLS), NOW)
    newer = store.snapshot()
    for snapshot in (newer, older, newer):
        assert exposition.render(snapshot).body == new_page(snapshot)


def test_the_text_of_many_accounts_is_not_kept_joined() -> None:
    store = Store([job_of(AccountKey("a", str(number))) for number in range(MANY + 1)], BUCKETS, clock_at(NOW))
    page = Exposition(BUILD, runtime=False).render(store.snapshot())
    assert len(page.content.blocks) > 1
    assert (page.body, page.content.size) == (new_page(store.snapshot()), len(page.body))


@pytest.mark.parametrize("coding", ["", "gzip"])
@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_the_page_of_an_exporter_without_accounts_shows_the_exporter_itself(accept: str, coding: str) -> None:
    exposition, store = Exposition(BUILD, runtime=False), Store([], BUCKETS, clock_at(NOW))

    def body() -> bytes:
        page = exposition.render(store.snapshot(), negotiate(accept, coding)).body
        return gzip.decompress(page) if coding else page

    families = Families(family for family in exporter_families(store.snapshot(), BUILD) if family.samples)
    expected = generate_openmetrics(families) if accept else generate_latest(families)  # type: ignore[no-untyped-call]  # prometheus-client has no types there
    assert body() == expected
    store.configure([job_of(key) for key in KEYS])
    assert body() == new_page(store.snapshot(), accept)
    store.configure([])
    assert body() == expected


@pytest.mark.parametrize("coding", ["", "gzip"])
@pytest.mark.parametrize("accounts", [0, FEW, FEW + 1, MANY, MANY + 1])
@pytest.mark.parametrize(("accept", "end"), [("", b""), (OPENMETRICS, b"# EOF\n")])
def test_a_choice_of_families_that_the_accounts_do_not_have_is_a_page_without_them(
    accounts: int, coding: str, accept: str, end: bytes
) -> None:
    snapshot = Store([job_of(AccountKey("a", str(number))) for number in range(accounts)], BUCKETS, clock_at(NOW)).snapshot()
    exposition = Exposition(BUILD)

    def chosen(name: str) -> bytes:
        body = exposition.render(snapshot, negotiate(accept, coding, [name])).body
        return gzip.decompress(body) if coding else body

    assert chosen("ai_account_up") == chosen("unknown") == end
    assert chosen("process_open_fds").startswith(b"# HELP process_open_fds ")


def test_the_vary_header_names_the_request_headers_that_matter() -> None:
    assert Exposition(BUILD).render(new_store().snapshot()).headers["Vary"] == "Accept, Accept-Encoding"


def test_the_runtime_families_are_last_and_optional() -> None:
    snapshot = new_store().snapshot()
    without = Exposition(BUILD, runtime=False).render(snapshot).body
    added = Exposition(BUILD).render(snapshot).body.removeprefix(without).decode()
    names = {line.split()[2] for line in added.splitlines() if line.startswith("# TYPE ")}
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds", "python_info"} <= names
    assert all(name.startswith(("process_", "python_")) for name in names)


def test_two_expositions_do_not_share_a_registry() -> None:
    snapshot = new_store().snapshot()
    for _ in range(2):
        assert Exposition(BUILD).render(snapshot).body.count(b"# TYPE process_open_fds ") == 1
