"""The fixture with a definition."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.acme import DEFINITION


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    path = tmp_path / "acme.yaml"
    path.write_text(DEFINITION)
    return path
