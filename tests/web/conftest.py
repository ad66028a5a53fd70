"""Fixtures: a client of a server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.web.serving import Client, serving


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with serving() as client:
        yield client
