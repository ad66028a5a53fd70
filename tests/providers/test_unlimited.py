"""How a vendor says that there is no limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from exporter.model import Quota, Reading
from tests.providers.bodies import encode
from tests.providers.examples import read
from tests.providers.made_up import quota_of


def _read(unlimited: Any, body: object) -> Reading:
    return read(quota_of(used="used", limit={"select": "cap", "unlimited": unlimited}), 200, encode(body))


@pytest.mark.parametrize(
    ("unlimited", "body"),
    [
        ("none", {"cap": "none"}),
        ("no-limit", {"cap": "no-limit"}),
        ("n/a", {"cap": "n/a"}),
        ("not set", {"cap": "not set"}),
        (-1, {"cap": -1}),
        (-1, {"cap": "-1"}),
        (-1, {"cap": -1.0}),
        ("1000000000000", {"cap": 1_000_000_000_000}),
        (1e12, {"cap": 1_000_000_000_000}),
        (0, {"cap": 0}),
        ("cap == null", {"cap": None}),
        ("plan.cap == `null`", {"plan": {"cap": None}, "cap": 5}),
        ("cap >= `1000000000000`", {"cap": 1_000_000_000_000}),
        ("plan.no_limit", {"plan": {"no_limit": True}, "cap": 0}),
        ("no_limit", {"no_limit": True, "cap": 0}),
        ("contains(keys(@), 'cap') && cap == null", {"cap": None}),
        ("type == 'enterprise'", {"type": "enterprise"}),
    ],
)
def test_a_vendor_says_that_there_is_no_limit(unlimited: Any, body: dict[str, Any]) -> None:
    assert _read(unlimited, {"used": 3, **body}) == Reading((Quota("wallet", "usd", used=Decimal(3), unlimited=True),))


@pytest.mark.parametrize(
    ("unlimited", "body"),
    [
        ("none", {"cap": 5}),
        ("none", {"cap": 5, "none": "text"}),
        (-1, {"cap": 5}),
        ("cap == null", {"cap": 5}),
        ("plan.no_limit", {"plan": {"no_limit": False}, "cap": 5}),
        ("plan.no_limit", {"plan": {"no_limit": None}, "cap": 5}),
        ("plan.no_limit", {"plan": None, "cap": 5}),
        ("plan.no_limit", {"cap": 5}),
        ("no_limit", {"no_limit": False, "cap": 5}),
    ],
)
def test_a_limit_stays_a_limit(unlimited: Any, body: dict[str, Any]) -> None:
    expected = Quota("wallet", "usd", remaining=Decimal(2), used=Decimal(3), limit=Decimal(5))
    assert _read(unlimited, {"used": 3, **body}) == Reading((expected,))


@pytest.mark.parametrize(
    ("unlimited", "body"), [("cap == null", {}), ("plan.cap == null", {"plan": {}}), ("plan.cap == null", {"plan": None})]
)
def test_a_response_without_the_limit_does_not_say_that_there_is_none(unlimited: str, body: dict[str, Any]) -> None:
    assert _read(unlimited, {"used": 3, **body}) == Reading((Quota("wallet", "usd", used=Decimal(3)),))


@pytest.mark.parametrize("value", ["yes", 1, {}, []])
def test_a_condition_that_is_neither_true_nor_false_is_a_mismatch(value: object) -> None:
    reading = _read("plan.no_limit", {"used": 3, "cap": 5, "plan": {"no_limit": value}})
    assert reading == Reading((Quota("wallet", "usd", used=Decimal(3)),), mismatches=("wallet.limit",))


@pytest.mark.parametrize(
    ("unlimited", "problem"),
    [
        (None, "null cannot be compared with a value"),
        (True, "expected a text, a number, or a condition"),
        ([], "expected a text, a number, or a condition"),
        ("cap = null", "two values are compared with =="),
        ('cap == "none"', "double quotes name a field"),
        ("isnull(cap)", "JMESPath has no function 'isnull'"),
        ("cap ==", "is not a JMESPath expression"),
    ],
)
def test_a_mistaken_condition_is_reported(unlimited: Any, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        quota_of(limit={"select": "cap", "unlimited": unlimited})
