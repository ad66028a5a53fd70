"""The fixture with a reloader of one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon.support import Subject
from tests.support import FakeClock


@pytest.fixture
def subject(tmp_path: Path, clock: FakeClock) -> Subject:
    (tmp_path / "config.yaml").write_text("one")
    return Subject(tmp_path / "config.yaml", clock)
