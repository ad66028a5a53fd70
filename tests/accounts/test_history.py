"""The consumption of the last two weeks: few points, and the line between them."""

from __future__ import annotations

from array import array
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from exporter.accounts.history import DAY, EMPTY, MAX_SPANS, OLD_SPACING, RECENT, SPACING, SPAN, Curve, History

STORED = TypeAdapter(History)
START, HOUR = 1_760_000_000.0, 3_600.0
READINGS = st.lists(st.tuples(st.floats(1.0, 2 * DAY), st.integers(0, 5).map(float)), min_size=1, max_size=150)
"""How long after the previous one each reading was made, and what was consumed in between."""
STEPS = st.lists(st.tuples(st.integers(1, 100_000), st.integers(1, 1_000_000)), min_size=1, max_size=20)


def history_of(*points: tuple[float, float], empty: tuple[tuple[float, float], ...] = ()) -> History:
    """Return a history of these times and amounts."""
    return History(array("d", [at for at, _ in points]), array("d", [amount for _, amount in points]), empty)


def emptied(*spans: tuple[float, float]) -> History:
    """Return a history after these times without anything left, one reading at the end of each."""
    history = EMPTY
    for start, end in spans:
        history = history.updated(end, 0.0, empty_since=start)
    return history


def curve_of(steps: list[tuple[int, int]]) -> Curve:
    """Return the line through these steps of time and amount."""
    at, amount, points = START, 0.0, [(START, 0.0)]
    for seconds, consumed in steps:
        at, amount = at + seconds, amount + consumed
        points.append((at, amount))
    return Curve(history_of(*points[:-1]), at, amount)


# The points


def test_the_first_reading_begins_the_history() -> None:
    assert EMPTY.updated(START, 5.0) == history_of((START, 5.0))


def test_a_reading_without_consumption_or_soon_after_the_last_point_changes_nothing() -> None:
    history = history_of((START, 5.0))
    assert history.updated(START + DAY, 5.0) is history
    assert history.updated(START + SPACING - 1, 9.0) is history
    assert history.updated(START + SPACING, 9.0) == history_of((START, 5.0), (START + SPACING, 9.0))


@given(READINGS)
def test_points_are_few_sorted_and_apart_and_begin_before_the_span(readings: list[tuple[float, float]]) -> None:
    history, at, amount = EMPTY.updated(START, 0.0), START, 0.0
    for wait, consumed in readings:
        at, amount = at + wait, amount + consumed
        history = history.updated(at, amount)
        assert len(history.times) == len(history.amounts) <= SPAN / SPACING + 2
        assert all(later - earlier >= SPACING for earlier, later in pairwise(history.times))
        assert all(later >= earlier for earlier, later in pairwise(history.amounts))
        assert all(age < SPAN for age in (at - time for time in history.times[1:]))
        assert history.times[0] <= max(START, at - SPAN) or history.times[0] == START
        assert history.times[-1] <= at


@example([(1.0, 0.0), (1.0, 1.0), (1.0, 3.0)])
@given(READINGS)
def test_the_line_is_right_at_each_point_and_near_the_readings_around_it_elsewhere(readings: list[tuple[float, float]]) -> None:
    history, known = EMPTY.updated(START, 0.0), [(START, 0.0)]
    for wait, consumed in readings:
        known.append((known[-1][0] + wait, known[-1][1] + consumed))
        history = history.updated(*known[-1])
    curve = Curve(history, *known[-1])
    for time, true in known:
        if time in history.times:
            assert curve.amount_at(time) == true
        elif time >= curve.begins_at:
            near = SPACING if time > curve.now - RECENT + OLD_SPACING else OLD_SPACING
            before = max(amount for at, amount in known if at <= max(time - near, START))
            after = next((amount for at, amount in known if at >= time + near and amount > true), known[-1][1])
            assert before - 1e-6 <= curve.amount_at(time) <= after + 1e-6


def test_of_the_days_before_the_last_eight_fewer_points_are_kept_and_pauses_stay_where_they_were() -> None:
    """10 an hour from 0:00 to 8:00 on every second day."""
    history, amount = EMPTY, 0.0
    for hour in range(24 * 20 + 1):
        history = history.updated(START + hour * HOUR, amount)
        amount += 10.0 if hour // 24 % 2 == 0 and hour % 24 < 8 else 0.0
    old = [time for time in history.times if time <= START + 20 * DAY - RECENT]
    assert len(old) < 3 * 8 < len(history.times) < 50
    curve = Curve(history, START + 20 * DAY, amount)
    for day in range(6, 20):
        used = curve.amount_at(START + (day + 1) * DAY) - curve.amount_at(START + day * DAY)
        assert used == pytest.approx(80.0 if day % 2 == 0 else 0.0, abs=15)


def test_after_the_clock_was_set_back_points_in_the_future_are_dropped() -> None:
    history = history_of((START, 0.0), (START + DAY, 5.0), (START + 2 * DAY, 9.0))
    assert history.updated(START + DAY, 9.0) == history_of((START, 0.0), (START + DAY, 5.0))
    assert history.updated(START + DAY + SPACING, 9.0) == history_of((START, 0.0), (START + DAY, 5.0), (START + DAY + SPACING, 9.0))
    assert history.updated(START - 1, 9.0) == history_of((START - 1, 9.0))


def test_after_the_clock_was_set_far_ahead_one_point_stays() -> None:
    history = history_of((START, 0.0), (START + DAY, 5.0))
    assert history.updated(START + 9 * 365 * DAY, 6.0) == history_of((START + DAY, 5.0), (START + 9 * 365 * DAY, 6.0))


# The times without anything left


def test_times_without_anything_left_are_one_while_they_touch() -> None:
    assert emptied((0, 300), (300, 600), (600, 900)).empty == ((0, 900),)
    assert emptied((0, 300), (600, 900), (900, 1200)).empty == ((0, 300), (600, 1200))


def test_times_without_anything_left_are_forgotten_after_the_span() -> None:
    history = emptied((0, 300), (600, 900))
    assert history.updated(300 + SPAN, 0.0).empty == ((600, 900),)
    assert history.updated(900 + SPAN, 0.0).empty == ()
    assert history.updated(900 + SPAN, 0.0, empty_since=900).empty == ((900, 900 + SPAN),)


def test_an_end_that_lasts_longer_than_the_span_is_one() -> None:
    readings = [(number * HOUR, (number + 1) * HOUR) for number in range(20 * 24)]
    assert emptied(*readings).empty == ((0, 20 * DAY),)


def test_the_number_of_times_without_anything_left_is_limited() -> None:
    spans = [(number * 1000.0, number * 1000.0 + 300) for number in range(100)]
    assert emptied(*spans).empty == tuple(spans[-MAX_SPANS:])


def test_after_the_clock_was_set_back_the_times_without_anything_left_are_in_the_past() -> None:
    history = emptied((0, 300), (600, 900))
    assert history.updated(500, 0.0, empty_since=900).empty == ((0, 300),)
    assert history.updated(900, 0.0, empty_since=900).empty == ((0, 300), (600, 900))


# Moved and stored


@given(STEPS, st.integers(-(10**9), 10**9))
def test_a_shifted_history_has_other_times_and_the_same_amounts(steps: list[tuple[int, int]], seconds: int) -> None:
    history, at, amount = EMPTY, START, 0.0
    for wait, consumed in steps:
        history = history.updated(at + wait, amount + consumed, empty_since=at)
        at, amount = at + wait, amount + consumed
    moved = history.shifted(float(seconds))
    assert list(moved.times) == [time + seconds for time in history.times]
    assert moved.amounts == history.amounts
    assert moved.empty == tuple((start + seconds, end + seconds) for start, end in history.empty)
    assert moved.shifted(-float(seconds)) == history
    assert moved.updated(at + seconds + DAY, amount + 1) == history.updated(at + DAY, amount + 1).shifted(float(seconds))


@given(readings=READINGS, is_empty=st.booleans())
def test_a_stored_history_is_restored_exactly(*, readings: list[tuple[float, float]], is_empty: bool) -> None:
    history, at, amount = EMPTY, START, 0.0
    for wait, consumed in readings:
        history = history.updated(at + wait, amount + consumed, empty_since=at if is_empty else None)
        at, amount = at + wait, amount + consumed
        restored = STORED.validate_json(STORED.dump_json(history), strict=True)
        assert (restored, repr(restored)) == (history, repr(history))


def test_an_empty_history_is_restored_as_it_was() -> None:
    assert repr(STORED.validate_json(STORED.dump_json(EMPTY), strict=True)) == repr(EMPTY)
    assert repr(STORED.validate_json(b"{}", strict=True)) == repr(EMPTY)


@pytest.mark.parametrize(
    "text",
    [
        '{"times": [1.0], "amounts": []}',
        '{"times": [1.0], "amounts": [1.0, 2.0]}',
        '{"times": [2.0, 1.0], "amounts": [1.0, 2.0]}',
        '{"times": [1.0, 2.0], "amounts": [2.0, 1.0]}',
        '{"times": [NaN], "amounts": [1.0]}',
        '{"times": [1.0], "amounts": [Infinity]}',
        '{"times": [1e999], "amounts": [1.0]}',
        '{"times": ["1"], "amounts": [1.0]}',
        '{"times": [true], "amounts": [1.0]}',
        '{"times": [null], "amounts": [1.0]}',
        '{"times": [1%s], "amounts": [1.0]}' % ("0" * 400),
        '{"times": {}, "amounts": []}',
        '{"times": 1.0, "amounts": 1.0}',
        '{"empty": [[1.0]]}',
        '{"empty": [[1.0, 2.0, 3.0]]}',
        '{"empty": [[1.0, NaN]]}',
        '{"empty": [1.0]}',
        "[]",
        "7",
    ],
)
def test_a_damaged_history_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        STORED.validate_json(text, strict=True)


def test_times_and_amounts_belong_together() -> None:
    with pytest.raises(ValueError, match="as many times as amounts"):
        History(array("d", [1.0]), array("d"))


# The line


@pytest.mark.parametrize(
    ("at", "amount"),
    [(-5, 10), (0, 10), (50, 15), (100, 20), (150, 20), (200, 20), (250, 30), (300, 40), (350, 70), (400, 100), (500, 100)],
)
def test_between_points_the_line_is_straight(at: float, amount: float) -> None:
    history = history_of((0, 10), (100, 20), (200, 20), (300, 40))
    assert Curve(history, 400, 100).amount_at(at) == amount


@pytest.mark.parametrize(
    ("amount", "at"), [(5, 0), (10, 0), (15, 50), (20, 100), (21, 205), (30, 250), (40, 300), (70, 350), (100, 400), (500, 400)]
)
def test_an_amount_was_consumed_by_the_first_time_at_which_it_was_reached(amount: float, at: float) -> None:
    history = history_of((0, 10), (100, 20), (200, 20), (300, 40))
    assert Curve(history, 400, 100).time_of(amount) == at


def test_what_was_consumed_lately_is_a_difference() -> None:
    curve = Curve(history_of((0, 10), (100, 20)), 200, 60)
    assert [curve.consumed(seconds) for seconds in (0, 50, 100, 150, 200, 1000)] == [0, 20, 40, 45, 50, 50]


def test_a_history_without_points_begins_now() -> None:
    curve = Curve(EMPTY, START, 7.0)
    assert (curve.begins_at, curve.amount_at(START - DAY), curve.time_of(3.0), curve.consumed(DAY)) == (START, 7.0, START, 0.0)


def test_a_reading_at_the_time_of_the_last_point_divides_by_nothing() -> None:
    curve = Curve(history_of((START, 5.0)), START, 9.0)
    assert (curve.amount_at(START), curve.amount_at(START - 1), curve.time_of(9.0)) == (9.0, 5.0, START)


@given(STEPS, st.floats(0, 1))
def test_the_time_of_an_amount_is_the_time_at_which_it_was_reached(steps: list[tuple[int, int]], share: float) -> None:
    curve = curve_of(steps)
    at = curve.begins_at + share * (curve.now - curve.begins_at)
    assert curve.time_of(curve.amount_at(at)) == pytest.approx(at, rel=0, abs=1e-3)
    assert curve.begins_at <= curve.time_of(curve.amount_at(at)) <= curve.now


@given(STEPS, st.lists(st.floats(-0.5, 1.5), min_size=2, max_size=10))
def test_the_amount_never_falls(steps: list[tuple[int, int]], shares: list[float]) -> None:
    curve = curve_of(steps)
    times = [curve.begins_at + share * (curve.now - curve.begins_at) for share in sorted(shares)]
    amounts = [curve.amount_at(at) for at in times]
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(amounts))
    assert all(0 <= amount <= curve.amount for amount in amounts)
