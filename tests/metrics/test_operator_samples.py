"""Samples of what the operator sets or the exporter forecasts: thresholds, budgets, and the end."""

from __future__ import annotations

from array import array
from dataclasses import replace
from decimal import Decimal

import pytest

from exporter.accounts.consumption import Consumption
from exporter.accounts.entry import Entry, Failure, OptionalRequest
from exporter.accounts.history import DAY, History
from exporter.metrics.catalogue import ACCOUNT_FAMILIES
from exporter.metrics.samples import Sample
from exporter.model import AutoReload, Quota, Reading, Reason, Seconds, Status, Threshold
from tests.metrics.account_samples import NOW, entry_with, families_of, shown
from tests.metrics.showcase import STALE_FAMILIES

LEFT, GRANTED = Decimal(40), Decimal("0.7")
ALL, OWN = Threshold("*", "warning", share=Decimal("0.1")), Threshold("r", "warning", amount=Decimal("2.5"))


@pytest.mark.parametrize(
    ("quota", "thresholds", "expected"),
    [
        pytest.param(Quota("r", "u", LEFT), (OWN,), [(("r", "u", "warning"), 2.5)], id="an amount"),
        pytest.param(Quota("r", "u", used=LEFT), (OWN,), [], id="an amount, and the remaining amount is unknown"),
        pytest.param(Quota("other", "u", LEFT), (OWN,), [], id="an amount of another resource"),
        pytest.param(Quota("r", "u", LEFT, limit=GRANTED), (ALL,), [(("r", "u", "warning"), 0.07)], id="a share, rounded once"),
        pytest.param(Quota("r", "u", LEFT), (ALL,), [], id="a share of no limit"),
        pytest.param(Quota("r", "u", limit=GRANTED), (ALL,), [], id="a share, and the remaining amount is unknown"),
        pytest.param(Quota("r", "u", LEFT, limit=GRANTED), (ALL, OWN), [(("r", "u", "warning"), 2.5)], id="its own comes first"),
        pytest.param(Quota("r", "u", LEFT, limit=GRANTED), (OWN, ALL), [(("r", "u", "warning"), 2.5)], id="in any order"),
        pytest.param(
            Quota("r", "u", LEFT, limit=GRANTED),
            (Threshold("r", "critical", share=Decimal("0.5")), ALL),
            [(("r", "u", "critical"), 0.35), (("r", "u", "warning"), 0.07)],
            id="each severity by itself",
        ),
        pytest.param(
            Quota("r", "u", LEFT, limit=Decimal("1.7e308")), (Threshold("r", "warning", share=Decimal(2)),), [], id="beyond every double"
        ),
    ],
)
def test_a_threshold_is_exported_where_the_remaining_amount_is_known(
    quota: Quota, thresholds: tuple[Threshold, ...], expected: list[Sample]
) -> None:
    assert shown(entry_with(Reading((quota,))), "quota_threshold", thresholds=thresholds) == expected


def test_a_resource_s_own_threshold_without_a_value_is_not_replaced_by_that_of_all() -> None:
    own = Threshold("r", "warning", share=Decimal("0.5"))
    entry = entry_with(Reading((Quota("r", "u", LEFT), Quota("s", "u", LEFT, limit=Decimal(100)))))
    assert shown(entry, "quota_threshold", thresholds=(ALL, own)) == [(("s", "u", "warning"), 10.0)]


@pytest.mark.parametrize(
    ("quotas", "expected"),
    [
        ([Quota("spend", "usd", used=Decimal(3))], [(("spend", "usd"), 99.5)]),
        ([Quota("spend", "usd", resets_at=5.0), Quota("wallet", "usd", LEFT)], [(("spend", "usd"), 99.5)]),
        ([Quota("spend", "eur", used=Decimal(3))], []),
        ([Quota("spend", "eur", used=Decimal(3)), Quota("spend", "usd", used=Decimal(1))], [(("spend", "usd"), 99.5)]),
        ([], []),
    ],
)
def test_a_budget_is_exported_where_the_vendor_reports_the_resource_in_its_unit(quotas: list[Quota], expected: list[Sample]) -> None:
    assert shown(entry_with(Reading(tuple(quotas))), "quota_budget") == expected


def test_a_setting_without_effect_is_1_for_its_resource() -> None:
    thresholds = tuple(Threshold("wallet", severity, share=Decimal("0.2")) for severity in ("warning", "critical"))
    limited = Reading(quotas=(Quota("wallet", "usd", Decimal(1), limit=Decimal(9)), Quota("spend", "usd", used=Decimal(1))))
    assert shown(entry_with(limited), "setting_without_effect", thresholds=thresholds) == []
    without = Reading(quotas=(Quota("wallet", "usd", Decimal(1)), Quota("spend", "eur", used=Decimal(1))))
    assert shown(entry_with(without), "setting_without_effect", thresholds=thresholds) == [(("spend",), 1.0), (("wallet",), 1.0)]


def steady() -> Consumption:
    """Return the counters of a wallet of which 10 were consumed each day, until now, for four days."""
    times = [NOW - days * DAY for days in (4, 3, 2, 1)]
    history = History(array("d", times), array("d", [0.0, 10.0, 20.0, 30.0]))
    return Consumption("wallet", "usd", times[0], NOW, consumed=Decimal(40), readings=5, history=history)


@pytest.mark.parametrize(
    ("quota", "expected", "latest"),
    [
        pytest.param(Quota("wallet", "usd", Decimal(5)), NOW + DAY / 2, NOW + DAY / 2, id="an end"),
        pytest.param(Quota("wallet", "usd", Decimal(5), resets_at=NOW + 0.6 * DAY), NOW + DAY / 2, None, id="it may last until the reset"),
        pytest.param(Quota("wallet", "usd", Decimal(5), resets_at=NOW + 0.4 * DAY), None, None, id="it lasts until the reset"),
        pytest.param(Quota("wallet", "usd", Decimal(0)), None, None, id="it has ended"),
        pytest.param(Quota("wallet", "usd", used=Decimal(5)), None, None, id="what remains is unknown"),
        pytest.param(Quota("wallet", "eur", Decimal(5)), None, None, id="the counters are of another unit"),
    ],
)
def test_a_forecast_is_exported_where_an_end_is_expected(quota: Quota, expected: float | None, latest: float | None) -> None:
    entry = replace(entry_with(Reading((quota,))), consumption=(steady(),))
    ends = {"quota_exhaustion_timestamp_seconds": expected, "quota_exhaustion_latest_timestamp_seconds": latest}
    for name, end in ends.items():
        assert shown(entry, name, NOW + 100) == ([] if end is None else [(("wallet", "usd"), end)])
        assert shown(replace(entry, last_success_at=NOW + 1), name, NOW + 100) == []


def test_the_families_of_a_stale_reading_are_absent_and_those_of_polls_stay() -> None:
    quota = Quota("characters", "characters", Decimal(1), Decimal(2), Decimal(3), Decimal(4), unlimited=True, resets_at=5000.0)
    amounts = AutoReload("usd", Decimal(1), Decimal(2))
    quotas = (quota, Quota("wallet", "usd", Decimal(10)))
    reading = Reading(quotas, {"plan": "pro"}, Status("active"), {"f": True}, amounts, 1.0, 9000.0, mismatches=("info.plan",))
    entry = Entry(
        reading, up=False, error=Failure(Reason.TLS, "no luck"), last_poll_at=1181.0,
        last_success_at=1000.0, limited_until=2000.0, duration=Seconds(0.5), polls=4, errors={Reason.TLS: 3}, mismatches={"info.plan": 1},
        consumption=(Consumption("characters", "characters", since=900.0, at=1000.0), steady()),
        optional={"/key": OptionalRequest()},
    )  # fmt: skip
    thresholds = (Threshold("characters", "warning", amount=Decimal(5)), Threshold("wallet", "warning", share=Decimal("0.1")))
    staying = {
        "quota_consumed_total", "quota_replenished_total",
        "up", "scrapes_total", "scrape_errors_total", "scrape_duration_seconds", "last_scrape_timestamp_seconds",
        "last_success_timestamp_seconds", "scrape_interval_seconds", "schema_mismatches_total",
        "rate_limited_until_timestamp_seconds", "optional_request_errors_total",
    }  # fmt: skip
    assert families_of(entry, 1180.0, thresholds) == STALE_FAMILIES | staying
    assert {f"ai_account_{name}" for name in STALE_FAMILIES | staying} == {family.name for family in ACCOUNT_FAMILIES}
    assert families_of(entry, 1181.0, thresholds) == staying
    assert shown(entry, "last_success_timestamp_seconds", now=1181.0) == [((), 1000.0)]
    assert shown(entry, "up", now=1181.0) == [((), 0.0)]
