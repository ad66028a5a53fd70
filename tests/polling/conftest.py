"""Fixtures: a fake clock, and a client that records its polls."""

from __future__ import annotations

import pytest

from tests.polling.support import RecordingClient, Time


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def vendor(time: Time) -> RecordingClient:
    return RecordingClient(time)
