"""Drills take minutes: they are run by `make drills`, and in CI."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all that is in this folder."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("drill")
