"""What the status page shows of an account: its row, its bars and its details."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from exporter.model import Reason, Seconds
from exporter.overview.facts import AccountFacts, OptionalRequestFacts, QuotaFacts, State
from tests.web import overviews
from tests.web.overviews import DAY, EMPTY, HOUR, NOW, OVER, PREMIUM, SPEND, WALLET, account, overview
from tests.web.pages import Read, show

CAPPED = QuotaFacts(
    "spend", "usd", State.LOW, remaining=Decimal("121.5"), used=Decimal("378.5"), limit=Decimal(500), budget=Decimal(420), share=0.243,
    thresholds={"warning": Decimal(100)},
)  # fmt: skip
"""A budget that ends before the vendor's limit does."""


def text_of(*quotas: QuotaFacts, state: State = State.OK) -> str:
    return Read(show(overview([account("studio", state, *quotas)]))).text


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
        (replace(PREMIUM, resets_at=1e18), "resets in 31,688,7"),  # outside the calendar
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
    return [(rect.get("class"), rect.get("x"), rect.get("width")) for rect in row]


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


def test_a_key_that_expires_much_later_is_mentioned_only_in_the_details() -> None:
    one = account("studio", credential_expires_at=NOW + 100 * DAY)
    assert Read(show(overview([one]))).text.count("key expires") == 1
