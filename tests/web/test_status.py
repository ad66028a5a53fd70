from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model import Seconds
from exporter.overview.facts import AccountFacts, AutoReloadFacts, Overview, QuotaFacts, Soonest, State
from exporter.web.status.page import StatusPage
from tests.web import overviews
from tests.web.overviews import DAY, EMPTY, HOSTILE, HOUR, NOW, OVER, PREMIUM, SHOWN_HOSTILE, SPEND, WALLET, account, overview

PAGE = StatusPage(telemetry_path="/metrics")
VOID = {"meta", "link", "input", "br", "rect", "path"}


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
        if self.open and self.open[-1] not in {"style", "script"}:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.texts))


def show(shown: Overview, wanted: str = "") -> str:
    return PAGE.render(shown, wanted=wanted).body.decode()


def text_of(*quotas: QuotaFacts, state: State = State.OK) -> str:
    return Read(show(overview([account("studio", state, *quotas)]))).text


def keys(source: str) -> list[str | None]:
    return [attributes["data-key"] for tag, attributes in Read(source).elements if tag == "article"]


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
        (PREMIUM, "about 3.2 credits an hour over the last 6 h"),
        (PREMIUM, "lasts until the reset"),
        (PREMIUM, "warning below 2,000, critical below 500"),
        (OVER, "12,300 characters over the limit of 100,000; 187,700 more allowed"),
        (WALLET, "31.50 USD left"),
        (WALLET, "empty in about 4 days"),
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
    ],
)
def test_a_resource_is_described(quota: QuotaFacts, expected: str) -> None:
    assert expected in text_of(quota)


def bar_of(quota: QuotaFacts) -> list[tuple[str | None, str | None, str | None]]:
    source = show(overview([account("studio", State.OK, quota)]))
    drawn = [attributes for tag, attributes in Read(source).elements if tag == "rect" and "height" not in attributes]
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
        (WALLET, []),
        (overviews.ENDLESS, []),
    ],
)
def test_a_bar_is_drawn_to_scale(quota: QuotaFacts, drawn: list[tuple[str | None, str | None, str | None]]) -> None:
    assert bar_of(quota) == drawn


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (0, "read 12 s ago"),
        (0, "next poll in 48 s"),
        (1, "No poll has succeeded yet."),
        (1, "Quota exhausted (quota_exhausted; the last 3 polls failed)"),
        (1, "Buy more at the vendor"),
        (2, "The values are hidden: they are older than 15 min. The last successful poll was 3 days 4 h ago, 19 Nov 07:00 UTC."),
        (3, "rate limited by the vendor for another 6 min"),
        (4, "key expires in 6 days, 28 Nov 11:00 UTC"),
        (4, "2 fields have unusable values"),
        (4, "auto reloadadds 50.00 USD below 10.00 USD"),
        (4, "1,234 so far, every 1 min; values are shown for 15 min"),
        (8, "Waiting for the first poll."),
    ],
)
def test_an_account_is_described(place: int, expected: str) -> None:
    assert expected in Read(show(overview([overviews.EVERY_STATE[place]]))).text


@pytest.mark.parametrize(
    ("states", "headline"),
    [
        ([], "No account is configured"),
        ([State.OK], "The only account is fine"),
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
    ("wanted", "found"),
    [
        ("STUDIO", ["heygen/studio"]),
        ("  elevenlabs   low ", ["elevenlabs/podcast"]),
        ("state:stale", ["heygen/forgotten"]),
        ("cost_center=4711", ["liveavatar/stage"]),
        ("rate_limited", ["heygen/web-plan"]),
        ("voice_slots", ["elevenlabs/podcast"]),
        ("heygen/render-farm", ["heygen/render-farm"]),
        ("no such thing", []),
    ],
)
def test_the_filter_works_without_a_script(wanted: str, found: list[str]) -> None:
    source = show(overviews.everything(), wanted)
    assert keys(source) == found
    assert f"{len(found)} of 9 shown" in Read(source).text


def test_a_filter_without_a_match_says_so() -> None:
    text = Read(show(overviews.everything(), HOSTILE)).text
    assert f"No account matches “{SHOWN_HOSTILE}”. Show all" in text


def test_an_empty_configuration_says_so() -> None:
    assert "The configuration contains no account." in Read(show(overview([]), "x")).text


def test_a_long_filter_is_truncated() -> None:
    assert len(PAGE.render(overviews.everything(), wanted="x" * 5_000).body) < 20_000


def test_hostile_text_is_escaped() -> None:
    source = show(overviews.hostile(), "<")
    read = Read(show(overviews.hostile()))
    assert [tag for tag, _ in read.elements].count("script") == 1
    assert not {name for _, attributes in read.elements for name in attributes if name.startswith("on")}
    assert SHOWN_HOSTILE in read.text
    assert html.escape("<script>alert(", quote=True) in source


def test_text_of_others_cannot_change_the_direction_of_the_page() -> None:
    for wanted in ("", HOSTILE, f"{HOSTILE} not there"):
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", Read(show(overviews.hostile(), wanted)).text)


def test_a_right_to_left_name_is_isolated() -> None:
    one = account("\u05d0\u05d1", State.FAILING, labels={"team": "\u05d0\u05d1"}, info={"plan": "\u05d0\u05d1"})
    source = show(overview([one], soonest=Soonest("heygen", "\u05d0\u05d1", "wallet", "usd", NOW + HOUR)))
    inside = re.findall(r"<bdi[^>]*>(.*?)</bdi>", source)
    outside = Read(re.sub(r"<bdi[^>]*>.*?</bdi>", "", source)).text
    assert [text for text in inside if "\u05d0" in text] == ["\u05d0\u05d1", "\u05d0\u05d1", "team=\u05d0\u05d1", "\u05d0\u05d1"]
    assert "\u05d0" not in outside


@given(st.text(alphabet=st.characters(), max_size=40))
def test_any_text_makes_a_complete_page(text: str) -> None:
    quota = QuotaFacts(text, text, State.OK, remaining=Decimal(3), thresholds={text: Decimal(1)})
    one = account(text, State.OK, quota, labels={text: text}, info={text: text}, status=text, mismatches=(text,))
    read = Read(PAGE.render(overview([one])).body.decode())
    assert read.open == []
    assert [tag for tag, _ in read.elements].count("article") == 1


@given(st.text(max_size=300))
def test_any_filter_makes_a_complete_page(wanted: str) -> None:
    assert Read(show(overviews.everything(), wanted)).open == []


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
    assert links[1:4] == ["own/metrics", "api/v1/accounts", "-/ready"]


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
    body = PAGE.render(overviews.thousand()).body
    assert len(body) < 1_500_000
    assert body.count(b"<article") == 1_000


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


@given(st.lists(ACCOUNTS, min_size=1, max_size=2), INSTANTS.filter(lambda at: at is not None))
def test_any_values_of_an_account_make_a_complete_page(accounts: list[AccountFacts], ends: float) -> None:
    source = show(overview([*accounts, account("other", State.OK, PREMIUM)], soonest=Soonest("heygen", "studio", "wallet", "usd", ends)))
    read = Read(source)
    assert read.open == []
    assert "1,234 of 10,000 credits left (12 %)" in read.text
    for word in ("nan", "inf"):
        assert not re.search(rf"\b{word}", read.text, re.IGNORECASE)
    for _, attributes in read.elements:
        for name in ("x", "width"):
            assert re.fullmatch(r"\d{1,3}(\.\d)?%?", attributes.get(name) or "0")
