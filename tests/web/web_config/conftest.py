"""Certificates are made once for all tests of the gate."""

from __future__ import annotations

import pytest

from tests.web.web_config.support import Papers, make_papers


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return make_papers(tmp_path_factory.mktemp("papers"))
