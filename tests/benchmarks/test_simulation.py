"""The simulated accounts: their truth, and what the exporter exposes of it."""

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from benchmarks.warning.grid import DAY, HOUR, STEP, Floats
from benchmarks.warning.simulation import held_out
from benchmarks.warning.simulation.account import Account, build
from benchmarks.warning.simulation.batch import Batch, Known, Plan, simulate
from benchmarks.warning.simulation.further_kinds import ALL, DESIGN, HELD_OUT
from benchmarks.warning.simulation.history import History, live
from benchmarks.warning.simulation.outages import Downtime, Outage
from benchmarks.warning.simulation.polls import Exporter
from benchmarks.warning.simulation.vendor import running_total
from exporter.metrics.catalogue import ACCOUNT_FAMILIES
from exporter.model import Reason

LEFT, CONSUMED = "ai_account_quota_remaining", "ai_account_quota_consumed_total"


class Runs(Downtime):
    """An exporter that runs all the time, or not at some steps."""

    def __init__(self, *steps: int, keeps_state: bool = True) -> None:
        self.steps, self.keeps_state = set(steps), keeps_state


def a_wallet(kind: str = "wallet steady, late top-up", days: int = 4) -> tuple[Account, History]:
    account = replace(build(0, kind, 5, days), outages=(), refuses_polls=False)
    return account, live(account, np.random.default_rng(1))


def exported(pair: tuple[Account, History], days: int = 4, down: Downtime | None = None) -> dict[str, Floats]:
    series = Exporter("x", down or Runs(), [pair], days, np.random.default_rng(2)).run()
    main = {"account": pair[0].name, "resource": pair[0].resource}
    return {
        name: row for (name, labels), row in series.items() if all(dict(labels).get(key, value) == value for key, value in main.items())
    }


def test_all_kinds_have_demand_and_names_of_their_own() -> None:
    assert not DESIGN.keys() & HELD_OUT.keys()
    for number, kind in enumerate(ALL):
        account = build(number, kind, 3, 10)
        assert account.demand.min() >= 0, kind
        assert account.demand.sum() > 0, kind
        assert account.per_day > 0, kind


def test_only_the_held_out_kinds_use_the_held_out_profiles() -> None:
    rng = np.random.default_rng(1)
    users = {name for name, kind in ALL.items() if kind(rng).profile.__module__ == held_out.__name__}
    assert users == HELD_OUT.keys()


def test_some_held_out_kinds_end_and_others_do_not_and_none_is_always_empty() -> None:
    histories = [live(build(number, kind, 3, 30), np.random.default_rng(1)) for number, kind in enumerate(HELD_OUT)]
    assert all(history.remaining.max() > 0 and history.consumed.max() > 0 for history in histories)
    assert {bool(history.ends) for history in histories} == {True, False}


def test_a_wallet_is_what_it_was_filled_with_less_what_was_consumed() -> None:
    account, history = a_wallet(days=9)
    filled = sum(amount for _, _, amount in history.fillings)
    assert history.ends
    assert history.remaining[-1] == pytest.approx(account.start + filled - history.consumed.sum())
    assert history.remaining.min() >= 0


def test_the_same_seed_gives_the_same_samples() -> None:
    plan = Plan(2, 9, ("wallet lumpy jobs", "month too short, steady", "two exporters"), 3)
    first, again = simulate(plan, 0), simulate(plan, 0)
    assert first.series.keys() == again.series.keys()
    assert all(np.array_equal(row, again.series[key], equal_nan=True) for key, row in first.series.items())


@pytest.mark.parametrize("kind", ["wallet steady, late top-up", "wallet lumpy jobs", "vendor updates hourly", "wallet office hours, late"])
def test_the_counter_of_consumption_is_the_truth_between_top_ups(kind: str) -> None:
    batch = simulate(Plan(6, 4, (kind,), 2), 0)
    spans = [span for known in batch.accounts for span in compared(batch, known)]
    assert spans
    assert max(abs(counted - true) for counted, true in spans) <= 1.01


def compared(batch: Batch, known: Known) -> list[tuple[float, float]]:
    """What was counted and what was consumed between top-ups, in quanta, for spans of twelve hours or more."""
    account, total = known.account, running_total(known.history.consumed)
    [column] = [row for (name, labels), row in batch.series.items() if name == CONSUMED and dict(labels)["account"] == account.name]
    filled = [step for step, _, _ in known.history.fillings if step < len(column)]
    found = []
    for begin, end in zip([0, *filled], [*filled, len(column)], strict=True):
        first, last = begin + HOUR + account.spec.update_every, end - 1
        whole = column[first : last + 1]
        scraped = whole[~np.isnan(whole)]
        if last - first >= DAY / 2 and not np.isnan(whole[[0, -1]]).any() and (np.diff(scraped) >= 0).all():
            true = total[known.seen[last] + 1] - total[known.seen[first] + 1]
            found.append(((whole[-1] - whole[0]) / account.quantum, true / account.quantum))
    return found


def test_every_family_of_an_account_is_sampled_unless_it_is_named() -> None:
    kinds = ("auto reload works", "month with overage", "wallet steady, late top-up")
    names = {name for kind in kinds for name in exported(a_wallet(kind))}
    missing = {family.name for family in ACCOUNT_FAMILIES if family.name.startswith("ai_account_quota_")} - names
    assert missing <= {"ai_account_quota_unlimited", "ai_account_quota_threshold", "ai_account_quota_budget"}


def test_a_rejected_key_is_counted_and_its_values_vanish_when_they_are_stale() -> None:
    account, history = a_wallet()
    found = exported((replace(account, outages=(Outage(DAY, DAY + 10 * HOUR, Reason.UNAUTHORIZED),)), history))
    left, errors = found[LEFT], found["ai_account_scrape_errors_total"]
    assert not isnan(left[DAY])
    assert np.isnan(left[DAY + HOUR : DAY + 10 * HOUR]).all()
    assert not isnan(left[DAY + 11 * HOUR])
    assert errors[DAY - 1] == 0
    assert 20 < errors[-1] < 120
    assert found["ai_account_scrape_interval_seconds"].max() > STEP


def test_counters_survive_a_restart_only_with_state() -> None:
    pair, down = a_wallet(), range(DAY, DAY + 3)
    kept, lost = exported(pair, down=Runs(*down)), exported(pair, down=Runs(*down, keeps_state=False))
    assert np.isnan(kept[CONSUMED][DAY])
    assert kept[CONSUMED][DAY + 4] >= kept[CONSUMED][DAY - 1] > 0
    assert lost[CONSUMED][DAY + 4] < lost[CONSUMED][DAY - 1]


def test_an_adaptive_interval_shrinks_near_the_end() -> None:
    account, history = a_wallet(days=9)
    account = replace(account, spec=replace(account.spec, interval="1h", min_interval="5m"))
    intervals = exported((account, history), 9)["ai_account_scrape_interval_seconds"]
    assert history.ends[0] < 9 * DAY
    assert np.nanmax(intervals) == 3600
    assert intervals[history.ends[0] - 1] < 900


def test_two_exporters_poll_the_same_account() -> None:
    batch = simulate(Plan(1, 3, ("two exporters",), 1), 0)
    instances = {dict(labels)["instance"] for name, labels in batch.series if name == "ai_account_up"}
    assert len(instances) == 2


def test_use_that_follows_the_balance_falls_with_it() -> None:
    account = build(0, "use follows the balance", 5, 20)
    follows = live(account, np.random.default_rng(1))
    free = live(replace(account, spec=replace(account.spec, follows=0.0)), np.random.default_rng(1))
    assert follows.ends[0] > free.ends[0]


def test_a_back_loaded_quota_is_used_late_in_the_period() -> None:
    account = build(0, "credits used late in the month", 5, 60)
    even = build(0, "month fits, steady", 5, 60)
    assert share_of_second_half(account) > 0.7
    assert share_of_second_half(even) == pytest.approx(0.5, abs=0.1)


def share_of_second_half(account: Account) -> float:
    """How much of the demand between two resets comes in the second half."""
    first, last = account.resets[:2]
    demand = account.demand[first:last]
    return float(demand[len(demand) // 2 :].sum() / demand.sum())
