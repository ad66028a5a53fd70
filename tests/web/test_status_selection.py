"""Filters, order and pages of the status page, all in its address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.status.page import ROWS
from tests.web import overviews
from tests.web.overviews import HOSTILE, SHOWN_HOSTILE, overview
from tests.web.pages import PAGE, Read, keys, links, read_page, show


def test_accounts_keep_the_order_of_the_overview() -> None:
    assert keys(show(overviews.everything())) == [f"{one.provider}/{one.account}" for one in overviews.EVERY_STATE]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ([("q", "STUDIO")], ["heygen/studio"]),
        ([("team", "voice")], ["elevenlabs/podcast"]),
        ([("state", "waiting"), ("state", "ok")], ["elevenlabs/enterprise", "liveavatar/new"]),
        ([("provider", "elevenlabs"), ("sort", "-account")], ["elevenlabs/podcast", "elevenlabs/narration-de", "elevenlabs/enterprise"]),
        ([("q", "no such thing")], []),
    ],
)
def test_the_address_selects_and_sorts_the_accounts(parameters: list[tuple[str, str]], found: list[str]) -> None:
    assert keys(PAGE.render(overviews.everything(), parameters).body.decode()) == found


def test_a_filter_without_a_match_says_so() -> None:
    text = Read(show(overviews.everything(), HOSTILE)).text
    assert "No account matches. Show all" in text
    assert "The configuration contains no account." not in text


def test_an_empty_configuration_says_so() -> None:
    assert "The configuration contains no account." in Read(show(overview([]), "x")).text


def test_what_is_not_valid_in_the_address_is_shown() -> None:
    source = show(overviews.everything(), "", ("teams", HOSTILE), ("state", HOSTILE), ("team", "voice"))
    assert (
        "A part of the address was ignored: “teams” is neither a parameter nor a label of an account; did you mean 'team'?"
        in Read(source).text
    )
    assert f"A part of the address was ignored: “{SHOWN_HOSTILE}” is not a state" in Read(source).text
    assert keys(source) == ["elevenlabs/podcast"]


def test_the_number_of_each_state_leads_to_its_accounts_within_the_other_filters() -> None:
    found = links(show(overviews.everything(), "", ("provider", "heygen"), ("state", "low")))
    assert found["4 all"] == "?provider=heygen"
    assert found["2 failing"] == "?provider=heygen&state=failing"
    assert found["2 low"] == "?provider=heygen&state=low"
    assert "2 exhausted" not in found


def test_a_label_leads_to_its_accounts_and_a_filter_can_be_removed() -> None:
    found = links(show(overviews.everything(), "e", ("provider", "elevenlabs"), ("sort", "left")))
    assert found["team=voice"] == "?provider=elevenlabs&team=voice&q=e&sort=left"
    assert found["provider=elevenlabs \N{MULTIPLICATION SIGN}"] == "?q=e&sort=left"
    assert found["podcast"] == "?provider=elevenlabs&account=podcast"


def test_a_column_leads_to_its_order_and_then_to_the_reverse() -> None:
    plain, ordered = links(show(overviews.everything())), links(show(overviews.everything(), "", ("sort", "runway")))
    assert (plain["Runway"], ordered["Runway"], ordered["State"]) == ("?sort=runway", "?sort=-runway", "?")
    head = [attributes for tag, attributes in Read(show(overviews.everything(), "", ("sort", "-age"))).elements if tag == "th"]
    assert [attributes["aria-sort"] for attributes in head if "aria-sort" in attributes] == ["descending"]


def test_the_form_keeps_the_other_parameters() -> None:
    source = show(overviews.everything(), "x", ("team", "video"), ("sort", "age"))
    hidden = [(field["name"], field["value"]) for tag, field in Read(source).elements if tag == "input" and field["type"] == "hidden"]
    assert hidden == [("team", "video"), ("sort", "age")]


def test_one_account_alone_is_open_and_shows_the_shape_of_its_answers() -> None:
    shapes = {"/v1/user": (("data.amount", "a number"), ("data.*", "text"))}
    page = PAGE.render(overviews.everything(), [("account", "studio")], shapes=lambda key: shapes if key.account == "studio" else {})
    read = Read(page.body.decode())
    assert [attributes for tag, attributes in read.elements if tag == "details"] == [{"open": None}, {"class": "shape"}]
    assert "Shape of the last response to /v1/user" in read.text
    assert "data.amounta number" in read.text
    assert "Shape of the last response" not in show(overviews.everything())


def test_a_long_list_has_several_pages() -> None:
    thousand = overviews.thousand()
    first, last, beyond = (show(thousand, "", *([("page", page)] if page else [])) for page in ("", "5", "99"))
    assert [len(keys(page)) for page in (first, last, beyond)] == [ROWS, ROWS, ROWS]
    assert "Accounts 1 to 200 of 1,000" in read_page(first).text
    assert "Accounts 801 to 1,000 of 1,000" in read_page(last).text
    assert keys(beyond) == keys(last)
    assert (links(first)["Next"], links(last)["Previous"]) == ("?page=2", "?page=4")
    assert "Previous" not in links(first)
    assert "Next" not in links(last)
    assert len({key for page in range(1, 6) for key in keys(show(thousand, "", ("page", str(page))))}) == 1_000


@pytest.mark.parametrize("page", ["0", "-1", "x", "1" * 5_000, "\N{SUPERSCRIPT TWO}", "2"])
def test_a_page_that_does_not_exist_is_replaced(page: str) -> None:
    assert len(keys(show(overviews.everything(), "", ("page", page)))) == 9


def test_a_long_filter_is_truncated() -> None:
    assert len(show(overviews.everything(), "x" * 5_000)) < 35_000


@given(st.text(max_size=300), st.text(max_size=9))
def test_any_filter_makes_a_complete_page(wanted: str, name: str) -> None:
    assert Read(show(overviews.everything(), wanted, (name, wanted), ("team", wanted), ("page", wanted))).open == []
