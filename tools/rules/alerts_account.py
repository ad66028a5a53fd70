"""Alerts on polls that fail, on keys, and on the account's standing with the vendor."""

from __future__ import annotations

from tools.rules.rule import DURATION, Alert, Severity

RESTART = "10m"
"""How long an alert keeps firing, so that a restart of the exporter does not resolve it."""

VENDOR_DOWN = Alert(
    "AIAccountVendorDown",
    "warning",
    # One alert per provider: all its accounts fail, and most failures have reasons that lie with the vendor or the network.
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
    "No account of a vendor can be polled.",
    "Polls of all {{ $labels.provider }} accounts fail: the vendor cannot be reached or returns server errors. The last values "
    "are kept until they are stale. Check the vendor's status page, then proxy, DNS and firewall.",
    keep_firing_for="20m",  # longer than the back-off, so that accounts which are polled late do not alert one by one
)

DATA_STALE = Alert(
    "AIAccountDataStale",
    "warning",
    # Back-off makes the interval longer. While polls fail, the shortest one of the last hours counts. Scrapes may be rarer than polls.
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
    "The values of an account are out of date.",
    "{{ if lt $value 0.0 }}No poll of account {{ $labels.account }} at {{ $labels.provider }} has succeeded since the exporter started. {{ else }}The last successful poll of "
    "account {{ $labels.account }} at {{ $labels.provider }} was {{ $value | " + DURATION + " }} ago. {{ end }}"
    "Its balance is unknown. ai_account_scrape_errors_total and the status page of the exporter{{ with $labels.instance }} at {{ . }}{{ end }} show the reason.",
    keep_firing_for=RESTART,
)

CREDENTIAL_FAILING = Alert(
    "AIAccountCredentialFailing",
    "critical",
    "increase(ai_account_scrape_errors_total{CREDENTIAL}[1h]) > 0 and ignoring (reason) ai_account_up == 0",
    "10m",
    "The key of an account is rejected or cannot be read.",
    "Polls of account {{ $labels.account }} at {{ $labels.provider }} fail with {{ $labels.reason }}, so its balance is unknown. "
    "Replace the key, or grant it the permission that the exporter needs. If production uses the same key, it fails too.",
    keep_firing_for=RESTART,
)


def _credential_expiring(severity: Severity, left: str) -> Alert:
    return Alert(
        "AIAccountCredentialExpiring",
        severity,
        f"ai_account_credential_expiry_timestamp_seconds - time() < seconds({left})",
        "15m",
        "The key of an account expires soon.",
        "{{ if gt $value 0.0 }}The key of account {{ $labels.account }} at {{ $labels.provider }} expires in "
        "{{ $value | "
        + DURATION
        + " }}.{{ else }}The key of account {{ $labels.account }} at {{ $labels.provider }} has expired.{{ end }} "
        "Create a new key at the vendor, deploy it to the exporter and to production, then delete the old one.",
        keep_firing_for=RESTART,
    )


NOT_ACTIVE = Alert(
    "AIAccountNotActive",
    "warning",
    # While the account has no values, the last state counts: an outage pays no bill.
    """
    ai_account_status{BAD_STATE} == 1
    or
    last_over_time(ai_account_status{BAD_STATE}[1d]) == 1 and ignoring (status) (ai_account_scrapes_total unless ai_account_resources)
    """,
    "15m",
    "An account is not in good standing with its vendor.",
    "Account {{ $labels.account }} at {{ $labels.provider }} is {{ $labels.status }}. Check its billing page. Usually a payment "
    "failed or the subscription ended. The vendor may stop the service, or already has.",
    keep_firing_for=RESTART,
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
    ai_account_rate_limited_until_timestamp_seconds - time() > seconds(1h)
    """,
    "30m",
    "A vendor rate limits the polls of an account.",
    "{{ if gt $value 3600.0 }}The vendor asks the exporter to wait for {{ $value | "
    + DURATION
    + " }} before it polls account {{ $labels.account }} at "
    "{{ $labels.provider }} again.{{ else }}{{ $value | humanizePercentage }} of the polls of account {{ $labels.account }} at {{ $labels.provider }} "
    "are rate limited.{{ end }} Increase its interval, or find out what else uses the key.",
    keep_firing_for=RESTART,
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
    "A vendor's responses no longer have the expected format.",
    "Responses for account {{ $labels.account }} at {{ $labels.provider }} contain unusable values or have another format. Some values may be "
    "missing. ai_account_schema_mismatches_total names the fields. Check whether a newer exporter supports the new format.",
    keep_firing_for="30m",
)

NO_RESOURCES = Alert(
    "AIAccountNoResources",
    "warning",
    "ai_account_resources == 0",
    "15m",
    "A vendor returns no balance for an account.",
    "Polls of account {{ $labels.account }} at {{ $labels.provider }} succeed but return no balance or usage, so no alert on "
    "these can fire. Compare with the vendor's dashboard. The key may be of the wrong kind, or the plan may have no quota.",
    keep_firing_for=RESTART,
)

OPTIONAL_REQUEST_FAILING = Alert(
    "AIAccountOptionalRequestFailing",
    "info",
    # Polls succeed without it, so no other alert reports that its values are missing. Some keys may never read them: it is no warning.
    "increase(ai_account_optional_request_errors_total[1h]) > 0",
    "1h",
    "Some values of an account cannot be read.",
    "Polls of account {{ $labels.account }} at {{ $labels.provider }} succeed, but an optional request fails with {{ $labels.reason }}. No alert on "
    "the values that only this request returns can fire. `ai-account-exporter once` shows the request.",
    keep_firing_for="30m",
)

SETTING_WITHOUT_EFFECT = Alert(
    "AIAccountSettingWithoutEffect",
    "info",
    # The operator relies on this setting, and no other alert reports that it does nothing.
    "ai_account_setting_without_effect == 1",
    "1h",
    "A threshold or budget has no effect.",
    "The threshold or budget for {{ $labels.resource }} of account {{ $labels.account }} at {{ $labels.provider }} has no effect: the vendor reports "
    "no amount to compare it with. No alert on it can fire. The status page and `ai-account-exporter once` show the cause.",
)

AVAILABILITY = (VENDOR_DOWN, CREDENTIAL_FAILING, DATA_STALE, NOT_ACTIVE)
ERRORS = (
    _credential_expiring("critical", "2d"),
    _credential_expiring("warning", "14d"),
    RATE_LIMITED,
    SCHEMA_DRIFT,
    NO_RESOURCES,
)
