"""Definitions as people write them from docs/definitions.md, for APIs of very different shapes. The vendors do not exist."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from exporter.errors import PollError
from exporter.model import Quota, Reading
from exporter.providers.definition import Definition
from exporter.providers.extract import extract
from exporter.providers.response import accept
from tests.providers.made_up import ACME
from tests.support import NOW

DOCUMENT: Final = (Path(__file__).parents[2] / "docs" / "definitions.md").read_text(encoding="utf-8")

NESTED: Final = """
requests:
  - path: /v2/usage
    expect: type(teams) == 'array' && meta.page >= meta.pages
    quotas:
      - {resource: gpu, unit: hours, each: "teams[].pools[?kind == 'gpu'][]", used: used, limit: granted}
      - {resource: all_pools, unit: hours, each: "teams[].pools[]", used: used}
      - {resource: best, unit: hours, remaining: "max(teams[].pools[?left != null][].left)"}
"""
TEAMS: Final[Any] = {
    "teams": [
        {"pools": [{"kind": "gpu", "granted": "600", "used": 12.5, "left": 1}, {"kind": "cpu", "granted": 5, "used": 1}]},
        {"pools": [{"kind": "gpu", "granted": 60, "used": 1, "left": 7}]},
    ],
    "meta": {"page": 3, "pages": 3},
}
CENTS: Final = """
requests:
  - path: /balance
    expect: data
    quotas:
      - resource: wallet
        unit: {select: data.currency}
        remaining: {select: data.cents, scale: 0.01}
        overage_limit: {select: data.credit_line, scale: 0.01}
        resets_at: {select: data.invoice_ms, format: unix_ms}
      - {resource: share, unit: percent, remaining: {select: data.left_ratio, scale: 100}}
errors: {code: code, success: [0], reasons: {40101: unauthorized}}
"""
DATA: Final[Any] = {
    "code": 0,
    "data": {"cents": -1250, "currency": "EUR", "credit_line": 5000, "invoice_ms": 1795046400000, "left_ratio": 0.35},
}
GRAPHQL: Final = """
requests:
  - path: /graphql
    method: POST
    body: {query: "query { account { credits { remaining total renews } } }"}
    expect: data.account && !errors
    quotas:
      - {resource: credits, unit: credits, remaining: data.account.credits.remaining, limit: data.account.credits.total,
         resets_at: {select: data.account.credits.renews, format: iso8601}}
errors: {code: "errors[0].extensions.code", reasons: {UNAUTHENTICATED: unauthorized}}
"""
ACCOUNT: Final[Any] = {"data": {"account": {"credits": {"remaining": 120, "total": 1000, "renews": "2026-12-31T23:59:59+01:00"}}}}
PAGED: Final = """
requests:
  - path: /pools
    query: {from: "{month_start:unix_ms}", limit: "100"}
    expect: type(items) == 'array' && !has_more
    quotas:
      - {resource: gpu, unit: seconds, remaining: "items[?pool == 'gpu'] | [0].left"}
      - {resource: spend, unit: usd, each: items, used: cost, resets_at: {period: month}}
"""
ITEMS: Final[Any] = {"items": [{"pool": "cpu", "left": 5, "cost": "0.1"}, {"pool": "gpu", "left": "7200", "cost": 0.2}], "has_more": False}
FLAG: Final = """
requests:
  - {path: /me, expect: success, quotas: [{resource: minutes, unit: minutes, remaining: "@.left"}]}
"""


def _definition(text: str) -> Definition:
    return Definition.model_validate({**ACME, **yaml.safe_load(text)})


def _reading(text: str, body: object) -> Reading:
    definition = _definition(text)
    request = definition.requests[0]
    return extract([(request, accept(definition, request, 200, json.dumps(body).encode()))], now=NOW)


@pytest.mark.parametrize(
    ("definition", "body", "quotas"),
    [
        (NESTED, TEAMS, [
            Quota("gpu", "hours", Decimal("646.5"), Decimal("13.5"), Decimal(660)), Quota("all_pools", "hours", used=Decimal("14.5")),
            Quota("best", "hours", Decimal(7)),
        ]),
        (CENTS, DATA, [Quota("wallet", "eur", Decimal("-12.5"), overage_limit=Decimal(50), resets_at=1795046400.0), Quota("share", "percent", Decimal(35))]),
        (GRAPHQL, ACCOUNT, [Quota("credits", "credits", Decimal(120), limit=Decimal(1000), resets_at=1798757999.0)]),
        (PAGED, ITEMS, [Quota("gpu", "seconds", Decimal(7200)), Quota("spend", "usd", used=Decimal("0.3"), resets_at=1796083200.0)]),
        (FLAG, {"success": True, "left": 5}, [Quota("minutes", "minutes", Decimal(5))]),
    ],
    ids=["lists in lists", "cents and a credit line", "GraphQL", "pages", "a flag"],
)  # fmt: skip
def test_an_api_of_this_shape_is_read(definition: str, body: object, quotas: list[Quota]) -> None:
    reading = _reading(definition, body)
    assert (list(reading.quotas), reading.mismatches) == (quotas, ())


@pytest.mark.parametrize(
    ("definition", "body", "reason"),
    [
        (NESTED, {**TEAMS, "meta": {"page": 1, "pages": 3}}, "invalid_response"),
        (PAGED, {**ITEMS, "has_more": True}, "invalid_response"),
        (CENTS, {"code": 40101, "data": None}, "unauthorized"),
        (CENTS, {"code": "40101", "data": None}, "unauthorized"),
        (CENTS, {"code": 50000, "data": DATA["data"]}, "invalid_response"),
        (GRAPHQL, {"data": {"account": None}, "errors": [{"message": "no", "extensions": {"code": "UNAUTHENTICATED"}}]}, "unauthorized"),
        (GRAPHQL, {**ACCOUNT, "errors": [{"message": "partly"}]}, "invalid_response"),
        (FLAG, {"success": False, "left": 0}, "invalid_response"),
    ],
)  # fmt: skip
def test_an_error_or_a_part_with_the_status_200_exports_nothing(definition: str, body: object, reason: str) -> None:
    with pytest.raises(PollError) as caught:
        _reading(definition, body)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "text",
    ["teams[].pools[?kind == 'gpu'][]", "pools[?kind == 'gpu'] | [0].left", "max(pools[?left != null].left)", "data.account && !errors",
     "type(items) == 'array' && !has_more", "page >= pages", "success: [0], reasons: {40101: unauthorized}", "{select: left_ratio, scale: 100}"],
)  # fmt: skip
def test_what_is_tested_here_is_documented(text: str) -> None:
    assert text in DOCUMENT
