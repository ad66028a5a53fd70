"""The metric catalogue: every family with its type, labels, stability and HELP. Docs, rules and dashboards are checked against it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from exporter.metrics import samples
from exporter.metrics.samples import Samples

SUM_WARNING = "Never sum across units."


class Stability(StrEnum):
    """What an operator can rely on: changes of a STABLE family are listed in the changelog."""

    STABLE = "STABLE"
    EXPERIMENTAL = "EXPERIMENTAL"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family. `labels` are those besides provider, account and the operator's own."""

    name: str
    type: Literal["gauge", "counter", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    stability: Stability = Stability.STABLE


@dataclass(frozen=True, slots=True)
class AccountFamily(Family):
    """A family with series of accounts."""

    samples: Samples = samples.NOTHING


def _quota(name: str, help_: str, part: str) -> AccountFamily:
    return AccountFamily(f"ai_account_quota_{name}", "gauge", f"{help_} {SUM_WARNING}", ("resource", "unit"), samples=samples.quota(part))


ACCOUNT_FAMILIES: tuple[AccountFamily, ...] = (
    _quota("remaining", "Remaining amount, as sent by the vendor, else limit minus used of the same poll; negative in overage.", "remaining"),
    _quota("used", "Amount consumed in the current period.", "used"),
    _quota("limit", "Amount granted for the period, or the spending cap of the vendor.", "limit"),
    AccountFamily(
        "ai_account_quota_budget", "gauge", f"Budget of the operator for the used amount, from the configuration. {SUM_WARNING}",
        ("resource", "unit"), Stability.EXPERIMENTAL, samples.BUDGET,
    ),
    _quota("overage_limit", "Amount by which usage may exceed the limit.", "overage_limit"),
    AccountFamily(
        "ai_account_quota_unlimited", "gauge", "1 if the vendor says that there is no limit; absent otherwise.",
        ("resource", "unit"), samples=samples.QUOTA_UNLIMITED,
    ),
    AccountFamily(
        "ai_account_quota_reset_timestamp_seconds", "gauge", "End of the current period, as Unix time.",
        ("resource", "unit"), samples=samples.quota("resets_at"),
    ),
    AccountFamily(
        "ai_account_quota_threshold", "gauge", f"Threshold for the remaining amount, from the configuration. {SUM_WARNING}",
        ("resource", "unit", "severity"), samples=samples.THRESHOLD,
    ),
    AccountFamily(
        "ai_account_quota_consumed_total", "counter",
        f"Observed consumption since the first poll; top-ups, resets and refunds do not change it. {SUM_WARNING}",
        ("resource", "unit"), samples=samples.observed("consumed"),
    ),
    AccountFamily(
        "ai_account_quota_replenished_total", "counter", f"Observed top-ups, resets and refunds since the first poll. {SUM_WARNING}",
        ("resource", "unit"), samples=samples.observed("replenished"),
    ),
    AccountFamily(
        "ai_account_quota_exhaustion_timestamp_seconds", "gauge",
        "Forecast of when nothing is left, as Unix time; absent if that is not before the reset, or if too little is known.",
        ("resource", "unit"), samples=samples.exhaustion("ends_at"), stability=Stability.EXPERIMENTAL,
    ),
    AccountFamily(
        "ai_account_quota_exhaustion_latest_timestamp_seconds", "gauge",
        "Latest end that the consumption of the past days allows, as Unix time; absent in the first three days, or if it may last until the reset.",
        ("resource", "unit"), samples=samples.exhaustion("latest_at"), stability=Stability.EXPERIMENTAL,
    ),
    AccountFamily(
        "ai_account_resources", "gauge", "Number of resources with an amount in the last successful poll.",
        samples=samples.RESOURCES,
    ),
    AccountFamily(
        "ai_account_info", "gauge", "Information about the account; the value is 1, and a label is empty if the vendor does not send it.",
        samples.INFO_LABELS, samples=samples.INFO,
    ),
    AccountFamily(
        "ai_account_status", "gauge", "1 for the current state of the account at the vendor, 0 for the other known states.",
        ("status",), samples=samples.STATUS,
    ),
    AccountFamily(
        "ai_account_feature_enabled", "gauge", "1 if the feature is enabled or allowed, 0 if not.",
        ("feature",), samples=samples.FEATURES,
    ),
    AccountFamily(
        "ai_account_auto_reload_threshold", "gauge", f"Balance below which auto reload adds to it. {SUM_WARNING}",
        ("unit",), samples=samples.auto_reload("threshold"),
    ),
    AccountFamily(
        "ai_account_auto_reload_amount", "gauge", f"Amount that auto reload adds each time. {SUM_WARNING}",
        ("unit",), samples=samples.auto_reload("amount"),
    ),
    AccountFamily(
        "ai_account_created_timestamp_seconds", "gauge", "Creation time of the account, as Unix time; absent if unknown.",
        samples=samples.reported_time("created_at"),
    ),
    AccountFamily(
        "ai_account_credential_expiry_timestamp_seconds", "gauge", "Expiry time of the key, as Unix time; absent if unknown.",
        samples=samples.reported_time("credential_expires_at"),
    ),
    AccountFamily(
        "ai_account_up", "gauge", "1 if the last poll of the vendor succeeded, 0 if it failed.",
        samples=samples.poll("up"),
    ),
    AccountFamily(
        "ai_account_scrapes_total", "counter", "Polls of the vendor, successful and failed.",
        samples=samples.poll("polls"),
    ),
    AccountFamily(
        "ai_account_scrape_errors_total", "counter", "Failed polls of the vendor, by reason.",
        ("reason",), samples=samples.ERRORS,
    ),
    AccountFamily(
        "ai_account_optional_request_errors_total", "counter",
        "Failed optional requests of successful polls, by reason; absent if the account has no optional requests.",
        ("reason",), samples=samples.OPTIONAL_REQUEST_ERRORS,
    ),
    AccountFamily(
        "ai_account_scrape_duration_seconds", "gauge", "Duration of the last poll of the vendor.",
        samples=samples.poll("duration"),
    ),
    AccountFamily(
        "ai_account_last_scrape_timestamp_seconds", "gauge", "End of the last poll of the vendor, successful or failed, as Unix time.",
        samples=samples.poll("last_poll_at"),
    ),
    AccountFamily(
        "ai_account_last_success_timestamp_seconds", "gauge", "End of the last successful poll of the vendor, as Unix time: when the quotas were read.",
        samples=samples.poll("last_success_at"),
    ),
    AccountFamily(
        "ai_account_scrape_interval_seconds", "gauge", "Effective interval between polls of the vendor, including back-off.",
        samples=samples.INTERVAL,
    ),
    AccountFamily(
        "ai_account_rate_limited_until_timestamp_seconds", "gauge", "Time until which the vendor asked to wait, as Unix time; absent if there is no wait.",
        samples=samples.LIMITED_UNTIL,
    ),
    AccountFamily(
        "ai_account_schema_mismatches_total", "counter", "Unusable values of fields that the definition declares, by field.",
        ("field",), samples=samples.MISMATCHES,
    ),
    AccountFamily(
        "ai_account_setting_without_effect", "gauge",
        "1 if a threshold or budget of the resource has no effect, because no amount can be compared with it; absent otherwise.",
        ("resource",), Stability.EXPERIMENTAL, samples.WITHOUT_EFFECT,
    ),
)  # fmt: skip
"""In the order of the page."""

BUILD_INFO = Family(
    "ai_account_exporter_build_info", "gauge", "Version of the exporter; the value is 1.", ("version", "revision", "python_version"),
)  # fmt: skip

SHARD_ORDINAL = Family(
    "ai_account_exporter_shard_ordinal", "gauge", "Ordinal of this exporter among those that share the accounts, from 0.",
)  # fmt: skip

TOTAL_SHARDS = Family(
    "ai_account_exporter_total_shards", "gauge", "Number of exporters that share the accounts, as configured for this one; 1 if it polls all of them.",
)  # fmt: skip

DURATIONS = Family(
    "ai_account_exporter_vendor_request_duration_seconds", "histogram", "Duration of the polls of a vendor, all its accounts together.",
    ("provider",),
)  # fmt: skip

RELOAD_SUCCESSFUL = Family(
    "ai_account_exporter_config_last_reload_successful", "gauge", "1 if the last read of the configuration succeeded, 0 if not.",
)  # fmt: skip

RELOAD_TIME = Family(
    "ai_account_exporter_config_last_reload_success_timestamp_seconds", "gauge",
    "Time of the last successful read of the configuration, as Unix time.",
)  # fmt: skip

STATE_WRITE_SUCCESSFUL = Family(
    "ai_account_exporter_state_last_write_successful", "gauge",
    "1 if the last write of the state file succeeded, 0 if not; absent if no state file is configured.",
)  # fmt: skip

STATE_WRITE_TIME = Family(
    "ai_account_exporter_state_last_write_success_timestamp_seconds", "gauge",
    "Time of the last successful write of the state file, as Unix time; absent if there was none.",
)  # fmt: skip

STATE_WRITE_ERRORS = Family(
    "ai_account_exporter_state_write_errors_total", "counter",
    "Failed writes of the state file since the start; absent if no state file is configured.",
)  # fmt: skip

PUSH_ERRORS = Family(
    "ai_account_exporter_push_errors_total", "counter", "Failed pushes of the metrics, by reason; absent unless a push is configured.",
    ("reason",), Stability.EXPERIMENTAL,
)  # fmt: skip

PUSH_TIME = Family(
    "ai_account_exporter_push_last_success_timestamp_seconds", "gauge",
    "Time of the last successful push of the metrics, as Unix time; absent until there was one.", (), Stability.EXPERIMENTAL,
)  # fmt: skip

CATALOGUE: tuple[Family, ...] = (
    *ACCOUNT_FAMILIES, BUILD_INFO, RELOAD_SUCCESSFUL, RELOAD_TIME, STATE_WRITE_SUCCESSFUL, STATE_WRITE_TIME, STATE_WRITE_ERRORS,
    SHARD_ORDINAL, TOTAL_SHARDS, DURATIONS, PUSH_ERRORS, PUSH_TIME,
)  # fmt: skip
"""Every family of the page except those of prometheus-client (`process_*`, `python_*`)."""
