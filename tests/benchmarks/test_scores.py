"""The verdicts: what is announced, what is false, and that worse rules score worse."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.warning.grid import DAY, HOUR, steps_of
from benchmarks.warning.scoring import results
from benchmarks.warning.scoring.check import read_recorded, worse
from benchmarks.warning.scoring.detectors import EXHAUSTED, GROUPS, PAGE, Rules, load
from benchmarks.warning.scoring.figures import Figures, exhausted
from benchmarks.warning.scoring.judge import Judge
from benchmarks.warning.scoring.report import report
from benchmarks.warning.scoring.scores import Scores, score
from benchmarks.warning.scoring.show import show
from benchmarks.warning.simulation.account import Account, build
from benchmarks.warning.simulation.batch import Batch, Known, Plan, simulate
from benchmarks.warning.simulation.further_kinds import ALL
from benchmarks.warning.simulation.history import live
from tools.docs.warning import CAUSES

KINDS = (
    "wallet steady, late top-up", "wallet office hours, late", "auto reload works", "month fits, steady", "wallet growth", "wallet lumpy jobs",
)  # fmt: skip
[KEY] = PAGE


@pytest.fixture(scope="module")
def batch() -> Batch:
    return simulate(Plan(8, 6, KINDS, 12), 0)


def alerting(expression: str, wait: str = "5m", keep: str = "15m") -> Rules:
    rule = {"alert": KEY[0], "expr": expression, "for": wait, "keep_firing_for": keep, "labels": {"severity": KEY[1]}}
    return Rules((), ({"name": "x", "rules": [rule]},), {KEY: 12 * HOUR})


def figures(batch: Batch, rules: Rules) -> Figures:
    return Figures(score(batch, rules), PAGE)


PREDICTED = "predict_linear(ai_account_quota_remaining[6h], {}) < 0 and ai_account_quota_remaining > 0"


def test_a_rule_that_never_fires_announces_nothing(batch: Batch) -> None:
    silent = figures(batch, alerting("ai_account_up > 2"))
    assert silent.visible
    assert silent.announced(silent.visible) == 0
    assert not silent.alarms


def test_a_rule_that_always_fires_announces_all_and_is_false(batch: Batch) -> None:
    loud = figures(batch, alerting("ai_account_scrapes_total > 0", keep="30m"))
    assert loud.announced(loud.visible) == loud.standing(loud.visible) == len(loud.visible) > 5
    assert len(loud.false) > 3


def test_a_longer_forecast_announces_more_and_is_wrong_more_often(batch: Batch) -> None:
    short, long, longer = (figures(batch, alerting(PREDICTED.format(hours * 3600))) for hours in (4, 12, 240))
    assert short.announced(short.visible) < long.announced(long.visible)
    assert len(short.false) < len(longer.false)
    assert long.lead(0.5) > short.lead(0.5)


def test_by_six_days_fewer_alarms_are_false_unless_twice_the_announced_time_is_longer(batch: Batch) -> None:
    rules = alerting(PREDICTED.format(240 * 3600))
    short, long = (figures(batch, replace(rules, horizons={KEY: days * DAY})) for days in (1, 4))
    assert set(short.false_in_six_days) < set(short.false)
    assert long.false_in_six_days == long.false != []
    assert short.as_numbers()["false_in_six_days"] == pytest.approx(short.per_month(len(short.false_in_six_days)), abs=1e-4)


def test_the_causes_of_false_warnings_name_kinds_that_exist() -> None:
    kinds = [kind for names in CAUSES.values() for kind in names]
    assert len(kinds) == len(set(kinds))
    assert set(kinds) <= ALL.keys()


def test_a_rule_without_keep_firing_for_flaps_more(batch: Batch) -> None:
    expression = "ai_account_quota_remaining / (-1 * deriv(ai_account_quota_remaining[1h]) > 0) < 43200"
    bare, kept = figures(batch, alerting(expression, keep="0s")), figures(batch, alerting(expression, keep="2h"))
    assert len(bare.flaps) > len(kept.flaps)


def test_the_alert_that_an_account_is_exhausted_is_judged_by_the_balance(batch: Batch) -> None:
    rule = {"alert": EXHAUSTED[0], "expr": "ai_account_quota_remaining < 50", "labels": {"severity": EXHAUSTED[1]}}
    right = exhausted(score(batch, load(further=())))
    wrong = exhausted(score(batch, Rules((), ({"rules": [rule]},), {})))
    assert right["alarms"] > 0
    assert right["false"] == right["late"] == 0
    assert wrong["false"] > 0


def test_both_severities_that_an_account_is_exhausted_are_one_report(batch: Batch) -> None:
    condition = "ai_account_quota_remaining <= 0"
    halves = (
        ("critical", "ai_account_quota_reset_timestamp_seconds"),
        ("warning", "on (account) (ai_account_scrapes_total unless on (account) ai_account_quota_reset_timestamp_seconds)"),
    )
    whole = {"alert": EXHAUSTED[0], "expr": condition, "labels": {"severity": EXHAUSTED[1]}}
    split = [{**whole, "expr": f"{condition} and {part}", "labels": {"severity": severity}} for severity, part in halves]
    one, two = (exhausted(score(batch, Rules((), ({"rules": found},), {}))) for found in ([whole], split))
    assert one == two
    assert one["alarms"] > exhausted(score(batch, Rules((), ({"rules": split[:1]},), {})))["alarms"]


def test_a_rule_that_cannot_be_evaluated_is_named(batch: Batch) -> None:
    assert score(batch, alerting("absent(ai_account_up)")).unsupported == {f"{KEY[0]}: function absent"}


def judged(kind: str, **changes: Any) -> tuple[Account, Judge]:
    account = build(0, kind, 8, 10)
    account = replace(account, demand=np.ones_like(account.demand), start=float(5 * DAY), topup=float(2 * DAY), **changes)
    history = live(account, np.random.default_rng(0))
    seen = np.arange(steps_of(10))
    return account, Judge(Known(account, history, seen), 10)


def test_an_end_is_foreseen_exactly_and_without_the_top_ups_of_people() -> None:
    _, judge = judged("wallet steady, late top-up")
    assert judge.ends[0] == 5 * DAY - 1
    assert judge.would_end(4 * DAY, DAY)
    assert not judge.would_end(4 * DAY - 2, DAY)
    assert judge.sight(judge.ends[0]) == "visible"


def test_a_reset_comes_before_the_end() -> None:
    _, judge = judged("month too short, steady", limit=float(8 * DAY), resets=(2 * DAY, 9 * DAY), plans={})
    assert not judge.would_end(DAY, 20 * DAY)
    judge = judged("month too short, steady", limit=float(8 * DAY), resets=(4 * DAY,), plans={})[1]
    assert judge.would_end(DAY, 20 * DAY)


def test_a_working_auto_reload_prevents_the_end_and_a_broken_one_does_not() -> None:
    _, judge = judged("auto reload works", reload=(50.0, 400.0))
    assert not judge.would_end(4 * DAY, 6 * DAY)
    _, judge = judged("auto reload fails", reload=(50.0, 400.0), reload_fails_from=3 * DAY)
    assert judge.would_end(4 * DAY, 6 * DAY)


def test_use_that_follows_the_balance_lasts_longer() -> None:
    account, judge = judged("use follows the balance")
    assert account.spec.follows > 0
    assert not judge.would_end(0, 5 * DAY + HOUR)


def test_the_report_has_all_groups_and_the_cases(batch: Batch) -> None:
    scores, rules = Scores(), load()
    scores += score(batch, rules)
    text = "\n".join(report(scores, rules, 2))
    assert all(name in text for name in (*GROUPS, *KINDS, "BaselinePredictLinear12h"))
    assert "AIAccountExhausted" in text
    result = results.result_of(scores, rules)
    assert result["accounts"] == len(batch.accounts)
    assert result["detectors"].keys() >= GROUPS.keys()
    assert result["by_kind"].keys() == set(KINDS)
    assert sum(row["visible"] for row in result["by_kind"].values()) == result["ends"]["visible"]
    assert sum(row["visible"] - row["announced"] for row in result["by_kind"].values()) == len(result["missed"])


def test_one_account_is_shown_by_the_hour(batch: Batch) -> None:
    known = next(known for known in batch.accounts if known.history.ends)
    end = known.history.ends[0]
    lines = list(show(batch, known, load(), max(0, end - 5 * HOUR), 8))
    assert len(lines) == 10
    assert any("END at" in line for line in lines)


def test_a_figure_that_became_worse_is_reported() -> None:
    recorded = {"pages": {"announced": 0.99, "false_alarms": 0.1}}
    assert not list(worse(recorded, recorded))
    assert not list(worse({"pages": {"announced": 1.0, "false_alarms": 0.0}}, recorded))
    assert list(worse({"pages": {"announced": 0.9, "false_alarms": 0.1}}, recorded)) == ["pages: announced was 0.99, and is 0.9"]
    assert list(worse({"pages": {"announced": 0.99, "false_alarms": 0.2}}, recorded)) == ["pages: false_alarms was 0.1, and is 0.2"]
    assert len(list(worse({}, recorded))) == 2


def test_the_recorded_figures_cover_all_groups() -> None:
    assert read_recorded().keys() == {*GROUPS, "exhausted"}


def test_the_verdicts_on_each_kind_add_up_to_those_on_all(batch: Batch) -> None:
    scores = score(batch, load(further=()))
    of_kinds = [scores.of_kind(kind) for kind in scores.kinds]
    assert sum(each.months for each in of_kinds) == pytest.approx(scores.months)
    for part in ("ends", "alarms", "flaps"):
        assert sorted(map(repr, getattr(scores, part))) == sorted(repr(found) for each in of_kinds for found in getattr(each, part))


def test_an_end_that_was_not_announced_had_its_alert_too_late_or_never(batch: Batch) -> None:
    found = figures(batch, alerting(PREDICTED.format(4 * 3600)))
    assert found.missed
    assert {found.hours_before(end) >= 4 for end in found.missed} == {False}
    assert len(found.missed) == len(found.visible) - found.announced(found.visible)
