"""The store: what a poll changes, and what it leaves."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from exporter.accounts.store import Durations, Entry, Store
from exporter.errors import PollError
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds, Threshold

STUDIO = AccountKey("heygen", "studio")
STAGE = AccountKey("liveavatar", "stage")
MINUTE = Seconds(60.0)
BUCKETS = (0.1, 1.0, float("inf"))
FULL = Reading(quotas=(Quota("wallet", "usd", remaining=Decimal(50)),), info={"plan": "pro"})
EMPTIER = Reading(quotas=(Quota("wallet", "usd", remaining=Decimal(20)),))


def new_store() -> Store:
    return Store((Entry(key, {}, stale_after=Seconds(180.0), interval=MINUTE) for key in (STUDIO, STAGE)), BUCKETS)


def succeed(store: Store, reading: Reading = FULL, *, at: float = 1000.0, duration: float = 0.5, key: AccountKey = STUDIO) -> None:
    store.record_success(key, reading, at=at, duration=Seconds(duration), interval=MINUTE)


def fail(store: Store, reason: Reason = Reason.TIMEOUT, *, at: float = 1060.0, interval: float = 120.0, key: AccountKey = STUDIO) -> None:
    store.record_failure(key, PollError(reason, "no luck"), at=at, duration=Seconds(15.0), interval=Seconds(interval))


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


def consumed(store: Store, key: AccountKey = STUDIO) -> list[tuple[str, int]]:
    return [(book.resource, int(book.consumed)) for book in store[key].books]


def test_consumption_is_counted_from_good_polls_and_outlives_failures() -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    assert consumed(store) == [("wallet", 0)]
    fail(store, at=1060.0)
    succeed(store, Reading(), at=1120.0)
    succeed(store, EMPTIER, at=1180.0)
    assert consumed(store) == [("wallet", 30)]
    assert store[STUDIO].books[0].at == 1180.0
    assert consumed(store, STAGE) == []


def test_the_end_of_a_period_is_measured_on_the_wall_clock() -> None:
    used = [Reading((Quota("r", "u", used=Decimal(amount), resets_at=90_030.0),)) for amount in (80, 70)]
    for correction, expected in ((0.0, 0), (89_000.0, 70)):
        store = new_store()
        for at, reading in zip((1000.0, 1060.0), used, strict=True):
            store.record_success(STUDIO, reading, at=at, duration=Seconds(0.5), interval=MINUTE, correction=correction)
        assert consumed(store) == [("r", expected)]


def test_the_books_of_a_shifted_entry_move_with_its_times() -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    entry = store[STUDIO].shifted(-300.0)
    assert (entry.last_success_at, entry.books[0].since, entry.books[0].at, entry.books[0].marks[0].at) == (700.0, 700.0, 700.0, 700.0)
    assert entry.shifted(300.0) == store[STUDIO]


def test_a_kept_account_takes_over_thresholds_and_keeps_its_books() -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    succeed(store, EMPTIER, at=1060.0)
    thresholds = (Threshold("wallet", "warning", amount=Decimal(25)),)
    store.configure([Entry(STUDIO, {}, Seconds(180.0), MINUTE, thresholds=thresholds)], 1100.0)
    assert (store[STUDIO].thresholds, consumed(store)) == (thresholds, [("wallet", 30)])
    store.configure([Entry(STUDIO, {}, Seconds(180.0), MINUTE)], 1200.0)
    assert (store[STUDIO].thresholds, consumed(store)) == ((), [("wallet", 30)])


def test_the_interval_is_that_of_the_last_poll() -> None:
    store = new_store()
    fail(store, interval=240.0)
    assert store[STUDIO].interval == 240.0
    succeed(store)
    assert store[STUDIO].interval == 60.0


def test_a_poll_of_one_account_does_not_touch_another() -> None:
    store = new_store()
    before = store[STAGE]
    succeed(store)
    fail(store)
    assert store[STAGE] is before


def test_a_snapshot_does_not_follow_later_polls() -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    snapshot = store.snapshot()
    succeed(store, dataclasses.replace(EMPTIER, mismatches=("info.plan",)), at=1060.0)
    fail(store, at=1120.0)
    [studio, _] = snapshot.entries
    assert (studio.reading, studio.up, studio.polls, studio.errors, studio.mismatches) == (FULL, True, 1, {}, {})
    assert snapshot.durations["heygen"] == Durations((0, 1, 0), 0.5)


def test_a_snapshot_keeps_the_order_of_the_configuration() -> None:
    store = new_store()
    succeed(store, key=STAGE)
    assert [entry.key for entry in store.snapshot().entries] == [STUDIO, STAGE]


def test_durations_are_counted_in_the_first_bucket_that_holds_them() -> None:
    store = new_store()
    for duration in (0.0, 0.1, 0.125, 1.0, 1.5, 900.0):
        succeed(store, duration=duration)
    assert store.snapshot().durations["heygen"] == Durations((2, 2, 2), 902.725)


def test_durations_of_failed_polls_count_too_and_each_provider_has_its_own() -> None:
    store = new_store()
    fail(store)
    assert store.snapshot().durations == {"heygen": Durations((0, 0, 1), 15.0), "liveavatar": Durations((0, 0, 0), 0.0)}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(1000.0, FULL, id="just read"),
        pytest.param(1180.0, FULL, id="exactly stale_after old"),
        pytest.param(1180.001, None, id="older"),
    ],
)
def test_a_reading_is_fresh_until_it_is_older_than_stale_after(now: float, expected: Reading | None) -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    assert store[STUDIO].fresh_reading(now) is expected


def test_a_clock_that_jumped_back_does_not_hide_what_was_just_read() -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    assert store[STUDIO].fresh_reading(400.0) is FULL


def test_a_failure_does_not_make_a_reading_younger() -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    fail(store, at=1180.0)
    assert store[STUDIO].fresh_reading(1180.0) is FULL
    assert store[STUDIO].fresh_reading(1181.0) is None


def test_no_reading_is_fresh_where_every_poll_failed() -> None:
    store = new_store()
    fail(store, at=1000.0)
    assert store[STUDIO].fresh_reading(1000.0) is None


def test_an_account_that_was_removed_and_comes_back_starts_anew_but_is_not_asked_sooner() -> None:
    entries = [Entry(STUDIO, {}, Seconds(180.0), MINUTE)]
    store = Store(entries, [float("inf")])
    store.begin(STUDIO, 1000.0, 1060.0)
    store.record_success(STUDIO, FULL, at=1001.0, duration=Seconds(1.0), interval=MINUTE)
    store.configure([], 1010.0)
    assert store.snapshot().entries == ()
    store.configure([], 1020.0)
    store.configure(entries, 1030.0)
    entry = store[STUDIO]
    assert entry.books == ()
    assert (entry.reading, entry.polls, entry.begun_at, entry.next_poll_at) == (None, 0, 1000, 1060)


def test_an_account_that_comes_back_when_its_poll_was_due_is_a_new_one() -> None:
    entries = [Entry(STUDIO, {}, Seconds(180.0), MINUTE)]
    store = Store(entries, [float("inf")])
    store.begin(STUDIO, 1000.0, 1060.0)
    store.configure([], 1060.0)
    store.configure(entries, 1061.0)
    assert store[STUDIO] == entries[0]
