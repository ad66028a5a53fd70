"""Certificates are made once for all tests of the web configuration."""

from __future__ import annotations

import pytest

from tests.web.web_config.support import Certificates, make_certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))
