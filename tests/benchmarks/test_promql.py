"""The small PromQL of the evaluation, against the definitions of Prometheus's documentation."""

from itertools import pairwise
from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.warning.grid import STEP
from benchmarks.warning.promql.compiler import Compiler
from benchmarks.warning.promql.parser import parse
from benchmarks.warning.promql.rules import alert, record
from benchmarks.warning.promql.series import Database
from benchmarks.warning.promql.syntax import Unsupported
from benchmarks.warning.promql.windows import FUNCTIONS

A, B = (("account", "a"),), (("account", "b"),)
A_USD = (("account", "a"), ("unit", "usd"))


def database(**families: dict[tuple[tuple[str, str], ...], list[float]]) -> Database:
    steps = len(next(iter(next(iter(families.values())).values())))
    return Database(steps, {(name, labels): np.array(row) for name, rows in families.items() for labels, row in rows.items()})


def values(expression: str, db: Database) -> dict[tuple[tuple[str, str], ...], list[float | None]]:
    plan = Compiler(db).compile(parse(expression))
    rows = plan.whole()
    return {labels: [None if isnan(each) else each for each in row] for labels, row in zip(plan.labels or [()], rows.tolist(), strict=True)}


def over(name: str, row: list[float], width: int, *more: float) -> list[float]:
    with np.errstate(all="ignore"):
        found: list[float] = FUNCTIONS[name](np.array([row]), width, *more)[0].tolist()
    return found


def naive(name: str, window: list[float]) -> float:
    found = [each for each in window if not isnan(each)]
    if not found:
        return nan
    return {
        "last_over_time": found[-1],
        "count_over_time": float(len(found)),
        "sum_over_time": sum(found),
        "max_over_time": max(found),
        "min_over_time": min(found),
        "changes": float(sum(x != y for x, y in pairwise(found))),
        "present_over_time": 1.0,
    }[name]


@given(
    st.lists(st.one_of(st.just(nan), st.integers(0, 9).map(float)), min_size=1, max_size=40),
    st.integers(0, 12),
    st.sampled_from(
        ["last_over_time", "count_over_time", "sum_over_time", "max_over_time", "min_over_time", "changes", "present_over_time"]
    ),
)
def test_windows_are_those_of_a_loop_over_every_step(row: list[float], width: int, name: str) -> None:
    wanted = [naive(name, row[max(0, step - width) : step + 1]) for step in range(len(row))]
    np.testing.assert_allclose(over(name, row, width), wanted)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=30), st.integers(1, 8))
def test_the_increase_of_a_counter_without_gaps_covers_the_window(steps: list[int], width: int) -> None:
    counter = (1000.0 + np.cumsum(steps)).tolist()
    whole = [counter[step] - counter[step - width] for step in range(width, len(counter))]
    np.testing.assert_allclose(over("increase", counter, width)[width:], whole)


def test_a_reset_of_a_counter_is_no_decrease() -> None:
    counter = [100.0, 110.0, 5.0, 15.0]
    assert over("increase", counter, 3)[-1] == pytest.approx(25)


def test_predict_linear_follows_a_line() -> None:
    row = [100.0 - step for step in range(20)]
    assert over("predict_linear", row, 6, 10 * STEP)[-1] == pytest.approx(row[-1] - 10)


def test_a_subquery_takes_the_maximum_of_aligned_steps() -> None:
    db = database(x={A: [float(step) for step in range(12)]})
    assert values("max_over_time(x[30m:15m])", db)[A][-1] == 9


def test_comparisons_keep_the_left_value_and_arithmetic_matches_labels() -> None:
    db = database(left={A_USD: [10.0, 20.0], B: [1.0, 1.0]}, limit={A: [15.0, 15.0]})
    assert values("left > 5", db) == {A_USD: [10, 20], B: [None, None]}
    assert values("left / ignoring (unit) group_left () limit", db) == {A_USD: [10 / 15, 20 / 15]}
    assert values("5 < left", db) == values("left > 5", db)
    assert values("left > bool 15", db) == {A_USD: [0, 1], B: [0, 0]}


def test_set_operators_match_by_labels() -> None:
    db = database(left={A: [1.0, nan], B: [2.0, 2.0]}, right={A: [nan, 7.0]})
    assert values("left and right", db) == {A: [None, None], B: [None, None]}
    assert values("left unless right", db) == {A: [1, None], B: [2, 2]}
    assert values("left or right", db) == {A: [1, 7], B: [2, 2]}


def test_aggregations_group_by_labels() -> None:
    db = database(left={A_USD: [1.0], (("account", "a"), ("unit", "eur")): [3.0], B: [nan]})
    assert values("sum by (account) (left)", db) == {A: [4], B: [None]}
    assert values("count without (unit) (left)", db) == {A: [2], B: [None]}
    assert values("max by (account) (left)", db)[A] == [3]


def test_matchers_select_series() -> None:
    db = database(left={A_USD: [1.0], B: [2.0]})
    assert values('left{unit!~"u.*"}', db) == {B: [2]}
    assert values('left{unit="usd"}', db) == {A_USD: [1]}


@pytest.mark.parametrize(
    "expression",
    [
        "absent(x)",
        "x[5m]",
        "rate(x[7s])",
        "x offset -5m",
        "x + on () group_right () x",
        "sum(x",
        "topk(3, x)",
        "max_over_time(x[1h:])",
        "1 < 2",
        "x @ 3",
    ],
)
def test_what_is_not_known_is_refused(expression: str) -> None:
    with pytest.raises(Unsupported):
        values(expression, database(x={A: [1.0]}))


def test_two_values_for_one_signature_are_refused() -> None:
    with pytest.raises(Unsupported, match="many-to-many"):
        values("x * on () x", database(x={A: [1.0], B: [2.0]}))


def fires(row: list[float], wait: int, keep: int) -> list[int]:
    found = alert(database(x={A: row}), "x > 0", wait * STEP, keep * STEP)
    return found[A].astype(int).tolist() if A in found else []


def test_an_alert_waits_for_its_time_and_keeps_firing() -> None:
    assert fires([0, 1, 1, 1, 0, 0, 0], 2, 0) == [0, 0, 0, 1, 0, 0, 0]
    assert fires([0, 1, 1, 0, 0, 0, 0], 1, 2) == [0, 0, 1, 1, 1, 0, 0]
    assert fires([1, 0, 1, 0, 1, 0, 0], 1, 0) == []


def test_an_alert_that_still_fires_does_not_wait_again() -> None:
    assert fires([1, 1, 0, 0, 1, 0, 0, 0], 1, 2) == [0, 1, 1, 1, 1, 1, 1, 0]


def test_a_recording_rule_can_read_its_own_last_value() -> None:
    db = database(x={A: [3.0, nan, nan, nan, nan]}, up={A: [1.0, 1.0, 1.0, 0.0, 0.0]})
    record(db, "x:last", "x or last_over_time(x:last[10m]) and up == 1", {"kept": "yes"})
    labels, data = db.get("x:last")
    assert labels == [(("account", "a"), ("kept", "yes"))]
    np.testing.assert_array_equal(data, [[3, 3, 3, nan, nan]])


def test_the_time_is_that_of_the_step() -> None:
    db = database(x={A: [400.0, 400.0, inf]})
    assert values("x - time()", db)[A] == [400, 100, inf]
    assert values("clamp_min(x - time() - 200, 0)", db)[A][:2] == [200, 0]
