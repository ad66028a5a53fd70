"""Sums of lists are complete, or there is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import Quota, Reading
from exporter.providers.elements import MAX_UNITS
from exporter.providers.extract import extract
from exporter.providers.values import decode_json
from tests.providers.bodies import encode, raw
from tests.providers.made_up import definition_of, quota_of
from tests.support import NOW

UNIT: Any = {"select": "unit", "empty": "usd"}
MONTH_END = 1_796_083_200.0


def _read(body: object, **quota: Any) -> Reading:
    definition = quota_of(**{"each": "rows", "used": "amount", **quota})
    return extract([(definition.requests[0], decode_json(encode(body)))], now=NOW)


def _sum(amount: str, unit: str = "usd") -> Quota:
    return Quota("wallet", unit, used=Decimal(amount))


@settings(deadline=None)
@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9), max_size=20))
def test_a_sum_is_exact_however_the_amounts_are_written(amounts: list[Decimal]) -> None:
    rows = [{"amount": str(amount) if index % 2 else raw(f"{amount:f}")} for index, amount in enumerate(amounts)]
    assert _read({"rows": rows}) == Reading((_sum(str(sum(amounts, Decimal(0)))),))


@pytest.mark.parametrize("broken", [{}, {"amount": None}, {"amount": "n/a"}, {"amount": True}, {"price": 5}, {"amount": {"value": 5}}])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_one_unusable_element_costs_the_whole_sum(broken: object, index: int) -> None:
    rows: list[object] = [{"amount": 1}, {"amount": 2}]
    rows.insert(index, broken)
    assert _read({"rows": rows}) == Reading(mismatches=("wallet.used",))


@pytest.mark.parametrize("broken", [None, 5, "text", []])
def test_an_element_of_another_kind_costs_the_sum(broken: object) -> None:
    reading = _read({"rows": [{"amount": 1}, broken]})
    assert reading.quotas == ()
    assert reading.mismatches in {("wallet.used",), ("wallet.each",)}


@pytest.mark.parametrize(
    ("each", "rows"),
    [
        ("rows[]", [{"amount": 1}, []]),
        ("rows[]", [{"amount": 1}, [{"amount": 2}]]),
        ("rows[].parts[]", [{"parts": [{"amount": 1}]}, []]),
        ("rows[].parts[]", [{"parts": [{"amount": 1}]}, {"parts": {"amount": 2}}]),
        ("rows[].parts[]", [{"parts": [{"amount": 1}, []]}]),
    ],
)
def test_an_element_that_flattening_would_drop_costs_the_sum(each: str, rows: list[object]) -> None:
    reading = _read({"rows": rows}, each=each)
    assert reading.quotas == ()
    assert len(reading.mismatches) == 1


@pytest.mark.parametrize("each", ["rows[]", "rows[].parts[]"])
def test_flattening_keeps_the_elements_of_all_lists(each: str) -> None:
    rows: list[object] = [{"amount": 1, "parts": []}, {"amount": 2, "parts": [{"amount": 1}, {"amount": 2}]}]
    assert _read({"rows": rows}, each=each) == Reading((_sum("3"),))


def test_an_unusable_part_costs_only_its_own_sum() -> None:
    reading = _read({"rows": [{"amount": 1, "cap": 5}, {"amount": 2, "cap": "many"}]}, limit="cap")
    assert reading == Reading((_sum("3"),), mismatches=("wallet.limit",))


def test_an_unusable_element_costs_the_sum_of_its_own_unit() -> None:
    rows = [{"amount": 1, "unit": "usd"}, {"amount": "n/a", "unit": "usd"}, {"amount": 2, "unit": "eur"}]
    assert _read({"rows": rows}, unit=UNIT) == Reading((_sum("2", "eur"),), mismatches=("wallet.used",))


@pytest.mark.parametrize("unit", [None, "", True, {}])
def test_an_element_without_a_unit_costs_all_sums(unit: object) -> None:
    rows = [{"amount": 1, "unit": "usd"}, {"amount": 2, "unit": unit}, {"amount": 3, "unit": "eur"}]
    assert _read({"rows": rows}, unit=UNIT) == Reading(mismatches=("wallet.unit",))


def test_elements_of_two_units_are_two_quotas() -> None:
    rows = [{"amount": 10, "unit": "USD"}, {"amount": 5, "unit": "hours"}, {"amount": "0.5", "unit": "usd"}]
    assert _read({"rows": rows}, unit=UNIT) == Reading((_sum("10.5"), _sum("5", "hours")))


def test_too_many_units_are_a_mismatch() -> None:
    rows = [{"amount": 1, "unit": f"u{number}"} for number in range(MAX_UNITS + 1)]
    assert _read({"rows": rows}, unit=UNIT) == Reading(mismatches=("wallet.unit",))
    assert len(_read({"rows": rows[1:]}, unit=UNIT).quotas) == MAX_UNITS


@pytest.mark.parametrize("body", [{}, {"rows": None}, {"other": [{"amount": 1}]}])
def test_an_absent_list_yields_nothing(body: object) -> None:
    assert _read(body) == Reading()


@pytest.mark.parametrize("body", [{"rows": {}}, {"rows": {"amount": 1}}, {"rows": "text"}, {"rows": 5}, {"rows": True}])
def test_what_is_no_list_is_a_mismatch(body: object) -> None:
    assert _read(body) == Reading(mismatches=("wallet.each",))


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("credits", (_sum("0", "credits"),)), (UNIT, (_sum("0"),)), ({"select": "unit"}, ())],
    ids=["fixed", "of an empty list", "unknown"],
)
def test_an_empty_list_is_zero_where_the_unit_is_known(unit: Any, expected: tuple[Quota, ...]) -> None:
    assert _read({"rows": []}, unit=unit) == Reading(expected)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"days": []}, Reading((_sum("0"),))),
        ({"days": [{"rows": []}, {"rows": []}]}, Reading((_sum("0"),))),
        ({"days": [{"rows": [{"amount": 1}]}, {"rows": []}, {"rows": [{"amount": 2}]}]}, Reading((_sum("3"),))),
        ({"days": [{"rows": [{"amount": 1}]}, {}]}, Reading(mismatches=("wallet.each",))),
        ({"days": [{"results": [{"amount": 1}]}]}, Reading(mismatches=("wallet.each",))),
        ({"days": [{"rows": None}]}, Reading(mismatches=("wallet.each",))),
        ({"days": None}, Reading()),
        ({}, Reading()),
    ],
)
def test_a_list_in_a_list_must_be_in_every_element(body: object, expected: Reading) -> None:
    assert _read(body, each="days[].rows[]") == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"state": "on", "amount": 1}, {"state": "off", "amount": "n/a"}, {"state": "on", "amount": 2}], Reading((_sum("3"),))),
        ([{"state": "off", "amount": 1}], Reading((_sum("0"),))),
        ([{"status": "on", "amount": 1}], Reading(mismatches=("wallet.each",))),
        ([{"state": "on", "amount": 1}, {"amount": 2}], Reading(mismatches=("wallet.each",))),
    ],
)
def test_a_filter_does_not_pass_over_elements_that_lack_its_field(rows: list[object], expected: Reading) -> None:
    assert _read({"rows": rows}, each="rows[?state == 'on']") == expected


def test_a_filter_may_ask_for_null() -> None:
    rows = [{"ended": None, "amount": 1}, {"amount": 2}, {"ended": "2026", "amount": 4}]
    assert _read({"rows": rows}, each="rows[?ended == null]") == Reading((_sum("3"),))


def test_a_list_of_blocks_is_absent_if_all_blocks_are() -> None:
    assert _read({"a": {"amount": 1}, "b": {"amount": 2}}, each="[a, b][?@]") == Reading((_sum("3"),))
    assert _read({"a": {"amount": 1}}, each="[a, b][?@]") == Reading((_sum("1"),))
    assert _read({}, each="[a, b][?@]") == Reading()


def test_the_remaining_sum_is_derived_from_two_sums() -> None:
    rows = [{"amount": 1, "cap": 5}, {"amount": 2, "cap": 10}]
    assert _read({"rows": rows}, limit="cap").quotas == (Quota("wallet", "usd", remaining=Decimal(12), used=Decimal(3), limit=Decimal(15)),)


def test_one_element_without_limit_makes_the_sum_unlimited() -> None:
    limit = {"select": "cap", "unlimited": -1}
    rows = [{"amount": 1, "cap": 5}, {"amount": 2, "cap": -1}]
    assert _read({"rows": rows}, limit=limit).quotas == (Quota("wallet", "usd", used=Decimal(3), unlimited=True),)
    rows.append({"amount": 3})
    assert _read({"rows": rows}, limit=limit) == Reading((_sum("6"),), mismatches=("wallet.limit",))


@pytest.mark.parametrize(
    ("ends", "expected"),
    [([MONTH_END, MONTH_END], MONTH_END), ([MONTH_END, MONTH_END + 1], None), ([MONTH_END, None], None), ([None, None], None)],
)
def test_a_sum_is_reset_when_all_its_elements_are(ends: list[object], expected: float | None) -> None:
    rows = [{"amount": 1, "end": end} for end in ends]
    [quota] = _read({"rows": rows}, resets_at={"select": "end", "format": "unix"}).quotas
    assert quota.resets_at == expected


def test_an_unusable_time_of_an_element_costs_only_the_time() -> None:
    rows = [{"amount": 1, "end": 5}, {"amount": 1, "end": "soon"}]
    reading = _read({"rows": rows}, resets_at={"select": "end", "format": "unix"})
    assert reading == Reading((_sum("2"),), mismatches=("wallet.resets_at",))


def test_a_period_ends_with_the_sums_that_there_are() -> None:
    period = {"period": "month"}
    assert _read({"rows": []}, resets_at=period).quotas == (Quota("wallet", "usd", used=Decimal(0), resets_at=MONTH_END),)
    assert _read({"rows": [{}]}, resets_at=period) == Reading(mismatches=("wallet.used",))


def test_scale_and_minus_apply_to_each_element() -> None:
    rows = [{"amount": 100, "back": 50}, {"amount": 300, "back": 0}]
    assert _read({"rows": rows}, used={"select": "amount", "minus": "back", "scale": 0.01}) == Reading((_sum("3.5"),))


def test_a_sum_that_is_no_double_is_a_mismatch() -> None:
    assert _read({"rows": [{"amount": 1.7e308}, {"amount": 1.7e308}]}) == Reading(mismatches=("wallet.used",))


def _two(first: dict[str, Any], second: dict[str, Any], bodies: tuple[Any, Any]) -> Reading:
    quotas = [{"resource": "spend", "unit": "usd", **each} for each in (first, second)]
    definition = definition_of({"requests": [{"path": f"/{n}", "expect": "@", "quotas": [quota]} for n, quota in enumerate(quotas)]})
    return extract(zip(definition.requests, (decode_json(encode(body)) for body in bodies), strict=True), now=NOW)


def test_parts_of_one_resource_may_come_from_two_requests() -> None:
    reading = _two({"used": "used"}, {"limit": "limit"}, ({"used": "2.5"}, {"limit": 10}))
    assert reading == Reading((Quota("spend", "usd", remaining=Decimal("7.5"), used=Decimal("2.5"), limit=Decimal(10)),))


def test_parts_in_two_units_stay_apart() -> None:
    reading = _two({"used": "used"}, {"limit": "limit", "unit": {"select": "unit"}}, ({"used": 2}, {"limit": 10, "unit": "EUR"}))
    assert reading == Reading((Quota("spend", "usd", used=Decimal(2)), Quota("spend", "eur", limit=Decimal(10))))


@pytest.mark.parametrize("second", [3, 4])
def test_the_same_part_from_two_places_is_a_mismatch(second: int) -> None:
    unit = {"select": "unit"}
    reading = _two(
        {"used": "used", "limit": "cap"}, {"used": "used", "unit": unit}, ({"used": 3, "cap": 9}, {"used": second, "unit": "usd"})
    )
    assert reading == Reading((Quota("spend", "usd", limit=Decimal(9)),), mismatches=("spend.used",))


def test_the_same_period_from_two_places_is_one_period() -> None:
    period = {"resets_at": {"period": "month"}}
    [quota] = _two({"used": "used", **period}, {"limit": "limit", **period}, ({"used": 1}, {"limit": 5})).quotas
    assert quota.resets_at == MONTH_END
