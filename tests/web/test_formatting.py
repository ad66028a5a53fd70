from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.status import formatting

NOW = 1_763_809_205.0  # 22 Nov 2025 11:00:05 UTC
FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e300"), max_value=Decimal("1e300"))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0.4, "0 s"),
        (48, "48 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (359, "5 min"),
        (4_800, "1 h 20 min"),
        (5 * 3_600 + 3_599, "5 h"),
        (86_400, "1 day"),
        (100_000, "1 day 3 h"),
        (12.9 * 86_400, "12 days"),
        (800 * 86_400, "2 years"),
        (1e12, "31,688 years"),
    ],
)
def test_a_duration_is_written_in_one_or_two_units(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (80, "80 s"), (100, "1 min"), (5_000, "83 min"), (34 * 3_600, "34 h"), (70 * 3_600, "2 days"), (1e9, "31 years")],
)
def test_an_estimate_is_written_in_one_unit(seconds: float, text: str) -> None:
    assert formatting.estimate(seconds) == text


@given(st.floats(min_value=4 * 86_400, max_value=1e12))
def test_a_long_duration_and_its_estimate_are_the_same(seconds: float) -> None:
    assert formatting.estimate(seconds) == formatting.duration(seconds)


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        ("0", "usd", "0.00 USD"),
        ("-0", "credits", "0 credits"),
        ("1", "credits", "1 credit"),
        ("1234", "credits", "1,234 credits"),
        ("4426.9", "credits", "4,426.9 credits"),
        ("4426.90128", "credits", "4,426.9 credits"),
        ("0.0042", "credits", "0.0042 credits"),
        ("62", "usd", "62.00 USD"),
        ("0.004", "usd", "0.0040 USD"),
        ("500", "jpy", "500 JPY"),
        ("-12.3", "eur", "\N{MINUS SIGN}12.30 EUR"),
        ("1e20", "characters", "1e+20 characters"),
        ("3", "voice_edits", "3 voice edits"),
        ("3", "a\u202eb", "3 a\ufffdb"),
        ("1", "class", "1 class"),
    ],
)
def test_an_amount_is_written_as_its_unit_is_usually_written(number: str, unit: str, text: str) -> None:
    assert formatting.counted(Decimal(number), unit) == text


@given(NUMBERS, st.sampled_from(["usd", "jpy", "credits"]))
def test_an_amount_never_crosses_zero(number: Decimal, unit: str) -> None:
    text = formatting.amount(number, unit)
    assert text.startswith("\N{MINUS SIGN}") == (number < 0)
    assert any(digit in text.split("e")[0] for digit in "123456789") == bool(number)


@given(NUMBERS)
def test_a_written_amount_is_near_the_number(number: Decimal) -> None:
    text = formatting.amount(number, "credits").replace("\N{MINUS SIGN}", "-").replace(",", "")
    assert abs(Decimal(text) - number) <= abs(number) / 100


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1e-9, "under 0.1 %"),
        (0.004, "0.4 %"),
        (0.12, "12 %"),
        (0.07484, "7 %"),
        (0.999, "99.9 %"),
        (0.99999, "99.9 %"),
        (1.0, "100 %"),
        (1.2, "120 %"),
        (-0.123, "\N{MINUS SIGN}12 %"),
    ],
)
def test_a_share_is_rounded_down(share: float, text: str) -> None:
    assert formatting.percent(share) == text


@pytest.mark.parametrize(
    ("hourly", "unit", "text"),
    [
        (3.2, "credits", "3.2 credits an hour"),
        (1, "credits", "1 credit an hour"),
        (1_237, "credits", "1,240 credits an hour"),
        (0.35, "usd", "8.40 USD a day"),
        (1_219.87, "usd", "1,220 USD an hour"),
        (35.2, "usd", "35 USD an hour"),
        (1e-6, "credits", "less than 0.01 credits a day"),
        (1e30, "credits", "1e+30 credits an hour"),
    ],
)
def test_a_rate_is_per_hour_or_per_day(hourly: float, unit: str, text: str) -> None:
    assert formatting.rate(hourly / 3_600, unit) == text


def test_a_day_has_its_year_only_if_it_differs() -> None:
    assert formatting.day(NOW + 3 * 86_400, NOW) == "25 Nov 11:00 UTC"
    assert formatting.day(NOW + 60 * 86_400, NOW) == "21 Jan 2026 11:00 UTC"


def test_a_time_has_a_machine_readable_and_a_readable_form() -> None:
    assert formatting.moment(NOW) == formatting.Moment("2025-11-22T11:00:05Z", "22 Nov 2025 11:00:05 UTC")


@given(FINITE, FINITE)
def test_any_time_can_be_formatted(at: float, now: float) -> None:
    moment, day = formatting.moment(at), formatting.day(at, now)
    assert moment is None or moment.iso.endswith("Z")
    assert not day or day.endswith("UTC")
    assert formatting.duration(at)
    assert formatting.estimate(at)


@given(FINITE.filter(lambda rate: rate >= 0))
def test_any_rate_can_be_formatted(burn: float) -> None:
    assert "credit" in formatting.rate(min(burn, 1e300), "credits")


def test_a_window_follows_the_words_the_last() -> None:
    assert [formatting.window(seconds) for seconds in (86_400, 3_600, 21_600)] == ["day", "hour", "6 h"]
