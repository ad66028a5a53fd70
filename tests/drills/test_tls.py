from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import trustme

from exporter.config.connection_settings import ConnectionSettings
from exporter.simulator.listener import HOST
from tests.drills.environment import Environment, Scenario
from tests.drills.running import run_drill
from tests.drills.table import DRILLS, Drill

BreakTls = Callable[[trustme.CA, ssl.SSLContext], None]


def unknown_authority(_authority: trustme.CA, context: ssl.SSLContext) -> None:
    trustme.CA().issue_cert(HOST).configure_cert(context)


def expired(authority: trustme.CA, context: ssl.SSLContext) -> None:
    first, last = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
    authority.issue_cert(HOST, not_before=first, not_after=last).configure_cert(context)


def not_valid_yet(authority: trustme.CA, context: ssl.SSLContext) -> None:
    first, last = datetime(2090, 1, 1, tzinfo=UTC), datetime(2091, 1, 1, tzinfo=UTC)
    authority.issue_cert(HOST, not_before=first, not_after=last).configure_cert(context)


def self_signed(_authority: trustme.CA, context: ssl.SSLContext) -> None:
    own = trustme.CA()
    with own.cert_pem.tempfile() as certificate, own.private_key_pem.tempfile() as key:
        context.load_cert_chain(certificate, key)


def of_another_host(authority: trustme.CA, context: ssl.SSLContext) -> None:
    authority.issue_cert("vendor.example").configure_cert(context)


def old(authority: trustme.CA, context: ssl.SSLContext) -> None:
    authority.issue_cert(HOST).configure_cert(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the deprecated version is what is tested
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1


FAULTS: Final[Mapping[str, BreakTls]] = {
    "unknown authority": unknown_authority,
    "expired certificate": expired,
    "certificate of another host": of_another_host,
    "self-signed certificate": self_signed,
    "certificate that is not valid yet": not_valid_yet,
    "old TLS": old,
}


def scenario(break_tls: BreakTls, folder: Path) -> Scenario:
    """The fault exists from the start, and is repaired while the server runs."""
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    break_tls(authority, context)

    def repair(env: Environment) -> None:
        assert not env.vendor.requests  # the key was not sent
        context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
        authority.issue_cert(HOST).configure_cert(context)

    connection = ConnectionSettings(ca_file=folder / "ca.pem")
    return Scenario(begin=lambda _: None, end=repair, from_start=True, own_server=True, ssl_context=context, job={"connection": connection})


@pytest.mark.parametrize("drill", [drill for drill in DRILLS if drill.name in FAULTS], ids=lambda drill: drill.name)
async def test_drill_on_tls(drill: Drill, tmp_path: Path) -> None:
    await run_drill(drill, scenario(FAULTS[drill.name], tmp_path))
