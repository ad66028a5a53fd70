"""Fixtures: a state file, and the writes to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from exporter.accounts.persistence import Persistence
from exporter.accounts.state_file import StateFile
from tests.accounts.state import opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def file(path: Path) -> Iterator[StateFile]:
    opened = StateFile.open(path)
    yield opened
    opened._connection.close()


@pytest.fixture
async def state(path: Path) -> AsyncIterator[Persistence]:
    opening = await opened(path)
    yield opening
    await opening.close()
