"""Facts about single vendors that no example response shows: which address is the present one, and which version has which meaning."""

from __future__ import annotations

from tests.providers.examples import DEFINITIONS


def test_tripo_is_read_at_the_address_that_replaced_version_2_of_its_api() -> None:
    """Version 2, on the host api.tripo3d.ai, ended on 2026-10-31."""
    tripo = DEFINITIONS["tripo"]
    assert {tripo.base_url, *tripo.regions.values()} == {"https://openapi.tripo3d.ai", "https://openapi.tripo3d.com"}
    assert [request.path for request in tripo.requests] == ["/v3/account/balance"]


def test_lmnt_is_asked_for_the_version_in_which_the_characters_are_those_that_remain() -> None:
    """Before 1.1, the same field was documented as what was used."""
    assert DEFINITIONS["lmnt"].headers == {"lmnt-version": "1.1"}
