"""Placeholders in requests: params cannot leave their segment, and braces that are no placeholder stay."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.providers.request_template import fill, fill_all, fill_path, is_param, problem_of
from tests.support import NOW


@given(st.text(max_size=20))
def test_a_param_stays_one_segment_of_the_path(value: str) -> None:
    if is_param(value):
        path = fill_path("/v1/projects/{project}/balances?x=1", {"project": value})
        parts = urlsplit(f"https://api.example.com{path}")
        before, own, after = parts.path.removeprefix("/v1/").split("/")
        assert (before, unquote(own), after, parts.query, parts.fragment) == ("projects", value, "balances", "x=1", "")
        assert own not in {"", ".", ".."}


def test_every_separator_in_a_value_is_encoded() -> None:
    assert fill_path("/v1/{project}", {"project": "a/b?c#d"}) == "/v1/a%2Fb%3Fc%23d"


@pytest.mark.parametrize(
    "value",
    ["", ".", "..", "a/b", "../admin", "/", "%2f", "%2e%2e", "a%2Fb", "a\\b", "a\nb", "\x00", " a", "a ", "x" * 129, "\u202e", "\ud800"],
)
def test_a_value_that_could_leave_its_segment_is_no_param(value: str) -> None:
    assert not is_param(value)


@pytest.mark.parametrize(
    "value", ["0b1c", "proj_abc", "AC" + "0" * 32, "a.b", "...", "a b", "a:b@c", "caf\u00e9", "a?b#c&d=e", "{project}"]
)
def test_an_id_is_a_param(value: str) -> None:
    assert is_param(value)


def test_a_param_is_not_filled_in_again() -> None:
    assert fill("{a}{b}", {"a": "{b}", "b": "{a}"}) == "{b}{a}"


def test_texts_of_a_body_are_filled_in_and_the_rest_stays() -> None:
    body = {"query": "query { me { a } }", "since": "{today:date}", "list": ["{team}", 1, True, None, 0.5], "{team}": {"x": "a{team}b"}}
    assert fill_all(body, {"team": "t1"}, NOW) == {
        "query": "query { me { a } }", "since": "2026-11-18", "list": ["t1", 1, True, None, 0.5], "{team}": {"x": "at1b"},
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "plain", "{team}", "a{team}b{project}", "{ myself { balance } }", "{}"[:1], "{month_start:unix}"])
def test_texts_without_a_mistake_have_no_problem(text: str) -> None:
    assert problem_of(text, {"team", "project"}, times=True) is None


@pytest.mark.parametrize(
    ("text", "times", "problem"),
    [
        ("{teem}", True, "{teem} is not a param or a time; did you mean 'team'?"),
        ("{org}", False, "{org} is not a param; define it in `params`, or put a space after a brace that starts no placeholder"),
        ("{month_start}", True, "{month_start} has no format: write {month_start:unix}, or another of date, iso8601, unix and unix_ms"),
        ("{now-1h:unix}", True, "{now-1h:unix} is not a time: expected {now:FORMAT} or {now-30d:FORMAT}, with date, iso8601, unix or unix_ms"),
        ("{today:date}", False, "{today:date} is a time: a time can only be in `query` or `body`"),
        ("{}", True, "{} is not a param or a time; define it in `params`, or put a space after a brace that starts no placeholder"),
        ("{yesterday:date}", True, "{yesterday:date} is not a param or a time; define it in `params`, or put a space after a brace that "
                                   "starts no placeholder"),
    ],
)  # fmt: skip
def test_a_placeholder_that_cannot_be_filled_is_a_problem(text: str, times: bool, problem: str) -> None:  # noqa: FBT001 -- a case of the table
    assert problem_of(text, {"team"}, times=times) == problem
