from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from exporter.model import AccountKey, Seconds
from exporter.polling.intervals import START_RATE, backed_off, next_due, splay

KEYS = st.builds(AccountKey, st.text(min_size=1), st.text(min_size=1))
INTERVALS = st.floats(1, 86_400).map(Seconds)


@given(KEYS, INTERVALS, st.integers(1, 5_000))
def test_the_start_offset_is_the_same_after_every_start_and_within_its_window(key: AccountKey, interval: Seconds, accounts: int) -> None:
    delay = splay(key, interval, accounts)
    assert delay == splay(key, interval, accounts)
    assert 0 <= delay <= min(interval, (accounts - 1) / START_RATE)


def test_a_single_account_is_polled_at_once() -> None:
    assert splay(AccountKey("heygen", "studio"), Seconds(300), 1) == 0


def test_two_thousand_accounts_do_not_start_together() -> None:
    delays = sorted(splay(AccountKey("heygen", f"account {number}"), Seconds(300), 2_000) for number in range(2_000))
    busiest = max(sum(start <= delay < start + 1 for delay in delays) for start in range(200))
    assert busiest < 3 * START_RATE


def test_accounts_of_the_same_name_at_two_providers_start_apart() -> None:
    assert splay(AccountKey("a", "bc"), Seconds(300), 100) != splay(AccountKey("ab", "c"), Seconds(300), 100)


def test_the_first_failure_waits_no_longer_than_usual() -> None:
    assert backed_off(Seconds(60), 1, Seconds(900), 1.0) == 60


def test_each_further_failure_doubles_the_longest_wait_up_to_the_cap() -> None:
    assert [backed_off(Seconds(60), failures, Seconds(900), 1.0) for failures in range(1, 8)] == [60, 120, 240, 480, 900, 900, 900]


def test_the_jitter_does_not_shorten_the_interval() -> None:
    assert backed_off(Seconds(60), 5, Seconds(900), 0.0) == 60
    assert backed_off(Seconds(60), 5, Seconds(900), 0.5) == 480


def test_an_interval_beyond_the_cap_is_kept() -> None:
    assert backed_off(Seconds(3_600), 9, Seconds(900), 1.0) == 3_600


@given(INTERVALS, st.integers(0, 10**9), st.floats(1, 10**6).map(Seconds), st.floats(0, 1))
def test_the_effective_interval_is_never_below_the_interval_nor_above_the_cap(
    interval: Seconds, failures: int, max_backoff: Seconds, chance: float
) -> None:
    effective = backed_off(interval, failures, max_backoff, chance)
    assert interval <= effective <= max(interval, max_backoff) * (1 + 1e-12)


def test_a_quick_poll_keeps_the_schedule() -> None:
    assert next_due(100.0, Seconds(10), 100.3) == 110


def test_a_long_poll_skips_the_times_that_it_missed() -> None:
    assert next_due(100.0, Seconds(10), 125.0) == 130


def test_a_poll_that_ends_at_a_scheduled_time_is_followed_at_once() -> None:
    assert next_due(100.0, Seconds(10), 120.0) == 120


@given(st.floats(0, 1e6), INTERVALS, st.floats(0, 1e6))
def test_the_next_poll_is_in_the_future_on_the_grid_and_an_interval_away(due: float, interval: Seconds, late: float) -> None:
    coming = next_due(due, interval, due + late)
    intervals = (coming - due) / interval
    assert coming >= due + interval * (1 - 1e-9)
    assert coming >= due + late - 1e-6
    assert math.isclose(intervals, round(intervals), abs_tol=1e-6)
