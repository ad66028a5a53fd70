"""How long a vendor asks to wait."""

from __future__ import annotations

import math
import time as system_time
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.client.retry_after import waiting_time
from tests.support import NOW

HOUR = 3_600.0
TABLE: list[tuple[str | None, float | None]] = [
    ("7", 7), ("  12 ", 12), ("1.5", 1.5), ("007", 7), ("100000000", 1e8), ("0", None), ("0.0", None), ("-1", None), ("+5", None),
    ("1e9", None), ("1_0", None), ("0x10", None), ("7s", None), ("7, 9", None), ("\u0663", None), ("nan", None), ("inf", None), ("", None),
    (None, None), ("soon", None), ("999999999999999999", None), ("9" * 100_000, None), ("\0", None), ("\ud800", None),
    ("Wed, 18 Nov 2026 11:08:20 GMT", 100), ("Wednesday, 18-Nov-26 11:08:20 GMT", 100), ("Wed, 18 Nov 2026 13:08:20 +0200", 100),
    ("Wed, 18 Nov 2026 06:08:20 EST", 100), ("Wed, 18 Nov 2026 11:06:40 GMT", None), ("Wed, 18 Nov 2026 11:06:39 GMT", None),
    ("Sunday, 06-Nov-94 08:49:37 GMT", None), ("Sun, 06 Nov 1994 08:49:37 GMT", None), ("Wed, 99 Nov 2026 11:08:20 GMT", None),
    ("Wed, 18 Nov 99999 11:08:20 GMT", None), ("Wed, 18 Nov 99999999999999999999 11:08:20 GMT", None),
    ("Wed, 18 Nov 2026 11:08:20 +9999", None), ("2026-11-18T11:08:20Z", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), TABLE, ids=lambda value: ascii(value)[:40])
def test_a_wait_is_read_and_nonsense_is_ignored(text: str | None, seconds: float | None) -> None:
    assert waiting_time(text, None, NOW) == seconds


@pytest.mark.parametrize("skew", [-6 * HOUR, 0.0, 6 * HOUR])
def test_a_date_is_measured_by_the_vendor_s_own_clock(skew: float) -> None:
    assert waiting_time(formatdate(NOW + skew + 100, usegmt=True), formatdate(NOW + skew, usegmt=True), NOW) == 100
    assert waiting_time(formatdate(NOW + skew, usegmt=True), formatdate(NOW + skew, usegmt=True), NOW) is None
    assert waiting_time("7", formatdate(NOW + skew, usegmt=True), NOW) == 7


@pytest.mark.parametrize("date", ["", "soon", "\0"])
def test_a_date_is_measured_by_our_clock_where_the_vendor_sends_none(date: str) -> None:
    assert waiting_time(formatdate(NOW + 100, usegmt=True), date, NOW) == 100


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        system_time.tzset()
        yield
    system_time.tzset()


@pytest.mark.parametrize(
    "date",
    [
        "Wed, 18 Nov 2026 11:08:20 GMT",
        "Wed Nov 18 11:08:20 2026",
    ],
)
def test_the_time_zone_of_this_machine_does_not_matter(in_tokyo: None, date: str) -> None:
    assert waiting_time(date, None, NOW) == 100


ANY_TEXT = st.text(st.characters(exclude_categories=()))
DATES = st.builds(
    "{}{} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Wed, ", "", "Wednesday, "]),
    st.integers(0, 99),
    st.sampled_from(["Nov", "Feb", "Foo"]),
    st.one_of(st.integers(0, 9999), st.integers()),
    st.integers(0, 30),
    st.integers(-1, 70),
    st.integers(0, 70),
    st.sampled_from(["GMT", "-0000", "+2359", "-9999", "EST", ""]),
)
NUMBERS = st.one_of(st.integers(), st.floats(), st.decimals()).map(str)
HEADERS = st.one_of(ANY_TEXT, NUMBERS, DATES)


@given(HEADERS, HEADERS, st.floats(-1e9, 1e11))
@example("9" * 5_000, "9" * 5_000, NOW)
@example("\ud800\0", "\udfff", NOW)
def test_any_header_is_a_positive_wait_or_none(text: str, date: str, now: float) -> None:
    wait = waiting_time(text, date, now)
    assert wait is None or (math.isfinite(wait) and wait > 0)


@pytest.mark.parametrize("unit", [1, 1_000])
@pytest.mark.parametrize(("ahead", "wait"), [(60, 60), (86_400, 86_400), (0, None), (-1, None), (-1e6, None)])
def test_a_unix_time_is_a_point_in_time(ahead: float, wait: float | None, unit: int) -> None:
    assert waiting_time(f"{(NOW + ahead) * unit:.0f}", None, NOW) == wait


@pytest.mark.parametrize("skew", [-6 * HOUR, 6 * HOUR])
def test_a_unix_time_is_measured_by_the_vendor_s_own_clock(skew: float) -> None:
    assert waiting_time(f"{NOW + skew + 100:.0f}", formatdate(NOW + skew, usegmt=True), NOW) == 100


@given(st.integers(0, 10**16), st.sampled_from(["", ".0", ".5"]))
@example(10**9 - 1, "")
@example(10**9, "")
@example(4 * 10**9, "")
@example(10**12, "")
@example(4 * 10**12, "")
def test_a_number_is_seconds_or_a_unix_time_or_nonsense(number: int, fraction: str) -> None:
    wait = waiting_time(f"{number}{fraction}", None, NOW)
    value = float(f"{number}{fraction}")
    if value < 1e9:
        assert wait == (value or None)
    elif value < 4e9:
        assert wait == (value - NOW if value > NOW else None)
    elif 1e12 <= value < 4e12:
        assert wait == (value / 1e3 - NOW if value / 1e3 > NOW else None)
    else:
        assert wait is None
