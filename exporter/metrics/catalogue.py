"""The metric catalogue: every family with its type, labels, stability and meaning. HELP, docs, rules and dashboards follow it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from exporter.metrics import samples
from exporter.metrics.samples import Samples

SUM_WARNING = "Never sum across units."


class Stability(StrEnum):
    """What an operator can rely on: a STABLE family changes through the changelog only, with the old name kept for a while."""

    STABLE = "STABLE"
    EXPERIMENTAL = "EXPERIMENTAL"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family. `labels` are those beside provider, account and the operator's own."""

    name: str
    type: Literal["gauge", "counter", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    stability: Stability = Stability.STABLE


@dataclass(frozen=True, slots=True)
class AccountFamily(Family):
    """A family of which every account has series."""

    samples: Samples = samples.nothing


def _quota(name: str, help_: str, part: str) -> AccountFamily:
    return AccountFamily(f"ai_account_quota_{name}", "gauge", f"{help_} {SUM_WARNING}", ("resource", "unit"), samples=samples.quota(part))


ACCOUNT_FAMILIES: tuple[AccountFamily, ...] = (
    _quota("remaining", "What is left, as the vendor sent it, else limit - used of the same answer; negative in overage.", "remaining"),
    _quota("used", "What was consumed in the current period.", "used"),
    _quota("limit", "What is granted for the period, or the spending cap.", "limit"),
    _quota("overage_limit", "How far beyond the limit the vendor lets usage go.", "overage_limit"),
    AccountFamily(
        "ai_account_quota_unlimited", "gauge", "1 where the vendor says that there is no limit; absent otherwise.",
        ("resource", "unit"), samples=samples.quota_unlimited,
    ),
    AccountFamily(
        "ai_account_quota_reset_timestamp_seconds", "gauge", "When the current period ends, as Unix time.",
        ("resource", "unit"), samples=samples.quota("resets_at"),
    ),
    AccountFamily(
        "ai_account_quota_threshold", "gauge", f"The floor for what remains that the configuration sets. {SUM_WARNING}",
        ("resource", "unit", "severity"), samples=samples.threshold,
    ),
    AccountFamily(
        "ai_account_quota_consumed_total", "counter",
        f"What was seen to be consumed since it was first seen; top-ups, resets and refunds leave it alone. {SUM_WARNING}",
        ("resource", "unit"), samples=samples.observed("consumed"),
    ),
    AccountFamily(
        "ai_account_quota_replenished_total", "counter", f"What was seen to be added since it was first seen: top-ups, resets and refunds. {SUM_WARNING}",
        ("resource", "unit"), samples=samples.observed("replenished"),
    ),
    AccountFamily(
        "ai_account_resources", "gauge", "Resources in the last good answer that came with an amount; 0 means that the vendor told nothing.",
        samples=samples.resources,
    ),
    AccountFamily(
        "ai_account_info", "gauge", "Always 1; what the vendor tells about the account, empty where it is silent.",
        samples.INFO_LABELS, samples=samples.info,
    ),
    AccountFamily(
        "ai_account_status", "gauge", "1 for the account's current state at the vendor, 0 for the other known ones.",
        ("status",), samples=samples.status,
    ),
    AccountFamily(
        "ai_account_feature_enabled", "gauge", "1 where the vendor says that the feature is on or allowed, 0 where it says that it is not.",
        ("feature",), samples=samples.features,
    ),
    AccountFamily(
        "ai_account_auto_reload_threshold", "gauge", "The balance below which the vendor tops up by itself.",
        ("unit",), samples=samples.auto_reload("threshold"),
    ),
    AccountFamily(
        "ai_account_auto_reload_amount", "gauge", "What one automatic top-up adds.",
        ("unit",), samples=samples.auto_reload("amount"),
    ),
    AccountFamily(
        "ai_account_created_timestamp_seconds", "gauge", "When the account was opened, as Unix time; absent where the vendor does not know.",
        samples=samples.reported_time("created_at"),
    ),
    AccountFamily(
        "ai_account_credential_expiry_timestamp_seconds", "gauge", "When the key stops working, as Unix time; absent where the vendor does not tell.",
        samples=samples.reported_time("credential_expires_at"),
    ),
    AccountFamily(
        "ai_account_up", "gauge", "1 if the last poll of the vendor succeeded, 0 if it failed.",
        samples=samples.poll("up"),
    ),
    AccountFamily(
        "ai_account_scrapes_total", "counter", "Polls of the vendor.",
        samples=samples.poll("polls"),
    ),
    AccountFamily(
        "ai_account_scrape_errors_total", "counter", "Polls of the vendor that failed, by reason.",
        ("reason",), samples=samples.errors,
    ),
    AccountFamily(
        "ai_account_optional_request_errors_total", "counter",
        "Optional requests that failed while the poll succeeded, by reason; absent for accounts without optional requests.",
        ("reason",), samples=samples.optional_request_errors,
    ),
    AccountFamily(
        "ai_account_scrape_duration_seconds", "gauge", "How long the last poll of the vendor took.",
        samples=samples.poll("duration"),
    ),
    AccountFamily(
        "ai_account_last_scrape_timestamp_seconds", "gauge", "When the last poll of the vendor ended, well or badly, as Unix time.",
        samples=samples.poll("last_poll_at"),
    ),
    AccountFamily(
        "ai_account_last_success_timestamp_seconds", "gauge", "When the last good poll of the vendor ended, as Unix time: the age of the quota figures.",
        samples=samples.poll("last_success_at"),
    ),
    AccountFamily(
        "ai_account_scrape_interval_seconds", "gauge", "Effective interval between polls of the vendor, back-off included.",
        samples=samples.interval,
    ),
    AccountFamily(
        "ai_account_rate_limited_until_timestamp_seconds", "gauge", "Until when the vendor told us to wait, as Unix time; absent otherwise.",
        samples=samples.limited_until,
    ),
    AccountFamily(
        "ai_account_schema_mismatches_total", "counter", "Fields that the definition declares and that came with a value which cannot be used.",
        ("field",), samples=samples.mismatches,
    ),
)  # fmt: skip
"""In the order of the page."""

BUILD_INFO = Family(
    "ai_account_exporter_build_info", "gauge", "Always 1; which exporter this is.", ("version", "revision", "python_version"),
)  # fmt: skip

SHARD_ORDINAL = Family(
    "ai_account_exporter_shard_ordinal", "gauge", "Ordinal of this exporter among those that share the accounts, from 0.",
)  # fmt: skip

TOTAL_SHARDS = Family(
    "ai_account_exporter_total_shards", "gauge", "Number of exporters that share the accounts, as configured for this one; 1 if it polls all of them.",
)  # fmt: skip

DURATIONS = Family(
    "ai_account_exporter_vendor_request_duration_seconds", "histogram", "How long polls of a vendor took, all its accounts together.",
    ("provider",),
)  # fmt: skip

RELOAD_SUCCESSFUL = Family(
    "ai_account_exporter_config_last_reload_successful", "gauge", "1 if the configuration was right when it was last read, 0 if not.",
)  # fmt: skip

RELOAD_TIME = Family(
    "ai_account_exporter_config_last_reload_success_timestamp_seconds", "gauge",
    "When the configuration that is in force was read, as Unix time.",
)  # fmt: skip

CATALOGUE: tuple[Family, ...] = (*ACCOUNT_FAMILIES, BUILD_INFO, RELOAD_SUCCESSFUL, RELOAD_TIME, SHARD_ORDINAL, TOTAL_SHARDS, DURATIONS)
"""Every family of the page but those that prometheus-client brings (`process_*`, `python_*`)."""
