"""What is kept of an account after a reload and after a restart, and when it is another account."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from exporter.accounts.entry import Entry, Record, Schedule, subject_of
from exporter.accounts.history import EMPTY
from exporter.model import Quota, Reading, Reason, Seconds, Threshold
from tests.accounts.stores import EMPTIER, FULL, MINUTE, STUDIO, UNKNOWN, consumed, fail, job, new_store, reading_at, succeed
from tests.support import CANARY, DEFINITIONS, make_job

KEPT = Record(
    Entry(reading=FULL, up=True, interval=MINUTE, last_poll_at=1000.0, last_success_at=1000.0, limited_until=1020.0, polls=7),
    Schedule(999.0, 1059.0),
)


def test_an_account_that_stays_gets_the_new_settings_and_keeps_its_counters() -> None:
    store = new_store(job())
    succeed(store, FULL, at=1000.0)
    succeed(store, EMPTIER, at=1060.0)
    thresholds = (Threshold("wallet", "warning", amount=Decimal(25)),)
    for given in (thresholds, ()):
        store.configure([job(thresholds=given)])
        [account] = store.snapshot().accounts
        assert (account.settings.thresholds, consumed(store)) == (given, [("wallet", 30)])


OTHERS: Final[tuple[dict[str, Any], ...]] = ({"params": {"project": "b"}}, {"base_url": "https://eu.api.example.com"})
"""Settings that make an account another one at its vendor."""


@pytest.mark.parametrize("changed", OTHERS)
def test_the_values_of_another_project_or_server_are_not_kept(changed: dict[str, Any]) -> None:
    store = new_store(job(params={"project": "a"}))
    succeed(store, FULL, at=1000.0)
    succeed(store, EMPTIER, at=1060.0)
    fail(store, at=1120.0)
    store.configure([job(STUDIO, **{"params": {"project": "a"}, **changed})])
    entry = store[STUDIO]
    assert (entry.reading, entry.last_success_at, entry.up, entry.error, entry.failures) == (None, None, None, None, 0)
    assert (entry.polls, entry.errors, consumed(store)) == (3, {Reason.TIMEOUT: 1}, [("wallet", 30)])
    succeed(store, Reading(quotas=(Quota("wallet", "usd", remaining=Decimal(1)),)), at=1180.0)
    assert consumed(store) == [("wallet", 30)]


@pytest.mark.parametrize("changed", OTHERS)
def test_the_values_of_another_project_or_server_are_not_restored(changed: dict[str, Any]) -> None:
    former = new_store(job())
    succeed(former, FULL, at=1000.0)
    record = former.record(STUDIO)
    assert reading_at(new_store(job(), at=1010.0, kept=record), 1010.0) == FULL
    assert reading_at(new_store(job(STUDIO, **changed), at=1010.0, kept=record), 1010.0) is None


def test_what_an_earlier_version_stored_is_restored_and_belongs_to_the_present_settings() -> None:
    store = new_store(job(), at=1010.0, kept=KEPT)
    assert reading_at(store, 1010.0) == FULL
    store.configure([job(STUDIO, **OTHERS[0])])
    assert reading_at(store, 1010.0) is None


def test_other_settings_and_the_order_of_the_params_change_nothing() -> None:
    store = new_store(job(params={"a": "1", "b": "2"}))
    succeed(store, FULL, at=1000.0)
    store.configure([job(params={"b": "2", "a": "1"}, interval=Seconds(30.0), labels={"team": "video"})])
    assert reading_at(store, 1010.0) == FULL


def test_what_identifies_an_account_shows_nothing_of_its_settings() -> None:
    other = job(base_url=f"https://{CANARY}.example.com", params={"project": CANARY})
    assert CANARY not in subject_of(other)
    assert subject_of(make_job(DEFINITIONS["liveavatar"].base_url or "")) == ""


def test_a_restored_reading_is_shown_from_the_start() -> None:
    store = new_store(job(), at=1010.0, kept=KEPT)
    known = replace(KEPT.entry, subject=UNKNOWN.subject, meanings=UNKNOWN.meanings)
    assert (store[STUDIO], store.schedule(STUDIO)) == (known, KEPT.schedule)


@pytest.mark.parametrize("wrong", [60.0, 86_400.0, 1e9, 1e300])
def test_a_restored_reading_from_the_future_is_not_shown(wrong: float) -> None:
    """The clock was wrong when this was written, and is correct now."""
    store = new_store(job(), at=1000.0)
    for reading in (FULL, EMPTIER, EMPTIER):
        succeed(store, reading)
    future = Record(replace(store[STUDIO], limited_until=1300.0), Schedule(999.0, 1059.0))
    future = Record(future.entry.shifted(wrong), future.schedule.shifted(wrong))
    store = new_store(job(), at=1000.0, kept=future)
    [account] = store.snapshot().accounts
    entry = account.entry
    assert (account.reading, entry.reading, account.limited_until, account.schedule) == (None, None, None, Schedule(999.0 + wrong, None))
    assert (entry.last_poll_at, entry.last_success_at, entry.limited_until) == (None, None, None)
    assert (entry.polls, consumed(store)) == (3, [("wallet", 30)])
    [counters] = entry.consumption
    assert (counters.readings, counters.history, counters.remaining) == (0, EMPTY, None)
    assert max(counters.since, counters.at) <= 1001.0
    for now in (1000.0, 1000.0 + wrong):
        assert entry.fresh_reading(now, Seconds(180.0)) is None


def test_the_rounding_of_a_correction_moves_no_time_into_the_future() -> None:
    record = Record(replace(KEPT.entry, last_success_at=1000.4, last_poll_at=1000.4), Schedule(1000.4, 1060.4))
    store = new_store(job(), at=1000.0, kept=record)
    assert reading_at(store, 1000.0) is FULL
    assert store.schedule(STUDIO).next_poll_at == 1060.4


def test_a_poll_from_the_future_drops_its_waits_and_keeps_the_values() -> None:
    record = Record(replace(KEPT.entry, last_poll_at=5000.0, limited_until=9000.0), Schedule(5000.0, 5060.0))
    store = new_store(job(), at=1010.0, kept=record)
    assert reading_at(store, 1010.0) is FULL
    assert (store.schedule(STUDIO), store[STUDIO].limited_until, store[STUDIO].last_poll_at) == (Schedule(5000.0, None), None, None)


def test_a_stored_wait_is_no_longer_than_the_configuration_allows() -> None:
    record = Record(replace(KEPT.entry, limited_until=1e9), KEPT.schedule)
    store = new_store(job(max_retry_after=Seconds(1200.0)), at=1010.0, kept=record)
    assert store[STUDIO].limited_until == 2210.0


def test_an_account_that_was_removed_and_comes_back_is_new_but_is_not_polled_sooner() -> None:
    store = new_store(job())
    store.set_schedule(STUDIO, Schedule(1000.0, 1060.0))
    succeed(store)
    for jobs in ([], [], [job()]):
        store.configure(jobs)
        assert len(store.snapshot().accounts) == len(jobs)
    assert (store[STUDIO], store.schedule(STUDIO)) == (UNKNOWN, Schedule(1000.0, 1060.0))


def test_an_account_that_comes_back_after_its_poll_was_due_is_a_new_one() -> None:
    store = new_store(job())
    store.set_schedule(STUDIO, Schedule(900.0, 1000.0))
    store.configure([])
    store.configure([job()])
    assert (store[STUDIO], store.schedule(STUDIO)) == (UNKNOWN, Schedule())
