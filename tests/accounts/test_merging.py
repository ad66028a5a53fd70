"""Older readings of single requests fill the gaps of a reading, and change nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exporter.accounts.merging import merged
from exporter.model import AutoReload, Quota, Reading, Status

LIMIT = Decimal(100)
SPENT = Quota("spend", "usd", used=Decimal(40))


def test_what_the_reading_reports_itself_stays() -> None:
    own = Reading((SPENT,), {"plan": "pro"}, Status("active", ()), {"x": True}, AutoReload("usd", LIMIT, LIMIT), 2.0, 3.0)
    other = Reading(
        (Quota("spend", "usd", used=Decimal(9)),), {"plan": "free"}, Status("paused", ()), {"x": False}, AutoReload("eur"), 7.0, 8.0
    )
    assert merged(own, [other]) == own


def test_what_only_an_older_reading_reports_is_added_and_nothing_is_derived() -> None:
    other = Reading((Quota("spend", "usd", limit=LIMIT), SPENT), {"plan": "free"}, features={"x": False}, credential_expires_at=8.0)
    found = merged(Reading((SPENT,)), [other])
    assert found == Reading((Quota("spend", "usd", used=Decimal(40), limit=LIMIT),), {"plan": "free"}, None, {"x": False}, None, None, 8.0)
    assert merged(Reading(), [Reading((SPENT,))]).quotas == (SPENT,)


@pytest.mark.parametrize(("newer_limit", "is_unlimited"), [(None, True), (LIMIT, False)])
def test_an_older_reading_makes_a_resource_unlimited_unless_it_has_a_limit_now(newer_limit: Decimal | None, *, is_unlimited: bool) -> None:
    newer = Quota("spend", "usd", used=Decimal(40), limit=newer_limit)
    [found] = merged(Reading((newer,)), [Reading((Quota("spend", "usd", unlimited=True),))]).quotas
    assert found.unlimited is is_unlimited
