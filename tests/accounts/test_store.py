"""The store: what a poll changes, what a snapshot shows, and when a reading is fresh."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from exporter.accounts.entry import Schedule
from exporter.accounts.snapshot import Durations
from exporter.accounts.store import Store
from exporter.clock import Clock
from exporter.model import Quota, Reading, Reason
from tests.accounts.stores import BUCKETS, EMPTIER, FULL, STAGE, STUDIO, consumed, fail, job, new_store, reading_at, succeed


def test_nothing_is_known_before_the_first_poll() -> None:
    entry = new_store()[STUDIO]
    assert (entry.reading, entry.up, entry.error, entry.last_poll_at, entry.last_success_at, entry.duration) == (None,) * 6
    assert (entry.polls, entry.errors, entry.mismatches) == (0, {}, {})


def test_a_good_poll_replaces_the_whole_reading() -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    succeed(store, EMPTIER, at=1060.0, duration=0.25)
    entry = store[STUDIO]
    assert entry.reading is EMPTIER
    assert (entry.up, entry.error, entry.last_poll_at, entry.last_success_at, entry.duration, entry.polls) == (
        True,
        None,
        1060,
        1060,
        0.25,
        2,
    )


def test_a_failed_poll_keeps_the_numbers_and_their_age() -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    fail(store, Reason.UNAUTHORIZED, at=1060.0)
    entry = store[STUDIO]
    assert entry.reading is FULL
    assert (entry.up, entry.last_success_at, entry.last_poll_at, entry.duration, entry.polls) == (False, 1000, 1060, 15.0, 2)
    assert entry.error is not None
    assert entry.error.reason is Reason.UNAUTHORIZED


def test_failures_are_counted_by_reason_and_outlive_a_recovery() -> None:
    store = new_store()
    for reason in (Reason.TIMEOUT, Reason.TLS, Reason.TIMEOUT):
        fail(store, reason)
    succeed(store)
    assert store[STUDIO].errors == {Reason.TIMEOUT: 2, Reason.TLS: 1}
    assert store[STUDIO].polls == 4
    assert store[STUDIO].error is None


def test_mismatches_are_counted_by_field_and_outlive_a_recovery() -> None:
    store = new_store()
    succeed(store, dataclasses.replace(FULL, mismatches=("wallet.remaining", "info.plan")))
    succeed(store, dataclasses.replace(FULL, mismatches=("wallet.remaining",)))
    succeed(store, FULL)
    assert store[STUDIO].mismatches == {"wallet.remaining": 2, "info.plan": 1}


def test_consumption_is_counted_from_good_polls_and_outlives_failures() -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    assert consumed(store) == [("wallet", 0)]
    fail(store, at=1060.0)
    succeed(store, Reading(), at=1120.0)
    succeed(store, EMPTIER, at=1180.0)
    assert consumed(store) == [("wallet", 30)]
    assert store[STUDIO].consumption[0].at == 1180.0
    assert consumed(store, STAGE) == []


@pytest.mark.parametrize(("correction", "expected"), [(0.0, 0), (89_000.0, 70)])
def test_the_end_of_a_period_is_measured_on_the_wall_clock(correction: float, expected: int) -> None:
    moved = 0.0
    store = Store([job()], BUCKETS, Clock(wall=lambda: 1000.0 + moved, monotonic=lambda: 1000.0))
    moved = correction
    for at, amount in ((1000.0, 80), (1060.0, 70)):
        succeed(store, Reading((Quota("r", "u", used=Decimal(amount), resets_at=90_030.0),)), at=at)
    assert consumed(store) == [("r", expected)]


def test_a_snapshot_and_a_record_are_in_the_time_of_the_corrected_wall_clock() -> None:
    moved = 0.0
    store = Store([job()], BUCKETS, Clock(wall=lambda: 1000.0 + moved, monotonic=lambda: 1000.0))
    succeed(store, FULL, at=990.0)
    fail(store, at=995.0)
    store.set_schedule(STUDIO, Schedule(994.0, 1054.0))
    moved = -300.0
    snapshot, record = store.snapshot(), store.record(STUDIO)
    [account] = snapshot.accounts
    assert (snapshot.at, snapshot.config.loaded_at) == (700.0, 700.0)
    for entry, schedule in ((account.entry, account.schedule), (record.entry, record.schedule)):
        assert (entry.last_success_at, entry.last_poll_at, schedule) == (690.0, 695.0, Schedule(694.0, 754.0))
        [counters] = entry.consumption
        assert (counters.since, counters.at, counters.history.times[0]) == (690.0, 690.0, 690.0)
    assert account.reading is FULL
    assert record.entry.shifted(300.0) == store[STUDIO]


def test_an_entry_that_did_not_change_is_the_same_object_in_two_snapshots_also_after_a_correction() -> None:
    moved = 0.0
    store = Store([job(STUDIO), job(STAGE)], BUCKETS, Clock(wall=lambda: 1000.0 + moved, monotonic=lambda: 1000.0))
    for key in (STUDIO, STAGE):
        succeed(store, key=key)
    for correction in (0.0, -300.0, 40.0):
        before = store.snapshot().entries
        moved = correction
        fail(store, key=STAGE)
        after = store.snapshot().entries
        assert before[0] is after[0]
        assert before[1] is not after[1]
        assert store.snapshot().accounts[0].entry.last_success_at == 1000.0 + correction


def test_a_snapshot_can_have_only_some_accounts() -> None:
    store = new_store(job(STUDIO), job(STAGE))
    succeed(store, key=STAGE)
    [account] = store.snapshot([STAGE]).accounts
    assert account == store.snapshot().accounts[1]


def test_planning_a_poll_does_not_change_the_observations() -> None:
    store = new_store(job())
    succeed(store)
    before, generation = store[STUDIO], store.snapshot().generation
    store.set_schedule(STUDIO, Schedule(1000.0, 1060.0))
    assert store[STUDIO] is before
    assert store.snapshot().generation == generation
    assert store.snapshot().accounts[0].schedule == Schedule(1000.0, 1060.0)


def test_the_interval_is_that_of_the_last_poll() -> None:
    store = new_store()
    fail(store, interval=240.0)
    assert store[STUDIO].interval == 240.0
    succeed(store)
    assert store[STUDIO].interval == 60.0


def test_a_poll_of_one_account_does_not_change_another() -> None:
    store = new_store()
    before = store[STAGE]
    succeed(store)
    fail(store)
    assert store[STAGE] is before


def test_a_snapshot_does_not_change_with_later_polls() -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    snapshot = store.snapshot()
    succeed(store, dataclasses.replace(EMPTIER, mismatches=("info.plan",)), at=1060.0)
    fail(store, at=1120.0)
    [studio, _] = snapshot.entries
    assert (studio.reading, studio.up, studio.polls, studio.errors, studio.mismatches) == (FULL, True, 1, {}, {})
    assert snapshot.durations["elevenlabs"] == Durations((0, 1, 0), 0.5)


def test_a_snapshot_keeps_the_order_of_the_configuration() -> None:
    store = new_store()
    succeed(store, key=STAGE)
    assert [account.key for account in store.snapshot().accounts] == [STUDIO, STAGE]


def test_durations_are_counted_in_the_first_bucket_that_holds_them() -> None:
    store = new_store()
    for duration in (0.0, 0.1, 0.125, 1.0, 1.5, 900.0):
        succeed(store, duration=duration)
    assert store.snapshot().durations["elevenlabs"] == Durations((2, 2, 2), 902.725)


def test_durations_of_failed_polls_count_too_and_each_provider_has_its_own() -> None:
    store = new_store()
    fail(store)
    assert store.snapshot().durations == {"elevenlabs": Durations((0, 0, 1), 15.0), "liveavatar": Durations((0, 0, 0), 0.0)}


def test_a_failure_does_not_change_the_age_of_a_reading() -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    fail(store, at=1180.0)
    assert reading_at(store, 1180.0) is FULL
    assert reading_at(store, 1181.0) is None


def test_no_reading_is_fresh_if_every_poll_failed() -> None:
    store = new_store()
    fail(store, at=1000.0)
    assert reading_at(store, 1000.0) is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(1000.0, FULL, id="just read"),
        pytest.param(1180.0, FULL, id="exactly stale_after old"),
        pytest.param(1180.001, None, id="older"),
        pytest.param(999.999, None, id="from the future"),
        pytest.param(-1e300, None, id="from the far future"),
    ],
)
def test_a_reading_is_fresh_until_it_is_older_than_stale_after(now: float, expected: Reading | None) -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    assert reading_at(store, now) is expected
