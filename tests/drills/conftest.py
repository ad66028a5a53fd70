"""Drills take minutes. `make drills` and CI run them."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests in this folder as drills."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("drill")
