"""A certificate that nobody's list of authorities holds."""

from __future__ import annotations

import ssl

import pytest
import trustme


@pytest.fixture(scope="session")
def server_tls() -> ssl.SSLContext:
    """A server's side of TLS on loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context
