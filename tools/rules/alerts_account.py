"""Alerts on what keeps the exporter from knowing an account, and on the account's standing with the vendor."""

from __future__ import annotations

from tools.rules.model import Alert, Severity

RESTART = "10m"
"""An exporter that restarts, or dies, must not say that a trouble is over."""

VENDOR_DOWN = Alert(
    "AIAccountVendorDown",
    "warning",
    # One alert a provider: its accounts fail together, and mostly so that the vendor must be at fault or out of reach.
    """
    count by (provider) (
      ai_account_up == 0
      and
      sum without (reason) (increase(ai_account_scrape_errors_total{VENDOR}[1h]))
      > 0.5 * sum without (reason) (increase(ai_account_scrape_errors_total[1h]))
    )
    == count by (provider) (ai_account_up)
    """,
    "10m",
    "No account of a vendor can be read.",
    "{{ $labels.provider }} cannot be reached or answers with faults of its own, for all of its accounts ({{ $value }}). Figures are kept "
    "until they are stale. Look at the vendor's status page, then at the way out: proxy, DNS, firewall.",
    keep="20m",  # longer than back-off, so that accounts which are asked late do not come one by one
)

DATA_STALE = Alert(
    "AIAccountDataStale",
    "warning",
    # Back-off stretches the interval: while polls fail, the shortest one of the last hours counts. A scrape may lag behind short intervals.
    """
    time() - ai_account_last_success_timestamp_seconds
    > clamp_min(
        3 * (
          (ai_account_scrape_interval_seconds and ai_account_up == 1)
          or
          min_over_time(ai_account_scrape_interval_seconds[6h])
        ),
        seconds(5m)
      )
    or
    0 * ai_account_scrapes_total - 1 unless ai_account_last_success_timestamp_seconds
    """,
    "10m",
    "The figures of an account are out of date.",
    "{{ if lt $value 0.0 }}Account {{ $labels.account }} at {{ $labels.provider }} has never been read. {{ else }}The last good poll of "
    "account {{ $labels.account }} at {{ $labels.provider }} was {{ $value | humanizeDuration }} ago. {{ end }}"
    "What is left of it is not known. The reasons are in ai_account_scrape_errors_total and on the exporter's status page.",
    keep=RESTART,
)

CREDENTIAL_FAILING = Alert(
    "AIAccountCredentialFailing",
    "critical",
    "increase(ai_account_scrape_errors_total{CREDENTIAL}[1h]) > 0 and ignoring (reason) ai_account_up == 0",
    "10m",
    "The key of an account is refused or cannot be read.",
    "Polls of account {{ $labels.account }} at {{ $labels.provider }} fail with {{ $labels.reason }}, so nobody sees what is left. "
    "Replace the key or give it the permission that the exporter needs. If production uses the same key, it fails too.",
    keep=RESTART,
)


def _credential_expiring(severity: Severity, left: str) -> Alert:
    return Alert(
        "AIAccountCredentialExpiring",
        severity,
        f"ai_account_credential_expiry_timestamp_seconds - time() < seconds({left})",
        "15m",
        "The key of an account expires soon.",
        "{{ if gt $value 0.0 }}The key of account {{ $labels.account }} at {{ $labels.provider }} stops working in "
        "{{ $value | humanizeDuration }}.{{ else }}The key of account {{ $labels.account }} at {{ $labels.provider }} has expired.{{ end }} "
        "Make a new one at the vendor, put it where the exporter and production read it, then delete the old one.",
        keep=RESTART,
    )


NOT_ACTIVE = Alert(
    "AIAccountNotActive",
    "warning",
    # While polls fail the last state holds: an outage settles no bill.
    """
    ai_account_status{BAD_STATE} == 1
    or
    last_over_time(ai_account_status{BAD_STATE}[1d]) == 1 and ignoring (status) (ai_account_scrapes_total unless ai_account_up == 1)
    """,
    "15m",
    "A vendor says that an account is not in good standing.",
    "Account {{ $labels.account }} at {{ $labels.provider }} is {{ $labels.status }}. Look at its billing page: mostly a payment failed or "
    "the subscription has ended, and the vendor will stop service, or has.",
    keep=RESTART,
)

RATE_LIMITED = Alert(
    "AIAccountRateLimited",
    "warning",
    """
    increase(ai_account_scrape_errors_total{reason="rate_limited"}[1h])
    / ignoring (reason)
    increase(ai_account_scrapes_total[1h])
    > 0.25
    or
    clamp(ai_account_rate_limited_until_timestamp_seconds - time() > seconds(1h), 1, 1)
    """,
    "30m",
    "A vendor refuses polls because it is asked too often.",
    "{{ $labels.provider }} refuses {{ $value | humanizePercentage }} of the polls of account {{ $labels.account }}. Make its interval "
    "longer, or find out who else uses the key.",
    keep=RESTART,
)

SCHEMA_DRIFT = Alert(
    "AIAccountSchemaDrift",
    "warning",
    """
    sum without (field) (increase(ai_account_schema_mismatches_total[1h])) > 0
    or
    sum without (reason) (increase(ai_account_scrape_errors_total{reason="invalid_response"}[1h])) > 0 and ai_account_up == 0
    """,
    "15m",
    "A vendor's answers no longer have the expected shape.",
    "Answers about account {{ $labels.account }} at {{ $labels.provider }} hold values that cannot be used, or are not what they should "
    "be. Figures may be missing. Which fields: ai_account_schema_mismatches_total. See whether a newer exporter knows the new shape.",
    keep="30m",
)

NO_RESOURCES = Alert(
    "AIAccountNoResources",
    "warning",
    "ai_account_resources == 0",
    "15m",
    "A vendor answers, but tells no amount.",
    "Polls of account {{ $labels.account }} at {{ $labels.provider }} succeed and tell nothing of what is left, so no alert on it can fire. "
    "Compare with the vendor's dashboard; it may be a key of the wrong kind or another plan.",
    keep=RESTART,
)

AVAILABILITY = (VENDOR_DOWN, CREDENTIAL_FAILING, DATA_STALE, NOT_ACTIVE)
ERRORS = (
    _credential_expiring("critical", "2d"),
    _credential_expiring("warning", "14d"),
    RATE_LIMITED,
    SCHEMA_DRIFT,
    NO_RESOURCES,
)
