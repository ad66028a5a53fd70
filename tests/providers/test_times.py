"""Times of a request and ends of periods, in UTC."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.providers.times import FORMATS, NAMES, Period, format_time, is_time, period_end


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now:iso8601", "2026-02-28T23:59:59Z"),
        ("now:unix", "1772323199"),
        ("now:unix_ms", "1772323199750"),
        ("now:date", "2026-02-28"),
        ("today:iso8601", "2026-02-28T00:00:00Z"),
        ("tomorrow:date", "2026-03-01"),
        ("month_start:iso8601", "2026-02-01T00:00:00Z"),
        ("month_start:unix", "1769904000"),
        ("month_end:iso8601", "2026-03-01T00:00:00Z"),
        ("month_end-1d:date", "2026-02-28"),
        ("now-30d:date", "2026-01-29"),
        ("today+1d:date", "2026-03-01"),
        ("now-400d:unix_ms", "1737763199750"),
    ],
)
def test_a_time_is_written_in_its_format(text: str, expected: str) -> None:
    assert is_time(text)
    assert format_time(text, _at("2026-02-28T23:59:59.750+00:00")) == expected


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-11-30T23:59:59.999999+00:00", "2026-11-01", "2026-12-01"),
        ("2026-12-01T00:00:00+00:00", "2026-12-01", "2027-01-01"),
        ("2026-12-31T23:59:59+00:00", "2026-12-01", "2027-01-01"),
        ("2028-02-29T12:00:00+00:00", "2028-02-01", "2028-03-01"),
        ("2026-03-01T00:30:00+02:00", "2026-02-01", "2026-03-01"),
        ("2026-10-31T23:30:00-04:00", "2026-11-01", "2026-12-01"),
    ],
)
def test_the_month_is_that_of_utc(now: str, start: str, end: str) -> None:
    assert format_time("month_start:date", _at(now)) == start
    assert format_time("month_end:date", _at(now)) == end
    assert period_end("month", _at(now)) == _at(f"{end}T00:00:00+00:00")


@pytest.mark.parametrize("zone", ["America/St_Johns", "Pacific/Kiritimati"])
def test_the_zone_of_the_machine_changes_nothing(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    assert format_time("month_start:iso8601", _at("2026-11-01T00:00:00+00:00")) == "2026-11-01T00:00:00Z"


@pytest.mark.parametrize(("period", "end"), [("day", "2026-11-19"), ("week", "2026-11-23"), ("month", "2026-12-01")])
def test_a_period_ends_at_midnight(period: Period, end: str) -> None:
    assert period_end(period, _at("2026-11-18T11:06:40+00:00")) == _at(f"{end}T00:00:00+00:00")


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_a_period_never_ends_at_the_current_time(period: Period) -> None:
    end = period_end(period, _at("2026-11-18T11:06:40+00:00"))
    assert period_end(period, end) > end
    assert period_end(period, end - 0.001) == end


@given(st.sampled_from(NAMES), st.sampled_from(FORMATS), st.floats(min_value=86_400, max_value=32_000_000_000))
def test_every_time_can_be_written_in_every_format(name: str, format_: str, now: float) -> None:
    assert format_time(f"{name}:{format_}", now)


@pytest.mark.parametrize(
    "text", ["now", "now:", "now:rfc2822", "yesterday:date", "now-30:date", "now-30h:date", "now-1000d:date", "Now:date"]
)
def test_another_text_is_no_time(text: str) -> None:
    assert not is_time(text)
    with pytest.raises(ValueError, match="expected a time"):
        format_time(text, 0)
