"""Fixtures: a client of a server on loopback, and TLS for both."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import pytest
import trustme

from exporter.web.web_config.web_config import ServerTls, WebConfig
from tests.web.serving import Client, serving


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with serving() as client:
        yield client


@pytest.fixture
def tls() -> tuple[WebConfig, ssl.SSLContext]:
    """A server's configuration, and a client that trusts it."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return WebConfig(tls=ServerTls(server, "certificate", "policy")), client
