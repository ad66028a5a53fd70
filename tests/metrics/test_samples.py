"""The samples of one account: what is unknown has no series."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from exporter.accounts.consumption import Consumption
from exporter.accounts.entry import Entry
from exporter.metrics.catalogue import ACCOUNT_FAMILIES
from exporter.metrics.samples import Sample
from exporter.model import AutoReload, Quota, Reading, Reason, Status
from tests.metrics.account_samples import entry_with, families_of, samples_of, shown
from tests.metrics.strategies import readings

patiently = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_before_the_first_poll_there_are_only_the_counters_and_the_interval() -> None:
    entry = Entry()
    assert families_of(entry) == {"scrapes_total", "scrape_errors_total", "scrape_interval_seconds"}
    assert shown(entry, "scrapes_total") == [((), 0.0)]


def test_every_reason_is_present_from_the_start_at_0() -> None:
    entry = Entry()
    assert shown(entry, "scrape_errors_total") == [
        (("timeout",), 0.0), (("connection",), 0.0), (("tls",), 0.0), (("unauthorized",), 0.0), (("forbidden",), 0.0),
        (("quota_exhausted",), 0.0), (("rate_limited",), 0.0), (("client_error",), 0.0), (("server_error",), 0.0),
        (("invalid_response",), 0.0), (("credential",), 0.0), (("internal",), 0.0),
    ]  # fmt: skip


def test_only_the_reason_that_occurred_is_counted() -> None:
    entry = Entry(errors={Reason.TLS: 3})
    samples = shown(entry, "scrape_errors_total")
    assert (("tls",), 3.0) in samples
    assert sum(value for _, value in samples) == 3.0
    assert len(samples) == 12


def test_a_value_that_the_vendor_did_not_send_has_no_series() -> None:
    entry = entry_with(Reading(quotas=(Quota("wallet", "usd", remaining=Decimal("12.5")),)))
    assert families_of(entry) == {
        "quota_remaining", "resources", "info", "up", "scrapes_total", "scrape_errors_total", "scrape_duration_seconds",
        "last_scrape_timestamp_seconds", "last_success_timestamp_seconds", "scrape_interval_seconds",
    }  # fmt: skip
    assert shown(entry, "quota_remaining") == [(("wallet", "usd"), 12.5)]


def test_each_part_of_a_quota_has_its_own_family() -> None:
    quota = Quota("characters", "characters", Decimal(60), Decimal(40), Decimal(100), Decimal(10), resets_at=5000.5)
    entry = entry_with(Reading(quotas=(quota,)))
    for name, value in {"remaining": 60.0, "used": 40.0, "limit": 100.0, "overage_limit": 10.0, "reset_timestamp_seconds": 5000.5}.items():
        assert shown(entry, f"quota_{name}") == [(("characters", "characters"), value)]


def test_a_zero_that_was_sent_is_shown() -> None:
    entry = entry_with(Reading(quotas=(Quota("credits", "credits", Decimal(0), Decimal(0), Decimal(0)),)))
    for part in ("remaining", "used", "limit"):
        assert shown(entry, f"quota_{part}") == [(("credits", "credits"), 0.0)]


def test_overage_is_a_negative_remainder() -> None:
    entry = entry_with(Reading(quotas=(Quota("characters", "characters", remaining=Decimal(-500)),)))
    assert shown(entry, "quota_remaining") == [(("characters", "characters"), -500.0)]


@pytest.mark.parametrize("zero", [Decimal("-0"), Decimal("-0.00"), Decimal("-1e-400")])
def test_a_negative_zero_is_shown_as_0(zero: Decimal) -> None:
    entry = entry_with(Reading(quotas=(Quota("wallet", "usd", remaining=zero),), auto_reload=AutoReload("usd", zero, zero)))
    for name in ("quota_remaining", "auto_reload_threshold", "auto_reload_amount"):
        [(_, value)] = shown(entry, name)
        assert math.copysign(1.0, value) == 1.0


def test_a_number_is_the_nearest_double() -> None:
    entry = entry_with(Reading(quotas=(Quota("wallet", "usd", remaining=Decimal("0.1000000000000000000000001")),)))
    assert shown(entry, "quota_remaining") == [(("wallet", "usd"), 0.1)]


def test_unlimited_is_1_or_absent() -> None:
    entry = entry_with(Reading(quotas=(Quota("characters", "characters", unlimited=True), Quota("wallet", "usd", limit=Decimal(1)))))
    assert shown(entry, "quota_unlimited") == [(("characters", "characters"), 1.0)]
    assert shown(entry, "quota_limit") == [(("wallet", "usd"), 1.0)]


@pytest.mark.parametrize(
    ("quota", "counted"),
    [
        (Quota("r", "u", remaining=Decimal(0)), 1.0),
        (Quota("r", "u", used=Decimal(0)), 1.0),
        (Quota("r", "u", limit=Decimal(0)), 1.0),
        (Quota("r", "u", unlimited=True), 1.0),
        (Quota("r", "u", overage_limit=Decimal(5)), 0.0),
        (Quota("r", "u", resets_at=5000.0), 0.0),
    ],
)
def test_a_resource_counts_if_the_vendor_sent_an_amount(quota: Quota, counted: float) -> None:
    assert shown(entry_with(Reading(quotas=(quota,))), "resources") == [((), counted)]


def test_a_response_without_resources_has_0_resources_and_an_empty_info() -> None:
    entry = entry_with(Reading())
    assert shown(entry, "resources") == [((), 0.0)]
    assert shown(entry, "info") == [(("", "", "", ""), 1.0)]


def test_info_has_what_the_vendor_sent_and_is_empty_otherwise() -> None:
    entry = entry_with(Reading(info={"workspace": "w-1", "plan": "pro", "e_mail": "nobody@example.com"}))
    assert shown(entry, "info") == [(("pro", "", "", "w-1"), 1.0)]


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ("active", [(("active",), 1.0), (("unpaid",), 0.0)]),
        ("unpaid", [(("active",), 0.0), (("unpaid",), 1.0)]),
        ("on_hold", [(("active",), 0.0), (("unpaid",), 0.0), (("on_hold",), 1.0)]),
    ],
)
def test_the_state_set_has_the_known_states_and_the_current_one(current: str, expected: list[Sample]) -> None:
    assert shown(entry_with(Reading(status=Status(current, ("active", "unpaid")))), "status") == expected


def test_features_are_1_or_0() -> None:
    entry = entry_with(Reading(features={"auto_reload": True, "may_extend": False}))
    assert shown(entry, "feature_enabled") == [(("auto_reload",), 1.0), (("may_extend",), 0.0)]


def test_auto_reload_shows_each_amount_that_was_sent() -> None:
    entry = entry_with(Reading(features={"auto_reload": False}, auto_reload=AutoReload("usd", threshold=Decimal(10))))
    assert shown(entry, "auto_reload_threshold") == [(("usd",), 10.0)]
    assert shown(entry, "auto_reload_amount") == []


def test_a_field_that_mismatched_is_counted_and_others_are_absent() -> None:
    entry = Entry(mismatches={"wallet.remaining": 2})
    assert shown(entry, "schema_mismatches_total") == [(("wallet.remaining",), 2.0)]


def test_counters_are_shown_if_they_fit_a_double() -> None:
    consumption = (
        Consumption("wallet", "usd", 0.0, 1.0, consumed=Decimal("0.1000000000000000000000001"), replenished=Decimal(0)),
        Consumption("wallet", "eur", 0.0, 1.0, consumed=Decimal("3.4e308"), replenished=Decimal(7)),
    )
    entry = replace(entry_with(Reading()), consumption=consumption)
    assert shown(entry, "quota_consumed_total", now=1e9) == [(("wallet", "usd"), 0.1)]
    assert shown(entry, "quota_replenished_total", now=1e9) == [(("wallet", "usd"), 0.0), (("wallet", "eur"), 7.0)]


@patiently
@given(readings)
def test_no_value_is_ever_infinite_or_not_a_number(reading: Reading) -> None:
    for family in ACCOUNT_FAMILIES:
        for values, value in samples_of(family, entry_with(reading)):
            assert math.isfinite(value)
            assert str(value) != "-0.0"
            assert len(values) == len(family.labels)


@patiently
@given(readings)
def test_every_series_is_unique(reading: Reading) -> None:
    for family in ACCOUNT_FAMILIES:
        labels = [values for values, _ in samples_of(family, entry_with(reading))]
        assert len(labels) == len(set(labels))


@patiently
@given(readings)
def test_exactly_one_state_is_1(reading: Reading) -> None:
    values = [value for _, value in shown(entry_with(reading), "status")]
    assert sum(values) == (1.0 if reading.status else 0.0)
