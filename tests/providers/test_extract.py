"""From a decoded body to a Reading: exact numbers, and one invalid field removes only itself."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.model import AutoReload, Quota, Reading, Status
from exporter.providers.definition import Definition
from exporter.providers.extract import extract
from tests.providers.bodies import encode, raw
from tests.providers.examples import DEFINITIONS, read
from tests.providers.made_up import definition_of, quota_of

number_texts = st.from_regex(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:e[+-]?[0-9]{1,2})?", fullmatch=True)


def _quota(definition: Definition, body: object) -> Quota:
    (quota,) = read(definition, 200, encode(body)).quotas
    return quota


@settings(deadline=None)
@given(number_texts, number_texts)
@example("9007199254740993.00000000000000000001", "0")  # just above the middle between two doubles
def test_remaining_is_computed_exactly_and_rounded_once(limit: str, used: str) -> None:
    quota = _quota(quota_of(used="used", limit="limit"), {"used": raw(used), "limit": raw(limit)})
    assert quota.remaining is not None
    assert float(quota.remaining) == float(Fraction(limit) - Fraction(used))


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_remaining_of_any_two_doubles_is_exact_or_a_mismatch(limit: float, used: float) -> None:
    reading = read(quota_of(used="used", limit="limit"), 200, encode({"used": used, "limit": limit}))
    exact = Fraction(Decimal(repr(limit))) - Fraction(Decimal(repr(used)))
    (quota,) = reading.quotas
    if quota.remaining is None:
        assert abs(exact) > Fraction(1.7976931348623157e308)
        assert reading.mismatches == ("wallet.remaining",)
    else:
        assert float(quota.remaining) == float(exact)


@settings(deadline=None)
@given(number_texts)
def test_a_number_that_was_sent_is_the_nearest_double(text: str) -> None:
    quota = _quota(quota_of(remaining="left"), {"left": raw(text)})
    assert quota.remaining is not None
    assert float(quota.remaining) == float(text)


def test_a_remaining_amount_that_was_sent_takes_precedence_over_the_difference() -> None:
    quota = _quota(quota_of(remaining="left", used="used", limit="limit"), {"left": 7, "used": 2, "limit": 10})
    assert quota == Quota("wallet", "usd", remaining=Decimal(7), used=Decimal(2), limit=Decimal(10))


@pytest.mark.parametrize(("left", "mismatches"), [(None, ()), ("many", ("wallet.remaining",))])
def test_the_difference_is_used_if_remaining_is_absent(left: object, mismatches: tuple[str, ...]) -> None:
    reading = read(quota_of(remaining="left", used="used", limit="limit"), 200, encode({"left": left, "used": 2.5, "limit": 10}))
    assert reading.quotas == (Quota("wallet", "usd", remaining=Decimal("7.5"), used=Decimal("2.5"), limit=Decimal(10)),)
    assert reading.mismatches == mismatches


def test_only_remaining_is_derived() -> None:
    assert _quota(quota_of(remaining="left", used="used", limit="limit"), {"left": 7, "limit": 10}).used is None
    assert _quota(quota_of(remaining="left", used="used", limit="limit"), {"left": 7, "used": 3}).limit is None


@pytest.mark.parametrize(
    ("field", "body", "expected"),
    [
        ({"scale": "0.01"}, {"a": 12345}, "123.45"),
        ({"scale": 0.01}, {"a": "3"}, "0.03"),
        ({"scale": -1}, {"a": 20}, "-20"),
        ({"scale": -1}, {"a": -20}, "20"),
        ({"minus": "b"}, {"a": 10, "b": 2.5}, "7.5"),
        ({"minus": "b"}, {"a": 0.3, "b": "0.1"}, "0.2"),
        ({"minus": "b", "scale": 0.01}, {"a": 1000, "b": 250}, "7.5"),
        ({"minus": "b", "scale": -0.01}, {"a": 0, "b": 250}, "2.5"),
    ],
)
def test_scale_and_minus_are_exact(field: dict[str, object], body: object, expected: str) -> None:
    assert _quota(quota_of(remaining={"select": "a", **field}), body).remaining == Decimal(expected)


@pytest.mark.parametrize("body", [{"a": 10}, {"a": 10, "b": None}, {"b": 5}])
def test_a_subtraction_needs_both_values(body: object) -> None:
    assert read(quota_of(remaining={"select": "a", "minus": "b"}), 200, encode(body)) == Reading()


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ({"minus": "b"}, {"a": 10, "b": "many"}),
        ({"minus": "b"}, {"a": 10, "b": True}),
        ({"minus": "b"}, {"a": 1.7e308, "b": -1.7e308}),
        ({"scale": 10}, {"a": 1.7e308}),
        ({"unlimited": "none"}, {"a": "None"}),
        ({}, {"a": False}),
    ],
)
def test_an_invalid_amount_is_counted_as_its_own_field(field: dict[str, object], body: object) -> None:
    assert read(quota_of(used={"select": "a", **field}), 200, encode(body)) == Reading(mismatches=("wallet.used",))


def test_a_declared_text_means_unlimited() -> None:
    definition = quota_of(used="used", limit={"select": "limit", "unlimited": "no_limit"})
    assert _quota(definition, {"used": 5, "limit": "no_limit"}) == Quota("wallet", "usd", used=Decimal(5), unlimited=True)
    assert _quota(definition, {"limit": "no_limit"}) == Quota("wallet", "usd", unlimited=True)
    assert _quota(definition, {"used": 5, "limit": "8"}).unlimited is False


@pytest.mark.parametrize(("unit", "expected"), [("USD", "usd"), ("Credits", "credits"), (840, "840")])
def test_a_selected_unit_is_lower_case(unit: object, expected: str) -> None:
    assert _quota(quota_of(unit={"select": "unit"}, remaining="left"), {"unit": unit, "left": 1}).unit == expected


@pytest.mark.parametrize("unit", [None, "", "\n", True, {}, ["usd"]])
def test_an_amount_of_an_unknown_unit_is_absent(unit: object) -> None:
    reading = read(quota_of(unit={"select": "unit"}, remaining="left", used="used"), 200, encode({"unit": unit, "left": 1, "used": 2}))
    assert reading == Reading(mismatches=("wallet.unit",))


def test_an_absent_amount_needs_no_unit() -> None:
    assert read(quota_of(unit={"select": "unit"}, remaining="left"), 200, b'{"unit": true}') == Reading()


def test_several_requests_make_one_reading() -> None:
    definition = definition_of({"requests": [
        {"path": "/a", "expect": "@", "info": {"plan": "plan"}, "quotas": [{"resource": "wallet", "unit": "usd", "remaining": "left"}]},
        {"path": "/b", "expect": "@", "status": {"select": "state", "states": ["on"]}, "features": {"reload": "reload"},
         "auto_reload": {"unit": {"select": "unit"}, "amount": "amount"}},
    ]})  # fmt: skip
    bodies = ({"plan": "pro", "left": Decimal(1)}, {"state": "off", "reload": True, "unit": "EUR", "amount": Decimal(5)})
    assert extract(zip(definition.requests, bodies, strict=True)) == Reading(
        quotas=(Quota("wallet", "usd", remaining=Decimal(1)),),
        info={"plan": "pro"},
        status=Status("off", ("on",)),
        features={"reload": True},
        auto_reload=AutoReload("eur", amount=Decimal(5)),
    )


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ({"format": "unix"}, 1796083200, 1796083200.0),
        ({"format": "unix_ms"}, 1796083200250, 1796083200.25),
        ({"format": "iso8601"}, "2026-12-01T00:00:00Z", 1796083200.0),
        ({"format": "unix", "unknown": 0}, 0, None),
        ({"format": "unix", "unknown": -1}, -1, None),
        ({"format": "unix", "unknown": 0}, 0.0, None),
        ({"format": "unix", "unknown": 0}, None, None),
    ],
)
def test_an_unknown_time_is_absent(field: dict[str, object], value: object, expected: float | None) -> None:
    definition = definition_of({"requests": [{"path": "/", "expect": "@", "created_at": {"select": "at", **field}}]})
    assert read(definition, 200, encode({"at": value})) == Reading(created_at=expected)


@pytest.mark.parametrize("value", [True, -1, "soon", {}, [], False])
def test_an_invalid_time_is_a_mismatch(value: object) -> None:
    definition = definition_of({"requests": [{"path": "/", "expect": "@", "created_at": {"select": "at", "format": "unix", "unknown": 0}}]})
    assert read(definition, 200, encode({"at": value})) == Reading(mismatches=("created_at",))


def test_a_standard_function_can_return_an_amount() -> None:
    assert _quota(quota_of(remaining="sum(pools[].left)"), {"pools": [{"left": 0.1}, {"left": 0.2}]}).remaining == Decimal("0.3")


@pytest.mark.parametrize(
    ("select", "body", "expected"),
    [
        ("sum(pools[].left)", {"pools": []}, "0"),
        ("length(seats)", {"seats": ["a", "b"]}, "2"),
        ("floor(left)", {"left": 2.5}, "2"),
        ("not_null(left, `0`)", {"left": None}, "0"),
    ],
)
def test_a_function_can_return_an_integer(select: str, body: object, expected: str) -> None:
    assert read(quota_of(remaining=select), 200, encode(body)) == Reading((Quota("wallet", "usd", remaining=Decimal(expected)),))


@pytest.mark.parametrize(
    ("select", "expected"), [("max_by(pools, &left).left", "2"), ("min_by(pools, &left).left", "1"), ("sort_by(pools, &left)[0].left", "1")]
)
def test_a_function_can_choose_by_a_number(select: str, expected: str) -> None:
    reading = read(quota_of(remaining=select), 200, b'{"pools": [{"left": 2}, {"left": 1}]}')
    assert reading == Reading((Quota("wallet", "usd", remaining=Decimal(expected)),))


def test_a_function_of_a_number_out_of_range_removes_its_field() -> None:
    body = {"a": raw("9e999999"), "b": raw("9e999999")}
    assert read(quota_of(remaining="sum([a, b])"), 200, encode(body)) == Reading(mismatches=("wallet.remaining",))


def test_a_number_as_text_is_written_as_the_vendor_writes_it() -> None:
    definition = definition_of({"requests": [{"path": "/", "expect": "@", "info": {"plan": "to_string(tier)"}}]})
    assert read(definition, 200, b'{"tier": 5}') == Reading(info={"plan": "5"})


EXTREME = ["1e-1000001", "1e307", "-1e307", "1.7e308", "5e-324", "1", "0", "0e-999999999", "0." + "3" * 700, "9" * 300]


@pytest.mark.parametrize("limit", EXTREME)
@pytest.mark.parametrize("used", EXTREME)
def test_a_number_derived_from_extreme_numbers_is_bounded(limit: str, used: str) -> None:
    definition = quota_of(used={"select": "used", "scale": "0.01"}, limit="limit", overage_limit={"select": "limit", "minus": "used"})
    (quota,) = read(definition, 200, encode({"used": raw(used), "limit": raw(limit)})).quotas
    for amount in (quota.remaining, quota.used, quota.limit, quota.overage_limit):
        if amount is None:  # out of the range of doubles
            continue
        assert len(amount.as_tuple().digits) <= 800
        assert -330 < amount.adjusted() < 309


@pytest.mark.parametrize("used", [0, "0", 0.0, "0.00", None])
@pytest.mark.parametrize("unit", [None, ""])
def test_a_used_amount_of_zero_needs_no_unit(used: object, unit: object) -> None:
    reading = read(quota_of(unit={"select": "unit"}, used="used"), 200, encode({"used": used, "unit": unit}))
    assert reading == Reading()


@pytest.mark.parametrize(("part", "amount"), [("used", 0.01), ("remaining", 0), ("limit", 0)])
def test_another_amount_without_a_unit_is_a_mismatch(part: str, amount: object) -> None:
    reading = read(quota_of(unit={"select": "unit"}, **{part: "amount"}), 200, encode({"amount": amount, "unit": None}))
    assert reading == Reading(mismatches=("wallet.unit",))


@pytest.mark.parametrize("value", [0, 0.0, "0", "0.0", raw("0e5")])
@pytest.mark.parametrize("format_", ["unix", "unix_ms"])
def test_the_number_of_an_unknown_time_is_no_mismatch_however_it_is_written(value: object, format_: str) -> None:
    definition = quota_of(used="used", resets_at={"select": "at", "format": format_, "unknown": 0})
    reading = read(definition, 200, encode({"used": 1, "at": value}))
    assert reading == Reading((Quota("wallet", "usd", used=Decimal(1)),))


@pytest.mark.parametrize("provider", ["elevenlabs"])
def test_zeros_for_absent_values_are_no_mismatch(provider: str) -> None:
    subscription = {
        "tier": "free", "character_count": 1, "character_limit": 10, "next_character_count_reset_unix": 0,
        "current_overage": {"amount": "0", "currency": None},
    }  # fmt: skip
    reading = read(DEFINITIONS[provider], 200, encode({"subscription": subscription}))
    assert reading.mismatches == ()
    assert [quota.resource for quota in reading.quotas] == ["characters"]


@pytest.mark.parametrize("text", ["jane@corp.example", "Jane <jane@corp.example>", "x" * 200 + " jane@corp.example"])
def test_an_e_mail_address_never_becomes_a_label(text: str) -> None:
    request = {"path": "/", "expect": "@", "info": {"plan": "a", "workspace": "b"}, "status": {"select": "a"}}
    definition = definition_of({"requests": [request]})
    reading = extract([(definition.requests[0], {"a": text, "b": "Corp @ Berlin"})])
    assert (reading.info, reading.status, reading.mismatches) == ({"workspace": "Corp @ Berlin"}, None, ("info.plan", "status"))
