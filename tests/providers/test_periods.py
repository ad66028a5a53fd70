"""A report of this month contains today, also on the first day of the month."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest

from exporter.providers.definition import Definition
from exporter.providers.request_fields import Request
from exporter.providers.request_template import fill_all, texts_in
from tests.providers.examples import DEFINITIONS

FIRST_DAY: Final = datetime(2026, 12, 1, 12, tzinfo=UTC).timestamp()
END_IS_NOW: Final = {"ideogram"}
"""Vendors that document or return an end of now, with the costs of today, where the request has none."""
END_IS_INCLUDED: Final = {"speechmatics"}
"""Vendors that document that the last day is part of the report."""
REPORTS: Final = [
    (definition, request)
    for definition in DEFINITIONS.values()
    for request in definition.requests
    if any("{month_start:" in text for _, text in texts_in([request.query, request.body]))
]


def _times(definition: Definition, request: Request) -> list[str]:
    sent = fill_all([request.query, request.body], dict.fromkeys(definition.params, "any"), FIRST_DAY)
    return sorted(text for _, text in texts_in(sent) if text.startswith(("2026-12-", "1796")))


def test_there_are_reports() -> None:
    assert {"anthropic", "deepgram", "fireworks", "openai"} <= {definition.name for definition, _ in REPORTS}


@pytest.mark.parametrize(("definition", "report"), REPORTS, ids=[f"{definition.name} {request.path}" for definition, request in REPORTS])
def test_a_report_ends_after_its_beginning_on_the_first_day(definition: Definition, report: Request) -> None:
    times = _times(definition, report)
    if len(times) == 1:
        assert definition.name in END_IS_NOW
        return
    begin, end = times
    assert begin < end or definition.name in END_IS_INCLUDED
