from __future__ import annotations

import base64
import hashlib
import html
import math
import re
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.model import Reason, Seconds
from exporter.overview.facts import AccountFacts, AutoReloadFacts, OptionalRequestFacts, Overview, QuotaFacts, State
from exporter.web.status.page import ROWS, StatusPage
from tests.web import overviews
from tests.web.overviews import DAY, EMPTY, HOSTILE, HOUR, NOW, OVER, PREMIUM, SHOWN_HOSTILE, SPEND, WALLET, account, overview

CAPPED = QuotaFacts(
    "spend", "usd", State.LOW, remaining=Decimal("121.5"), used=Decimal("378.5"), limit=Decimal(500), budget=Decimal(420), share=0.243,
    thresholds={"warning": Decimal(100)},
)  # fmt: skip
"""A budget that ends before the vendor's limit does."""
PAGE = StatusPage(telemetry_path="/metrics")
VOID = {"meta", "link", "input", "rect", "path", "col"}


class Read(HTMLParser):
    """The parsed page: its text and elements. Every element must be closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.texts))


@lru_cache(maxsize=8)
def read_page(source: str) -> Read:
    return Read(source)


def show(shown: Overview, words: str = "", *parameters: tuple[str, str]) -> str:
    return PAGE.render(shown, [("q", words), *parameters]).body.decode()


def text_of(*quotas: QuotaFacts, state: State = State.OK) -> str:
    return Read(show(overview([account("studio", state, *quotas)]))).text


def keys(source: str) -> list[str | None]:
    return [attributes["data-key"] for tag, attributes in read_page(source).elements if tag == "tbody"]


def test_every_element_is_closed_and_there_is_one_main_heading() -> None:
    for shown in (overviews.everything(), overviews.hostile(), overview([])):
        read = Read(show(shown))
        assert read.open == []
        assert [tag for tag, _ in read.elements].count("h1") == 1


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        (PREMIUM, "1,234 of 10,000 credits left (12 %)"),
        (PREMIUM, "resets in 3 days 3 h, 25 Nov 14:00 UTC"),
        (PREMIUM, "3.2 credits an hour over the last 6 h"),
        (PREMIUM, "lasts until the reset"),
        (PREMIUM, "warning below 2,000, critical below 500"),
        (OVER, "12,300 characters over the limit of 100,000; 187,700 more allowed"),
        (WALLET, "31.50 USD left"),
        (WALLET, "empty in about 3 days"),
        (SPEND, "empty in about 34 h, before the reset"),
        (EMPTY, "0 of 1,000 credits left (0 %)"),
        (overviews.ENDLESS, "Unlimited; 1,200,450 characters used"),
        (overviews.OVERAGE_SPEND, "0.10 USD used"),
        (replace(OVER, remaining=Decimal(-200_000)), "200,000 characters over the limit of 100,000; no more allowed"),
        (replace(WALLET, remaining=Decimal("-0.5"), empty_at=None), "0.50 USD below zero"),
        (replace(WALLET, empty_at=NOW - 1), "may already be empty"),
        (replace(WALLET, burn_per_second=0.0, empty_at=None), "nothing used over the last 6 h"),
        (replace(EMPTY, resets_at=NOW - 2 * HOUR), "reset expected 2 h ago"),
        (QuotaFacts("slots", "slots", State.OK, remaining=Decimal(0), limit=Decimal(0)), "0 slots granted"),
        (QuotaFacts("slots", "slots", State.OK, limit=Decimal(30)), "30 slots granted; the vendor reports no usage"),
        (QuotaFacts("slots", "slots", State.OK, used=Decimal(1), limit=Decimal(30)), "1 of 30 slots used"),
        (QuotaFacts("slots", "slots", State.OK), "The vendor reports no amount"),
        (replace(WALLET, burn_per_second=1_219.87 / HOUR), "1,220 USD an hour over the last 6 h"),
        (replace(WALLET, burn_per_second=0.35 / HOUR), "8.40 USD a day over the last 6 h"),
        (overviews.BUDGET, "412.50 USD used"),
        (overviews.BUDGET, "87.50 of 500.00 USD of budget left (17 %)"),
        (replace(overviews.BUDGET, used=Decimal("512.5")), "12.50 USD over the budget of 500.00"),
        (CAPPED, "41.50 of 420.00 USD of budget left (9 %)near budget limit of the vendor: 121.50 of 500.00 USD left (24 %)"),
        (replace(CAPPED, budget=Decimal(5_000)), "121.50 of 500.00 USD left (24 %)4,621.50 of 5,000.00 USD of budget left (92 %)"),
        (replace(OVER, thresholds={"critical": Decimal(5), "warning": Decimal(9)}), "187,700 more allowedbelow critical"),
        (replace(SPEND, empty_at=None), "below 10 % resets"),
        (
            replace(PREMIUM, empty_at=None, lasts_until_reset=None, burn_window=Seconds(5 * HOUR)),
            "no forecast yet: it needs a history of 6 h",
        ),
        (replace(overviews.BUDGET, used=None), "budget of 500.00 USD"),
    ],
)
def test_a_resource_is_described(quota: QuotaFacts, expected: str) -> None:
    assert expected in text_of(quota)


def row_of(one: AccountFacts) -> list[str]:
    """The text of each cell of the row of an account."""
    [row] = re.findall(r"<tbody.*?<tr>(.*?)</tr>", show(overview([one])), re.DOTALL)
    return [Read(cell).text.strip() for cell in re.findall(r"<t[dh][ >].*?</t[dh]>", row, re.DOTALL)]


@pytest.mark.parametrize(
    ("one", "cells"),
    [
        (
            account("studio", State.LOW, PREMIUM, WALLET),
            ["low below warning", "studio heygen", "team=video", "wallet", "31.50 USD", "3 days", "12 s"],
        ),
        (account("studio", State.OK, PREMIUM), ["ok", "studio heygen", "team=video", "premium credits12 % left", "1,234 of 10,000 credits", "until reset, 3 days", "12 s"]),
        (account("studio", State.OK, OVER), ["ok", "studio heygen", "team=video", "characters12 % over", "12,300 characters over", "resets in 9 days", "12 s"]),
        (account("studio", State.OK, overviews.ENDLESS), ["ok", "studio heygen", "team=video", "characters", "no limit", "", "12 s"]),
        (account("studio", State.LOW, overviews.BUDGET), ["low near budget", "studio heygen", "team=video", "spend17 % left", "87.50 USD of budget left", "not yet known", "12 s"]),
        (account("studio", State.LOW, replace(overviews.BUDGET, used=Decimal(600))), ["low over budget", "studio heygen", "team=video", "spend20 % over", "100.00 USD over budget", "", "12 s"]),
        (account("studio", State.LOW, replace(WALLET, remaining=Decimal(9))), ["low below critical", "studio heygen", "team=video", "wallet", "9.00 USD", "3 days", "12 s"]),
        (account("studio", State.OK, replace(WALLET, empty_at=None, burn_window=None)), ["ok", "studio heygen", "team=video", "wallet", "31.50 USD", "not yet known", "12 s"]),
        (account("studio", State.OK, overviews.SLOTS), ["ok", "studio heygen", "team=video", "voice slots70 % left", "21 of 30 slots", "", "12 s"]),
        (account("studio", State.LOW, SPEND), ["low ends soon", "studio heygen", "team=video", "spend7 % left", "37.42 of 500.00 USD", "34 h", "12 s"]),
        (account("studio", State.EXHAUSTED, EMPTY), ["exhausted", "studio heygen", "team=video", "credits0 % left", "0 of 1,000 credits", "resets in 5 h", "12 s"]),
        (account("studio", State.OK, replace(WALLET, empty_at=NOW - 1)), ["ok", "studio heygen", "team=video", "wallet", "31.50 USD", "may be empty", "12 s"]),
        (account("studio", State.OK, replace(WALLET, remaining=Decimal(-2), empty_at=None)), ["ok", "studio heygen", "team=video", "wallet", "2.00 USD below zero", "", "12 s"]),
        (account("studio", State.OK, QuotaFacts("slots", "slots", State.OK, limit=Decimal(30))), ["ok", "studio heygen", "team=video", "slots", "30 slots granted", "", "12 s"]),
        (account("studio"), ["ok", "studio heygen", "team=video", "the vendor reports no amounts", "12 s"]),
        (account("studio", mismatches=("a.b",), without_effect=("x",)), ["ok 1 field has an unusable value, 1 setting has no effect", "studio heygen", "team=video", "the vendor reports no amounts", "12 s"]),
        (account("studio", credential_expires_at=NOW + DAY), ["ok key expires in 1 day", "studio heygen", "team=video", "the vendor reports no amounts", "12 s"]),
        (account("studio", State.STALE, last_success_at=NOW - 1_000), ["stale", "studio heygen", "team=video", "the values are older than 15 min, so they are not shown", "16 min"]),
        (overviews.EVERY_STATE[2], ["failing Not authorized", "forgotten heygen", "team=video", "HTTP 401. 3,182 polls have failed in 3 days 3 h. Create a new key at the vendor.", "3 days"]),
        (overviews.EVERY_STATE[3], ["failing Rate limited", "web-plan heygen", "team=video", "premium credits12 % left", "1,234 of 10,000 credits", "until reset, 3 days", "4 min"]),
        (overviews.EVERY_STATE[8], ["waiting", "new liveavatar", "team=video", "waits for the first poll", ""]),
    ],
)  # fmt: skip
def test_the_row_of_an_account_shows_what_matters_most(one: AccountFacts, cells: list[str]) -> None:
    assert row_of(one) == cells


@pytest.mark.parametrize(
    ("state", "remaining", "classes"),
    [(State.LOW, 9, "low critical"), (State.LOW, 10, "low"), (State.FAILING, 9, "failing"), (State.EXHAUSTED, 0, "exhausted")],
)
def test_an_account_below_its_critical_threshold_looks_worse_than_a_low_one(state: State, remaining: int, classes: str) -> None:
    read = Read(show(overview([account("studio", state, PREMIUM, replace(WALLET, remaining=Decimal(remaining)))])))
    assert [attributes["class"] for tag, attributes in read.elements if tag == "tbody"] == [classes]


def test_a_duration_is_the_same_in_the_row_and_in_the_details() -> None:
    one = account("studio", State.OK, replace(PREMIUM, resets_at=NOW + 11.7 * DAY), last_success_at=NOW - 4.6 * DAY)
    text = Read(show(overview([one]))).text
    assert row_of(one)[-2:] == ["until reset, 11 days", "4 days"]
    assert "resets in 11 days," in text
    assert "last success4 days ago" in text


def bar_of(quota: QuotaFacts) -> list[tuple[str | None, str | None, str | None]]:
    """The parts of the bar in the row; the details have it once more."""
    source = show(overview([account("studio", State.OK, quota)]))
    drawn = [attributes for tag, attributes in Read(source).elements if tag == "rect" and "height" not in attributes]
    row, details = drawn[: len(drawn) // 2], drawn[len(drawn) // 2 :]
    assert row == details
    drawn = row
    return [(rect.get("class"), rect.get("x"), rect.get("width")) for rect in drawn]


@pytest.mark.parametrize(
    ("quota", "drawn"),
    [
        (overviews.SLOTS, [(None, None, "70%")]),
        (PREMIUM, [(None, None, "12.3%"), ("k", "5%", None), ("k", "20%", None)]),
        (EMPTY, [(None, None, "0%")]),
        (OVER, [("o", "62.6%", "4.1%"), ("z", "66.7%", None)]),
        (replace(PREMIUM, remaining=Decimal("1e-300"), thresholds=None), [(None, None, "0.6%")]),
        (replace(PREMIUM, remaining=Decimal("1e300"), thresholds=None), [(None, None, "100%")]),
        (overviews.BUDGET, [(None, None, "17.5%")]),
        (replace(overviews.BUDGET, used=Decimal(600)), [(None, None, "0%")]),
        (replace(SPEND, budget=Decimal(1_000)), [(None, None, "7.5%")]),
        (replace(SPEND, budget=Decimal(463)), [(None, None, "0.6%")]),
        (WALLET, []),
        (overviews.ENDLESS, []),
    ],
)
def test_a_bar_is_drawn_to_scale(quota: QuotaFacts, drawn: list[tuple[str | None, str | None, str | None]]) -> None:
    assert bar_of(quota) == drawn


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (0, "last success12 s ago, 22 Nov 10:59 UTC"),
        (0, "next pollin 48 s"),
        (
            1,
            "Quota exhausted (quota_exhausted): HTTP 401 with the error code quota_exceeded. The last 3 polls failed. Buy more at the vendor",
        ),
        (2, "failing since19 Nov 07:01 UTC"),
        (2, "last success3 days 4 h ago, 19 Nov 07:00 UTC"),
        (2, "Not authorized (unauthorized): HTTP 401. 3,182 polls have failed in 3 days 3 h. Create a new key at the vendor."),
        (3, "rate limitedby the vendor for another 6 min"),
        (4, "key expires in 6 days, 2 fields have unusable values"),
        (4, "key expiresin 6 days, 28 Nov 11:00 UTC"),
        (4, "auto reloadadds 50.00 USD below 10.00 USD"),
        (4, "1,234 so far, every 1 min; values are shown for 15 min"),
        (8, "waits for the first poll"),
    ],
)
def test_an_account_is_described(place: int, expected: str) -> None:
    assert expected in Read(show(overview([overviews.EVERY_STATE[place]]))).text


def test_an_account_whose_definition_has_changed_waits_for_the_next_poll() -> None:
    changed = account("studio", State.WAITING, up=None, last_success_at=overviews.NOW - 60)
    assert "its definition has changed: the values come with the next poll" in Read(show(overview([changed]))).text


def test_what_a_definition_was_verified_by_and_failed_optional_requests_are_described() -> None:
    request = OptionalRequestFacts("/v1/usage", Reason.FORBIDDEN, "HTTP 403", 2)
    text = Read(show(overview([account("studio", verified="documented", optional_requests=(request,))]))).text
    assert "verifieddocumented: from the vendor's own page or API description" in text
    assert "optional request/v1/usage failed, Access denied: HTTP 403" in text
    assert "1 optional request failed" in text


def test_the_message_of_a_failure_begins_a_sentence_in_the_row() -> None:
    error = overviews.failed(Reason.CONNECTION, "the host name could not be resolved", "Check the name.")
    assert (
        "The host name could not be resolved. The last poll failed. Check the name."
        in Read(show(overview([account("studio", State.FAILING, **error)]))).text
    )


def test_the_details_link_to_the_page_where_the_account_is_topped_up() -> None:
    links = [
        [attributes["href"] for tag, attributes in Read(show(overview([account("studio", billing_url=url)]))).elements if tag == "a"]
        for url in ("https://vendor.example/billing", None)
    ]
    assert ["https://vendor.example/billing" in each for each in links] == [True, False]


def test_thresholds_and_budgets_without_effect_are_described() -> None:
    text = Read(show(overview([account("studio", without_effect=("budgets.spend.usd: the vendor reports eur",))]))).text
    assert "1 setting has no effect" in text
    assert "no effectbudgets.spend.usd: the vendor reports eur" in text


@pytest.mark.parametrize(
    ("states", "headline"),
    [
        ([], "No account is configured"),
        ([State.OK], "1 account is fine"),
        ([State.LOW], "1 account needs attention"),
        ([State.WAITING], "1 account waits for the first poll"),
        ([State.OK, State.OK], "All 2 accounts are fine"),
        ([State.LOW, State.OK], "1 of 2 accounts needs attention"),
        ([State.STALE, State.FAILING, State.WAITING], "2 of 3 accounts need attention"),
        ([State.WAITING, State.OK], "1 of 2 accounts waits for the first poll"),
    ],
)
def test_the_headline_summarises_all_accounts(states: list[State], headline: str) -> None:
    source = show(overview([account(f"account {number}", state) for number, state in enumerate(states)]))
    assert f"<title>{headline} · AI Account Exporter</title>" in source


def test_the_summary_names_the_resource_that_ends_first() -> None:
    assert "Soonest to run out: spend of render-farm (heygen), in about 34 h." in Read(show(overviews.everything())).text


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


def links(source: str) -> dict[str, str]:
    """The targets of all links, by text."""
    found = re.findall(r'<a[^>]* href="([^"]*)"[^>]*>(.*?)</a>', source)
    return {Read(text).text.strip(): html.unescape(target) for target, text in found}


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


def test_hostile_text_is_escaped() -> None:
    source = show(overviews.hostile())
    read = Read(show(overviews.hostile()))
    assert [tag for tag, _ in read.elements].count("script") == 1
    assert not {name for _, attributes in read.elements for name in attributes if name.startswith("on")}
    assert SHOWN_HOSTILE in read.text
    assert html.escape("<script>alert(", quote=True) in source


def test_text_of_others_cannot_change_the_direction_of_the_page() -> None:
    for wanted in ("", HOSTILE, f"{HOSTILE} not there"):
        source = show(overviews.hostile(), wanted, (wanted, wanted), ("team", HOSTILE), ("state", HOSTILE))
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", Read(source).text)


def test_a_right_to_left_name_is_isolated() -> None:
    name = "\u05d0\u05d1"
    one = account("\u05d0\u05d1", State.FAILING, WALLET, labels={"team": "\u05d0\u05d1"}, info={"plan": "\u05d0\u05d1"})
    source = show(overview([one]))
    inside = re.findall(r"<bdi[^>]*>(.*?)</bdi>", source)
    outside = Read(re.sub(r"<bdi[^>]*>.*?</bdi>", "", source)).text
    assert [Read(text).text for text in inside if "\u05d0" in text] == [name, name, f"team={name}", name, name, f"team={name}", name]
    assert "\u05d0" not in outside


@given(st.text(alphabet=st.characters(), max_size=40))
def test_any_text_makes_a_complete_page(text: str) -> None:
    quota = QuotaFacts(text, text, State.OK, remaining=Decimal(3), thresholds={text: Decimal(1)})
    one = account(text, State.OK, quota, labels={text: text}, info={text: text}, status=text, mismatches=(text,))
    read = Read(PAGE.render(overview([one])).body.decode())
    assert read.open == []
    assert [tag for tag, _ in read.elements].count("tbody") == 1


@given(st.text(max_size=300), st.text(max_size=9))
def test_any_filter_makes_a_complete_page(wanted: str, name: str) -> None:
    assert Read(show(overviews.everything(), wanted, (name, wanted), ("team", wanted), ("page", wanted))).open == []


def test_the_policy_allows_only_the_one_style_and_the_one_script() -> None:
    answer = PAGE.render(overviews.everything())
    source, policy = answer.body.decode(), answer.headers["Content-Security-Policy"]
    for tag in ("style", "script"):
        (inlined,) = re.findall(rf"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        assert f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(inlined.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'; ")
    for rule in ("connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert " style=" not in source


def test_the_page_is_not_cached_and_sends_no_referrer() -> None:
    headers = PAGE.render(overview([])).headers
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_nothing_is_loaded_from_other_servers() -> None:
    for _, attributes in Read(show(overviews.everything())).elements:
        for name in ("src", "href", "action"):
            assert not re.match(r"(?:[a-z]+:)?//", attributes.get(name) or "")


def test_links_work_below_a_path_of_a_proxy() -> None:
    source = StatusPage(telemetry_path="/own/metrics").render(overview([])).body.decode()
    links = [attributes["href"] for tag, attributes in Read(source).elements if tag == "a"]
    assert links[1:5] == ["./", "own/metrics", "api/v1/accounts", "-/ready"]


def test_a_time_outside_the_calendar_has_no_date() -> None:
    text = text_of(replace(PREMIUM, resets_at=1e18))
    assert "resets in 31,688,7" in text


def test_the_refresh_interval_is_in_the_page() -> None:
    source = StatusPage(telemetry_path="/metrics", refresh=Seconds(0.5)).render(overview([])).body.decode()
    assert 'data-refresh="0.5"' in source


def test_every_time_has_a_machine_readable_and_a_readable_form() -> None:
    times = [attributes for tag, attributes in Read(show(overviews.everything())).elements if tag == "time"]
    assert len(times) > 20
    for attributes in times:
        assert (attributes["datetime"] or "").endswith("Z")
        assert (attributes.get("title") or "UTC").endswith("UTC")


def test_the_page_of_a_thousand_accounts_is_small() -> None:
    assert len(PAGE.render(overviews.thousand()).body) < 1_000_000


def test_a_key_that_expires_much_later_is_mentioned_only_in_the_details() -> None:
    one = account("studio", credential_expires_at=NOW + 100 * DAY)
    assert Read(show(overview([one]))).text.count("key expires") == 1


NUMBERS = (
    st.none()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["0", "1", "-1", "1e307", "-1e307", "1e-307", "5e-324", "1e400", "-1e400", "1e999999", "1e-1000001", "9" * 400]).map(
        Decimal
    )
)
INSTANTS = st.none() | st.floats(allow_nan=False) | st.sampled_from([NOW, NOW + 1e18, -1e18, 1e308])
RATES = st.none() | st.floats(min_value=0, allow_nan=False)
QUOTAS = st.builds(
    QuotaFacts,
    st.sampled_from(["wallet", "slots"]),
    st.sampled_from(["usd", "credits", "jpy"]),
    st.sampled_from(State),
    remaining=NUMBERS,
    used=NUMBERS,
    limit=NUMBERS,
    budget=NUMBERS,
    overage_limit=NUMBERS,
    unlimited=st.booleans(),
    resets_at=INSTANTS,
    thresholds=st.none() | st.dictionaries(st.sampled_from(["warning", "critical"]), NUMBERS.filter(lambda number: number is not None)),
    share=st.none() | st.floats(),
    burn_per_second=RATES,
    burn_window=RATES,
    empty_at=INSTANTS,
    lasts_until_reset=st.none() | st.booleans(),
)
ACCOUNTS = st.builds(
    lambda quotas, times, polls: account("studio", State.OK, *quotas, **times, polls=polls),
    st.lists(QUOTAS, max_size=3),
    st.fixed_dictionaries(
        dict.fromkeys(["last_success_at", "next_poll_at", "limited_until", "credential_expires_at", "created_at"], INSTANTS)
        | {"auto_reload": st.none() | st.builds(AutoReloadFacts, st.just("usd"), NUMBERS, NUMBERS)}
    ),
    st.integers(min_value=0),
)


@example([account("studio", State.LOW, replace(PREMIUM, state=State.LOW, share=math.nan))])
@given(st.lists(ACCOUNTS, min_size=1, max_size=2))
def test_any_values_of_an_account_make_a_complete_page(accounts: list[AccountFacts]) -> None:
    source = show(overview([*accounts, account("other", State.OK, PREMIUM)]))
    read = Read(source)
    assert read.open == []
    assert "1,234 of 10,000 credits left (12 %)" in read.text
    for word in ("nan", "inf"):
        assert not re.search(rf"\b{word}", read.text, re.IGNORECASE)
    for _, attributes in read.elements:
        for name in ("x", "width"):
            assert re.fullmatch(r"\d{1,3}(\.\d)?%?", attributes.get(name) or "0")
