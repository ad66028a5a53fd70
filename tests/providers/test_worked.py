"""Definitions that need every key of the language, each with a response and the values in it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.model import Quota, Reading
from exporter.providers.extract import extract
from exporter.providers.library import load_definition
from exporter.providers.response import accept
from tests.providers.bodies import encode
from tests.support import NOW

FOLDER: Final = Path(__file__).parent / "worked"
MONTH_END: Final = 1_796_083_200.0
DAY_END: Final = 1_795_046_400.0


def usd(resource: str, unit: str = "usd", **parts: Any) -> Quota:
    converted: dict[str, Any] = {name: Decimal(value) if isinstance(value, str) else value for name, value in parts.items()}
    return Quota(resource, unit, **converted)


def cost(value: object, currency: object = "usd") -> dict[str, object]:
    return {"amount": {"value": value, "currency": currency}}


CASES: dict[str, tuple[str, list[Any], Reading]] = {
    "a sum of text amounts, and a limit from an optional request": (
        "openai",
        [
            {"data": [{"results": [cost("12.50"), cost(0.25)]}, {"results": []}], "has_more": False},
            {"threshold_amount": 50_000, "currency": "usd", "enforcement": {"status": "enforcing"}},
        ],
        Reading(
            (usd("spend", used="12.75", limit="500", remaining="487.25", resets_at=MONTH_END),), features={"spend_limit_enforced": True}
        ),
    ),
    "two currencies": (
        "openai",
        [{"data": [{"results": [cost("10"), cost("3", "EUR"), cost("5")]}]}],
        Reading((usd("spend", used="15", resets_at=MONTH_END), usd("spend", "eur", used="3", resets_at=MONTH_END))),
    ),
    "a month without costs": ("openai", [{"data": [{"results": []}]}], Reading((usd("spend", used="0", resets_at=MONTH_END),))),
    "cents as text": (
        "anthropic",
        [{"data": [{"results": [{"currency": "USD", "amount": "123.45"}, {"currency": "USD", "amount": "0.55"}]}], "has_more": False}],
        Reading((usd("spend", used="1.24", resets_at=MONTH_END),)),
    ),
    "what is owed, negative": (
        "xai",
        [{"coreInvoice": {"amountAfterVat": "1250"}}, {"total": {"val": "-1000"}}],
        Reading((usd("spend", used="12.5", resets_at=MONTH_END), usd("prepaid", remaining="10"))),
    ),
    "one quota for each unit": (
        "deepgram",
        [
            {"balances": [{"amount": 10, "units": "usd"}, {"amount": 5, "units": "hour"}, {"amount": 1.5, "units": "USD"}]},
            {"results": [{"dollars": 0.5}, {"dollars": 0.25}]},
        ],
        Reading(
            (usd("balance", remaining="11.5"), usd("balance", "hour", remaining="5"), usd("spend", used="0.75", resets_at=MONTH_END))
        ),
    ),
    "elements that a filter leaves": (
        "kling",
        [
            {"code": 0, "data": {"resource_pack_subscribe_infos": [
                {"status": "online", "remaining_quantity": 40, "total_quantity": 100, "invalid_time": 1796083200000},
                {"status": "expired", "remaining_quantity": 7, "total_quantity": 100, "invalid_time": 1790000000000},
                {"status": "online", "remaining_quantity": 60, "total_quantity": 100, "invalid_time": 1799999999000},
            ]}},
        ],
        Reading((usd("packs", "units", remaining="100", limit="200"),)),
    ),
    "limit and used from two lists": (
        "runway",
        [
            {"creditBalance": 900, "tier": {"models": {"a": {"maxDailyGenerations": 50}, "b": {"maxDailyGenerations": 20}}},
             "usage": {"models": {"a": {"dailyGenerations": 3}}}},
        ],
        Reading(
            (usd("credits", "credits", remaining="900"),
             usd("daily_generations", "generations", limit="70", used="3", remaining="67", resets_at=DAY_END))
        ),
    ),
    "GraphQL": ("runpod", [{"data": {"myself": {"clientBalance": 17.25}}}], Reading((usd("balance", remaining="17.25"),))),
    "a text amount": (
        "twilio",
        [{"account_sid": "AC1", "currency": "USD", "balance": "-4.20"}],
        Reading((usd("balance", remaining="-4.20"),)),
    ),
    "one page": (
        "cursor",
        [{"teamMemberSpend": [{"spendCents": 1050}, {"spendCents": 0}], "totalPages": 1}],
        Reading((usd("spend", used="10.5", resets_at=MONTH_END),)),
    ),
    "the values of an object, and a reset from another place": (
        "huggingface",
        [{"usage": {"gpu": [{"totalCostMicroUSD": 1_500_000}], "api": [{"totalCostMicroUSD": 250_000}]},
          "period": {"periodEnd": "2026-12-01T00:00:00Z"}}],
        Reading((usd("spend", used="1.75", resets_at=MONTH_END),)),
    ),
    "a limit of null": (
        "litellm",
        [{"info": {"spend": 3.5, "max_budget": None, "budget_reset_at": None}}],
        Reading((usd("key_spend", used="3.5", unlimited=True),)),
    ),
    "a limit that is absent": ("litellm", [{"info": {"spend": 3.5}}], Reading((usd("key_spend", used="3.5"),))),
    "a response with the key in it": (
        "serpapi",
        [{"total_searches_left": 90, "this_month_usage": 10, "searches_per_month": 100, "api_key": "made-up"}],
        Reading((usd("searches", "searches", remaining="90", used="10", limit="100"),)),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "bodies", "expected"), CASES.values(), ids=CASES)
def test_a_worked_example_reads_its_response(name: str, bodies: list[Any], expected: Reading) -> None:
    definition = load_definition(FOLDER / f"{name}.yaml")
    answers = [
        (request, accept(definition, request, 200, encode(body))) for request, body in zip(definition.requests, bodies, strict=False)
    ]
    assert extract(answers, now=NOW) == expected


def test_every_worked_example_has_a_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {name for name, _, _ in CASES.values()}


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_the_name_of_a_worked_example_is_that_of_its_file(name: str) -> None:
    assert load_definition(FOLDER / f"{name}.yaml").name == name
