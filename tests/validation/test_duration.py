"""Durations are written as in Prometheus."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.validation.duration import format_duration, parse_duration

YEAR = 31_536_000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1ms", 0.001),
        ("1500ms", 1.5),
        ("30s", 30),
        ("5m", 300),
        ("1h", 3600),
        ("1d", 86_400),
        ("1w", 604_800),
        ("1y", YEAR),
        ("1h30m", 5400),
        ("1m500ms", 60.5),
        ("0h5m", 300),
        ("007s", 7),
        ("1y2w3d4h5m6s7ms", YEAR + 2 * 604_800 + 3 * 86_400 + 4 * 3600 + 5 * 60 + 6.007),
    ],
)
def test_a_duration_is_read_as_prometheus_reads_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "5", "m", "5 m", " 5m", "5m ", "5m\n", "5M", "5min", "5m,3s", "1.5h", "1e3s", "٣s", "+5m",
        "-5m", "0s", "0ms", "0h0m", "0", "30m1h", "1ms1s", "5m5m", "1s\x00", "one hour",
    ],
)  # fmt: skip
def test_an_invalid_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a duration such as 30s, 5m or 1h30m$"):
        parse_duration(text)


@pytest.mark.parametrize("thing", [None, True, 5, 0, 1.5, b"5m", ["5m"], {"5m": None}])
def test_a_duration_without_a_unit_is_refused_rather_than_guessed(thing: object) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(thing)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.001, "1ms"), (1.5, "1s500ms"), (60, "1m"), (5400, "1h30m"), (86_400, "1d"), (604_800, "1w"), (YEAR, "1y"), (YEAR + 1, "1y1s")],
)
def test_a_duration_is_written_in_its_shortest_form(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(min_value=1, max_value=2**50))
def test_what_is_written_is_read_back_to_the_millisecond(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


@pytest.mark.parametrize("unit", ["y", "w", "d", "h", "m", "s", "ms"])
def test_nine_digits_are_read_and_more_are_refused_at_once(unit: str) -> None:
    assert parse_duration(f"999999999{unit}") > 0
    for digits in (10, 400, 1_000_000):
        with pytest.raises(ValueError, match="expected a duration"):
            parse_duration("9" * digits + unit)


@given(st.text() | st.text(alphabet="0123456789ywdhms-. "))
def test_any_text_is_a_positive_duration_or_refused(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        assert str(error) == "expected a duration such as 30s, 5m or 1h30m"  # noqa: PT017 -- most texts do not raise, some do
    else:
        assert seconds > 0
