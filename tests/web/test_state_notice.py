"""The status page shows that the state file cannot be written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.web.status.page import StatusPage
from tests.web.overviews import account, overview


@pytest.mark.parametrize(("state_written", "is_shown"), [(None, False), (True, False), (False, True)])
def test_the_page_shows_a_state_file_that_cannot_be_written(state_written: bool | None, is_shown: bool) -> None:  # noqa: FBT001 -- a parameter
    facts = replace(overview([account()]), state_written=state_written)
    body = StatusPage(telemetry_path="/metrics").render(facts).body.decode()
    assert ("The state file cannot be written" in body) is is_shown
