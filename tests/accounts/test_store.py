"""The store: what a poll changes, and what it does not."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from exporter.accounts.entry import Entry, Record, Schedule, subject_of
from exporter.accounts.history import EMPTY
from exporter.accounts.snapshot import Durations
from exporter.accounts.store import Store
from exporter.clock import Clock
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds, Threshold
from tests.support import CANARY, DEFINITIONS, clock_at, job_of, make_job

STUDIO = AccountKey("elevenlabs", "studio")
STAGE = AccountKey("liveavatar", "stage")
MINUTE = Seconds(60.0)
BUCKETS = (0.1, 1.0, float("inf"))
FULL = Reading(quotas=(Quota("wallet", "usd", remaining=Decimal(50)),), info={"plan": "pro"})
EMPTIER = Reading(quotas=(Quota("wallet", "usd", remaining=Decimal(20)),))


def job(key: AccountKey = STUDIO, **settings: Any) -> Job:
    return job_of(key, **{"stale_after": Seconds(180.0), "interval": MINUTE, **settings})


UNKNOWN: Final = Entry(subject=subject_of(job()), meanings=job().definition.meanings[job().credential])
"""An account of which nothing is known yet."""


def new_store(*jobs: Job, at: float = 1000.0, kept: Record | None = None) -> Store:
    return Store(jobs or (job(STUDIO), job(STAGE)), BUCKETS, clock_at(at), {STUDIO: kept} if kept else {})


def reading_at(store: Store, now: float) -> Reading | None:
    """Return the reading that is shown at a time."""
    return store[STUDIO].fresh_reading(now, Seconds(180.0))


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
    return [(each.resource, int(each.consumed)) for each in store[key].consumption]


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
    assert reading_at(store, now) is expected


@pytest.mark.parametrize("now", [999.999, 400.0, -1e300])
def test_a_reading_from_the_future_is_not_fresh(now: float) -> None:
    store = new_store()
    succeed(store, FULL, at=1000.0)
    assert reading_at(store, now) is None


KEPT = Record(
    Entry(reading=FULL, up=True, interval=MINUTE, last_poll_at=1000.0, last_success_at=1000.0, limited_until=1020.0, polls=7),
    Schedule(999.0, 1059.0),
)


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
