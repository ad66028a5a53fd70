"""The fixture with the versions of Helm."""

from __future__ import annotations

import pytest

from tests.helm.rendering import VERSIONS


@pytest.fixture(params=VERSIONS, ids=lambda version: f"helm-{version}")
def version(request: pytest.FixtureRequest) -> str:
    """Each version of Helm in turn."""
    return str(request.param)
