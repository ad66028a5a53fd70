"""The amounts of thresholds for one resource."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exporter.accounts.thresholds import floors_of
from exporter.model import Quota, Threshold

OWN = Threshold("wallet", "warning", amount=Decimal("0.1"))
OWN_SHARE = Threshold("wallet", "warning", share=Decimal("0.3"))
ALL = Threshold("*", "warning", share=Decimal("0.2"))
CRITICAL = Threshold("*", "critical", share=Decimal("0.05"))
OTHER = Threshold("spend", "warning", amount=Decimal(7))


@pytest.mark.parametrize(
    ("thresholds", "remaining", "limit", "floors"),
    [
        ((), 5, 10, {}),
        ((OWN,), 5, None, {"warning": Decimal("0.1")}),
        ((OWN,), None, 10, {}),
        ((ALL, CRITICAL), 5, 10, {"warning": Decimal("2.0"), "critical": Decimal("0.5")}),
        ((ALL, OWN), 5, 10, {"warning": Decimal("0.1")}),
        ((OWN, ALL), 5, 10, {"warning": Decimal("0.1")}),
        ((OWN_SHARE, CRITICAL), 5, 10, {"warning": Decimal("3.0"), "critical": Decimal("0.5")}),
        ((OWN_SHARE, ALL), 5, None, {}),
        ((ALL,), -5, 0, {"warning": Decimal(0)}),
        ((OTHER,), 5, 10, {}),
    ],
)
def test_a_resource_has_its_own_threshold_or_that_of_all_resources(
    thresholds: tuple[Threshold, ...], remaining: int | None, limit: int | None, floors: dict[str, Decimal]
) -> None:
    amounts = [None if value is None else Decimal(value) for value in (remaining, limit)]
    assert floors_of(Quota("wallet", "usd", remaining=amounts[0], limit=amounts[1]), thresholds) == floors


def test_a_share_of_a_long_limit_is_exact() -> None:
    limit = Decimal("123456789012345678901234567890.12")
    quota = Quota("wallet", "usd", remaining=Decimal(1), limit=limit)
    assert floors_of(quota, [CRITICAL]) == {"critical": Decimal("6172839450617283945061728394.5060")}


def test_severities_have_the_order_of_the_thresholds() -> None:
    quota = Quota("wallet", "usd", remaining=Decimal(1), limit=Decimal(10))
    assert list(floors_of(quota, [OTHER, CRITICAL, ALL, OWN])) == ["critical", "warning"]


def test_a_resource_without_a_limit_has_only_the_thresholds_that_name_it() -> None:
    quota = Quota("characters", "characters", remaining=Decimal(5), limit=Decimal(100), unlimited=True)
    everywhere, named = Threshold("*", "warning", share=Decimal("0.5")), Threshold("characters", "critical", amount=Decimal(9))
    assert floors_of(quota, (everywhere, named)) == {"critical": Decimal(9)}
