"""The status page as a whole: complete with any values, escaped, small, and without other servers."""

from __future__ import annotations

import base64
import hashlib
import html
import math
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.model import Seconds
from exporter.overview.facts import AccountFacts, AutoReloadFacts, QuotaFacts, State
from exporter.web.status.page import StatusPage
from tests.web import overviews
from tests.web.overviews import HOSTILE, NOW, PREMIUM, SHOWN_HOSTILE, WALLET, account, overview
from tests.web.pages import PAGE, Read, show


def test_every_element_is_closed_and_there_is_one_main_heading() -> None:
    for shown in (overviews.everything(), overviews.hostile(), overview([])):
        read = Read(show(shown))
        assert read.open == []
        assert [tag for tag, _ in read.elements].count("h1") == 1


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


@given(st.text(alphabet=st.characters(), max_size=40))
def test_any_text_makes_a_complete_page(text: str) -> None:
    quota = QuotaFacts(text, text, State.OK, remaining=Decimal(3), thresholds={text: Decimal(1)})
    one = account(text, State.OK, quota, labels={text: text}, info={text: text}, status=text, mismatches=(text,))
    read = Read(PAGE.render(overview([one])).body.decode())
    assert read.open == []
    assert [tag for tag, _ in read.elements].count("tbody") == 1


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
