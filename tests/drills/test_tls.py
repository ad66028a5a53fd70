from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import trustme

from exporter.config.connection import Way
from exporter.simulator.listener import HOST
from tests.drills.checks import carry_out
from tests.drills.range import Play, Range
from tests.drills.table import DRILLS, Drill

Spoil = Callable[[trustme.CA, ssl.SSLContext], None]


def unknown_authority(_authority: trustme.CA, context: ssl.SSLContext) -> None:
    trustme.CA().issue_cert(HOST).configure_cert(context)


def expired(authority: trustme.CA, context: ssl.SSLContext) -> None:
    first, last = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
    authority.issue_cert(HOST, not_before=first, not_after=last).configure_cert(context)


def of_another_host(authority: trustme.CA, context: ssl.SSLContext) -> None:
    authority.issue_cert("vendor.example").configure_cert(context)


def old(authority: trustme.CA, context: ssl.SSLContext) -> None:
    authority.issue_cert(HOST).configure_cert(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that nobody should do this is the point
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1


SPOILT: Final[Mapping[str, Spoil]] = {
    "unknown authority": unknown_authority,
    "expired certificate": expired,
    "certificate of another host": of_another_host,
    "old TLS": old,
}


def play(spoil: Spoil, folder: Path) -> Play:
    """The fault is there from the start, and is mended without a restart of the server."""
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    spoil(authority, context)

    def mend(place: Range) -> None:
        assert not place.vendor.requests  # the key was not sent
        context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
        authority.issue_cert(HOST).configure_cert(context)

    way = Way(ca_file=folder / "ca.pem")
    return Play(begin=lambda _: None, end=mend, from_start=True, alone=True, ssl_context=context, job={"connection": way})


@pytest.mark.parametrize("drill", [drill for drill in DRILLS if drill.name in SPOILT], ids=lambda drill: drill.name)
async def test_a_drill_on_tls(drill: Drill, tmp_path: Path) -> None:
    await carry_out(drill, play(SPOILT[drill.name], tmp_path))
