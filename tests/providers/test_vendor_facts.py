"""Facts about single vendors that no example response shows: which address is the present one, and which version has which meaning."""

from __future__ import annotations

import pytest

from tests.providers.bodies import encode
from tests.providers.examples import DEFINITIONS, read


def test_tripo_is_read_at_the_address_that_replaced_version_2_of_its_api() -> None:
    """Version 2, on the host api.tripo3d.ai, ended on 2026-10-31."""
    tripo = DEFINITIONS["tripo"]
    assert {tripo.base_url, *tripo.regions.values()} == {"https://openapi.tripo3d.ai", "https://openapi.tripo3d.com"}
    assert [request.path for request in tripo.requests] == ["/v3/account/balance"]


def test_lmnt_is_asked_for_the_version_in_which_the_characters_are_those_that_remain() -> None:
    """Before 1.1, the same field was documented as what was used."""
    assert DEFINITIONS["lmnt"].headers == {"lmnt-version": "1.1"}


@pytest.mark.parametrize(("limit", "wallets"), [("0", [0]), ("50000", [])])
def test_xai_has_an_empty_wallet_unless_the_team_pays_invoices(limit: str, wallets: list[int]) -> None:
    invoice = {"amountAfterVat": "0", "prepaidCredits": {"val": "0"}, "prepaidCreditsUsed": {"val": "0"}}
    xai = DEFINITIONS["xai"]
    reading = read(xai, 200, encode({"coreInvoice": invoice, "effectiveSpendingLimit": limit}), xai.requests[0])
    assert [quota.remaining for quota in reading.quotas if quota.resource == "wallet"] == wallets
