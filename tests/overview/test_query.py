"""What the parameters of a URL select, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.overview.facts import State
from exporter.overview.query import SORT_KEYS, Query, parameter_of, parse_query
from tests.web.overviews import EVERY_STATE, account, everything, overview

NAMES = [one.account for one in EVERY_STATE]


def names(*parameters: tuple[str, str]) -> list[str]:
    query = parse_query(parameters, everything())
    assert query.problems == ()
    return [one.account for one in query.select(everything()).accounts]


def problems(*parameters: tuple[str, str]) -> str:
    return "\n".join(parse_query(parameters, everything()).problems)


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ([], NAMES),
        ([("team", "voice")], ["podcast"]),
        ([("team", "voice"), ("team", "events")], ["stage", "podcast"]),
        ([("provider", "elevenlabs")], ["narration-de", "podcast", "enterprise"]),
        ([("provider", "elevenlabs"), ("state", "exhausted")], ["narration-de"]),
        ([("provider", "elevenlabs"), ("state", "exhausted"), ("state", "ok")], ["narration-de", "enterprise"]),
        ([("provider", "elevenlabs"), ("team", "events")], []),
        ([("account", "studio")], ["studio"]),
        ([("account", "STUDIO")], []),
        ([("team", "")], ["enterprise"]),
        ([("label.team", "voice")], ["podcast"]),
        ([("cost_center", "4711")], ["stage"]),
        ([("provider", "of nobody")], []),
        ([("q", "STUDIO")], ["studio"]),
        ([("q", "  elevenlabs   low ")], ["podcast"]),
        ([("q", "elevenlabs"), ("q", "low")], ["podcast"]),
        ([("q", "cost_center=4711")], ["stage"]),
        ([("q", "rate_limited")], ["web-plan"]),
        ([("q", "voice_slots")], ["podcast"]),
        ([("q", "heygen/render-farm")], ["render-farm"]),
        ([("q", "no such thing")], []),
        ([("q", "")], NAMES),
        ([("sort", "")], NAMES),
    ],
)
def test_the_values_of_one_name_are_alternatives_and_each_name_must_match(parameters: list[tuple[str, str]], found: list[str]) -> None:
    assert names(*parameters) == found


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("account", sorted(NAMES)),
        ("-account", sorted(NAMES, reverse=True)),
        ("left", ["podcast", "stage", "render-farm", "web-plan"]),
        ("-left", ["web-plan", "render-farm", "stage", "podcast"]),
        ("runway", ["render-farm", "studio", "web-plan"]),
        ("-runway", ["web-plan", "studio", "render-farm"]),
    ],
)
def test_accounts_are_sorted_and_unknown_values_are_last(sort: str, found: list[str]) -> None:
    sorted_names = names(("sort", sort))
    assert sorted_names[: len(found)] == found
    unknown = sorted_names[len(found) :]
    assert unknown == [name for name in NAMES if name in unknown], "as without an order"
    assert sorted(sorted_names) == sorted(NAMES)


def test_the_oldest_figures_are_first_in_the_reverse_order_of_the_age() -> None:
    assert names(("sort", "-age"))[:2] == ["forgotten", "web-plan"]
    assert names(("sort", "-age"))[-2:] == ["narration-de", "new"]


@pytest.mark.parametrize(
    ("parameter", "problem"),
    [
        (("teams", "video"), "“teams” is neither a parameter nor a label of an account; did you mean 'team'?"),
        (("filter", "x"), "“filter” is neither a parameter nor a label of an account; expected account, cost_center, provider, q, sort, state, team"),
        (("label.nothing", "x"), "“label.nothing” is neither"),
        (("state", "fialing"), "“fialing” is not a state; did you mean 'failing'?"),
        (("state", "FAILING"), "“FAILING” is not a state; did you mean 'failing'?"),
        (("state", "broken"), "“broken” is not a state; expected exhausted, failing, low, ok, stale, waiting"),
        (("state", ""), "“” is not a state"),
        (("sort", "runwya"), "accounts cannot be sorted by “runwya”; did you mean 'runway'?"),
        (("sort", "--age"), "accounts cannot be sorted by “--age”"),
        (("x" * 5_000, "x"), f"“{'x' * 64}…” is neither"),
    ],
)  # fmt: skip
def test_what_is_not_valid_is_a_problem_and_left_out(parameter: tuple[str, str], problem: str) -> None:
    assert problem in problems(parameter)
    assert parse_query([parameter, ("team", "voice")], everything()).wanted == (("team", "voice"),)


def test_a_label_with_the_name_of_a_parameter_has_another_parameter() -> None:
    shown = overview(
        [account("one", State.OK, labels={"state": "berlin", "q": "1"}), account("two", State.OK, labels={"state": "bonn", "q": "2"})]
    )
    for label, value in (("state", "berlin"), ("q", "1")):
        name = parameter_of(label)
        assert name == f"label.{label}"
        assert [one.account for one in parse_query([(name, value)], shown).select(shown).accounts] == ["one"]
    assert parameter_of("team") == "team"
    [problem] = parse_query([("filter", "x")], shown).problems
    assert problem.endswith("; expected account, label.q, label.state, provider, q, sort, state")


def test_the_totals_are_those_of_the_selected_accounts() -> None:
    summary = parse_query([("provider", "heygen")], everything()).select(everything()).summary
    assert (summary.accounts, summary.states[State.LOW], summary.states[State.EXHAUSTED]) == (4, 2, 0)
    assert summary.soonest
    assert summary.soonest.account == "render-farm"


@given(st.lists(st.tuples(st.sampled_from(["team", "provider", "account", "state", "q", "sort", "label.team", "x"]), st.text(max_size=9))))
def test_the_parameters_of_a_query_are_read_back(parameters: list[tuple[str, str]]) -> None:
    query = parse_query(parameters, everything())
    assert parse_query(query.parameters, everything()) == Query(query.wanted, query.words, query.sort)


@pytest.mark.parametrize("key", SORT_KEYS)
def test_no_account_is_lost_in_any_order(key: str) -> None:
    assert sorted(names(("sort", f"-{key}"))) == sorted(names(("sort", key))) == sorted(NAMES)
