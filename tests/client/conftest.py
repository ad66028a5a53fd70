"""Fixtures: certificate authorities, and a login at a token endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import trustme

from exporter.client.oauth import OAuthLogin, TokenSource
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import Transport
from exporter.model import Seconds
from tests.client.oauth import CLIENT, FIRST
from tests.client.token_endpoint import TokenEndpoint
from tests.support import CANARY, PATIENCE, FakeClock


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> Path:
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


@pytest.fixture
async def endpoint() -> AsyncIterator[TokenEndpoint]:
    async with TokenEndpoint(
        FIRST,
        client_id=CLIENT,
        access_tokens=f"{CANARY}-access-{{}}".format,
        refresh_tokens=f"{CANARY}-refresh-{{}}".format,
    ) as running:
        yield running


@pytest.fixture
def tokens(session: aiohttp.ClientSession, clock: FakeClock) -> TokenSource:
    return TokenSource(Transport(session, {}, clock.clock), SecretReader({}), timeout=Seconds(PATIENCE))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "login"
    folder.mkdir()
    path = folder / "token"
    path.write_text(f"{FIRST}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def login(endpoint: TokenEndpoint, file: Path) -> OAuthLogin:
    return OAuthLogin(endpoint.url, CLIENT, file)
