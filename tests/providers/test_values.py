"""A value becomes an exact number, a time or short clean text, or is refused."""

from __future__ import annotations

import math
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.providers.values import (
    MAX_TEXT,
    Mismatch,
    TimeFormat,
    decode_json,
    finite,
    to_bool,
    to_code,
    to_decimal,
    to_text,
    to_time,
)

YEAR_2000 = 946_684_800
YEAR_10000 = 253_402_300_800
NO_NUMBERS: list[object] = [
    *("", " 5", "5 ", "5\n", "1_000", "1,000", "0x10", ".", "-", "e5", "5e", "--1", "1.2.3"),
    *("NaN", "sNaN", "inf", "-Infinity", "1e999", "-1e999", "1e99999", "9" * 129, "9" * 400),
    *("\u0661\u0662", "\uff15", "\u00b2", "1\u0660"),
    *(True, False, [], {}, ["5"], {"value": "5"}),
]

finite_doubles = st.floats(allow_nan=False, allow_infinity=False)
decimal_strings = st.from_regex(r"[+-]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?", fullmatch=True)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)


@settings(deadline=None)
@given(decimal_strings)
@example("5.")
@example(".5")
@example("-0")
@example("+1E+3")
@example("0.1000000000000000055511151231257827021181583404541015625")
def test_a_decimal_string_becomes_the_nearest_double(text: str) -> None:
    number = to_decimal(text)
    assert number is not None
    assert float(number) == float(text)


@settings(deadline=None)
@given(finite_doubles)
def test_a_double_is_unchanged_by_json(value: float) -> None:
    number = to_decimal(decode_json(repr(value).encode()))
    assert number is not None
    assert float(number) == value


def test_a_decimal_stays_exact() -> None:
    assert to_decimal("0.30") == Decimal("0.3")
    assert to_decimal(decode_json(b"12345678901234567890.123456789")) == Decimal("12345678901234567890.123456789")


def test_null_is_no_number() -> None:
    assert to_decimal(None) is None


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_anything_but_a_finite_decimal_is_a_mismatch(value: object) -> None:
    with pytest.raises(Mismatch):
        to_decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "9" * 10_000,
        "0." + "3" * 10_000,
        "1e5000",
        "1e400000000",
        "1e99999999999999999999",
    ],
)
def test_a_json_number_that_no_double_holds_is_a_mismatch(text: str) -> None:
    with pytest.raises(Mismatch):
        to_decimal(decode_json(text.encode()))


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_finite_number_or_a_mismatch(text: str) -> None:
    try:
        number = to_decimal(text)
    except Mismatch:
        return
    assert number is not None
    assert math.isfinite(float(number))
    assert text.isascii()


@pytest.mark.parametrize("number", ["1.7976931348623157e308", "-1.7976931348623157e308", "5e-324", "0", "-0"])
def test_a_number_near_a_finite_double_is_finite(number: str) -> None:
    assert finite(Decimal(number)) == Decimal(number)


@pytest.mark.parametrize("number", ["1e-999", "-1e-1000001", "0e-1000001", "0e1000001", "2e-324"])
def test_a_number_whose_nearest_double_is_zero_is_zero(number: str) -> None:
    assert str(finite(Decimal(number))) == str(to_decimal(decode_json(number.encode()))) == "0"


@pytest.mark.parametrize("number", ["1.8e308", "-1.8e308", "Infinity", "NaN", "sNaN"])
def test_a_number_near_no_finite_double_is_a_mismatch(number: str) -> None:
    with pytest.raises(Mismatch):
        finite(Decimal(number))


@pytest.mark.parametrize(
    ("value", "format_", "expected"),
    [
        (Decimal(1796083200), "unix", 1796083200.0),
        (Decimal("1796083200.25"), "unix", 1796083200.25),
        ("1796083200", "unix", 1796083200.0),
        (Decimal(1796083200250), "unix_ms", 1796083200.25),
        ("1796083200250", "unix_ms", 1796083200.25),
        ("2026-12-01T00:00:00Z", "iso8601", 1796083200.0),
        ("2026-12-01T00:00:00", "iso8601", 1796083200.0),
        ("2026-12-01 00:00:00", "iso8601", 1796083200.0),
        ("2026-12-01", "iso8601", 1796083200.0),
        ("2026-12-01T05:30:00+05:30", "iso8601", 1796083200.0),
        ("2026-11-30T16:00:00-08:00", "iso8601", 1796083200.0),
        ("2026-12-01T00:00:00.250Z", "iso8601", 1796083200.25),
        ("2026-12-01T00:00:00.250000000+00:00", "iso8601", 1796083200.25),
        ("9999-12-31T23:59:59Z", "iso8601", YEAR_10000 - 1.0),
        (Decimal(YEAR_10000 - 1), "unix", YEAR_10000 - 1.0),
        (None, "unix", None),
        (None, "unix_ms", None),
        (None, "iso8601", None),
    ],
)  # fmt: skip
def test_a_time_is_read_in_its_format(value: object, format_: TimeFormat, expected: float | None) -> None:
    assert to_time(value, format_) == expected


@pytest.mark.parametrize(
    ("value", "format_"),
    [
        (Decimal(0), "unix"),
        (Decimal(-1), "unix"),
        (Decimal(3600), "unix"),
        (Decimal(946684799), "unix"),
        (Decimal(1796083200), "unix_ms"),
        (Decimal(YEAR_10000), "unix"),
        (Decimal(YEAR_10000 * 1000), "unix_ms"),
        (Decimal(-1), "unix_ms"),
        (Decimal("NaN"), "unix"),
        (Decimal("1e999"), "unix_ms"),
        (True, "unix"),
        (False, "unix"),
        ("2026-12-01T00:00:00Z", "unix"),
        (Decimal(1796083200), "iso8601"),
        (True, "iso8601"),
        ({}, "iso8601"),
        ("", "iso8601"),
        ("soon", "iso8601"),
        ("2026-02-30T00:00:00Z", "iso8601"),
        ("10000-01-01T00:00:00Z", "iso8601"),
        ("9999-12-31T23:59:59-08:00", "iso8601"),
        ("0001-01-01T00:00:00+08:00", "iso8601"),
        ("1969-12-31T23:59:59Z", "iso8601"),
        ("1999-12-31T23:59:59Z", "iso8601"),
        ("\u0662026-12-01T00:00:00Z", "iso8601"),
    ],
)  # fmt: skip
def test_anything_but_a_time_between_2000_and_9999_is_a_mismatch(value: object, format_: TimeFormat) -> None:
    with pytest.raises(Mismatch):
        to_time(value, format_)


@settings(deadline=None)
@given(scalars, st.sampled_from(["unix", "unix_ms", "iso8601"]))
def test_any_value_is_a_time_in_range_or_a_mismatch(value: object, format_: TimeFormat) -> None:
    try:
        seconds = to_time(Decimal(value) if isinstance(value, int | float) and not isinstance(value, bool) else value, format_)
    except Mismatch:
        return
    assert seconds is None or YEAR_2000 <= seconds < YEAR_10000


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), (None, None)])
def test_true_and_false_are_booleans(value: object, expected: bool | None) -> None:  # noqa: FBT001 -- the expected value
    assert to_bool(value) is expected


@pytest.mark.parametrize("value", ["yes", "true", "", Decimal(1), Decimal(0), [], {}])
def test_nothing_else_is_a_boolean(value: object) -> None:
    with pytest.raises(Mismatch):
        to_bool(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("creator", "creator"),
        ("caf\u00e9 \u6771\u4eac \U0001f3a4", "caf\u00e9 \u6771\u4eac \U0001f3a4"),
        ("a\x00b\nc\x1b[31m\x7f\x85d", "abc[31md"),
        ("a\ud800b\udfff", "ab"),
        ("x" * 128, "x" * 128),
        ("x" * 129, "x" * 128),
        ("\n" * 300 + "x" * 200, "x" * 128),
        ("", None),
        ("\r\n", None),
        (None, None),
        (Decimal(1000), "1000"),
        (Decimal("4.50"), "4.50"),
        (Decimal("9" * 10_000), "9" * 128),
    ],
)  # fmt: skip
def test_text_is_cleaned_and_truncated(value: object, expected: str | None) -> None:
    assert to_text(value) == expected


@pytest.mark.parametrize("value", [True, False, [], {}, ["text"], {"name": "text"}])
def test_a_label_must_be_text_or_a_number(value: object) -> None:
    with pytest.raises(Mismatch):
        to_text(value)


@settings(deadline=None)
@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_a_label_value_in_utf_8(value: str) -> None:
    text = to_text(value)
    if text is not None:
        text.encode()
        assert 0 < len(text) <= MAX_TEXT
        assert not {unicodedata.category(character) for character in text if character not in "\u200c\u200d"} & {
            "Cc",
            "Cs",
            "Cf",
            "Zl",
            "Zp",
        }


@pytest.mark.parametrize(
    ("value", "code"), [("1000", "1000"), ("1000.0", "1000"), ("1e3", "1000"), ("1000.50", "1000.5"), ("-0.0", "0"), ('"1e3"', "1e3")]
)
def test_a_number_is_one_code_however_it_is_written(value: str, code: str) -> None:
    assert to_code(decode_json(value.encode())) == code
