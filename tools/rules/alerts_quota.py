"""Alerts on what is left now: nothing, too little, or a spending cap that is near."""

from __future__ import annotations

from tools.rules.model import Alert, Severity
from tools.rules.recording import AVAILABLE, REMAINING, THRESHOLD

EXHAUSTED = Alert(
    "AIAccountExhausted",
    "critical",
    # A pool that was never filled is not exhausted while another pool of the account has something left: hence the last condition.
    f"""
    (
      {AVAILABLE}{{SUPPLY}} <= 0
      unless ai_account_quota_limit == 0
    )
    unless
    (
      {AVAILABLE}{{SUPPLY}} <= 0
      and ignoring (resource) {AVAILABLE}{{SUPPLY}} > 0
      unless ai_account_quota_limit > 0
      unless ai_account_quota_consumed_total > 0
      unless account:ai_account_quota_burn:rate7d > 0
    )
    or
    sum without (reason) (increase(ai_account_scrape_errors_total{{reason="quota_exhausted"}}[1h])) > 0 and ai_account_up == 0
    """,
    "2m",
    "An account has nothing left.",
    "Account {{ $labels.account }} at {{ $labels.provider }} {{ if $labels.resource }}has no {{ $labels.resource }} left "
    "({{ $value | humanize }} {{ $labels.unit }}){{ else }}is refused because it has nothing left{{ end }}. What runs on it fails now, "
    "or costs extra. Top it up, or move the work to another account.",
    keep="5m",
)


def _below_threshold(severity: Severity) -> Alert:
    return Alert(
        "AIAccountBelowThreshold",
        severity,
        f'{REMAINING} < ignoring (severity) {THRESHOLD}{{severity="{severity}"}}',
        "5m",
        "An account has less left than its owner wants.",
        "Account {{ $labels.account }} at {{ $labels.provider }} has {{ $value | humanize }} {{ $labels.unit }} of {{ $labels.resource }} left, "
        f"which is below the {severity} threshold of the configuration. Top it up.",
        keep="5m",
    )


LOW_SHARE = Alert(
    "AIAccountLowShare",
    "warning",
    "account:ai_account_quota_remaining:ratio{SUPPLY} < 0.1 unless ignoring (severity) ai_account_quota_threshold",
    "15m",
    "Less than a tenth of an account's quota is left.",
    "Account {{ $labels.account }} at {{ $labels.provider }} has {{ $value | humanizePercentage }} of its {{ $labels.resource }} left. See "
    "whether that lasts until the reset; else top it up. A threshold in the configuration takes the place of this alert.",
    keep="15m",
)

SPEND_CAP_EXCEEDED = Alert(
    "AIAccountSpendCapExceeded",
    "critical",
    # While polls fail the last figures hold, until the period has ended: an outage gives no money back.
    """
    ai_account_quota_used{SPEND} >= (ai_account_quota_limit > 0)
    or
    last_over_time(ai_account_quota_used{SPEND}[1d]) >= (last_over_time(ai_account_quota_limit[1d]) > 0)
    and ignoring (resource, unit) (ai_account_scrapes_total unless ai_account_up == 1)
    unless account:ai_account_quota_reset_timestamp_seconds:last < time()
    """,
    "5m",
    "Spending has reached its cap.",
    "Account {{ $labels.account }} at {{ $labels.provider }} has spent {{ $value | humanize }} {{ $labels.unit }}, all that its cap on "
    "{{ $labels.resource }} allows. The vendor may refuse what is paid by usage. Raise the cap, or wait for the new period.",
    keep="15m",
)

SPEND_CAP_NEAR = Alert(
    "AIAccountSpendCapNear",
    "warning",
    "ai_account_quota_used{SPEND} / (ai_account_quota_limit > 0) >= 0.8",
    "15m",
    "Spending comes near its cap.",
    "Account {{ $labels.account }} at {{ $labels.provider }} has spent {{ $value | humanizePercentage }} of its cap on "
    "{{ $labels.resource }}. Decide now whether to raise the cap or to slow down.",
    keep="15m",
)

AUTO_RELOAD_OFF = Alert(
    "AIAccountAutoReloadOff",
    "warning",
    f"""
    (
      ai_account_quota_remaining{{SUPPLY}} < ignoring (resource) group_left () ai_account_auto_reload_threshold
      or
      ai_account_quota_remaining{{SUPPLY}} and account:ai_account_quota_exhaustion_seconds:rate1d < seconds(3d)
      or
      ai_account_quota_remaining{{SUPPLY}} < ignoring (severity) {THRESHOLD}{{severity="warning"}}
    )
    and ignoring (resource, unit, feature) ai_account_feature_enabled{{feature="auto_reload"}} == 0
    """,
    "15m",
    "The balance is low, and automatic top-up is off.",
    "Account {{ $labels.account }} at {{ $labels.provider }} has {{ $value | humanize }} {{ $labels.unit }} of {{ $labels.resource }} left and "
    "will not top itself up. Do it by hand, or turn automatic top-up on at the vendor.",
    keep="15m",
)

SATURATION = (
    EXHAUSTED,
    _below_threshold("critical"),
    _below_threshold("warning"),
    LOW_SHARE,
    SPEND_CAP_EXCEEDED,
    SPEND_CAP_NEAR,
    AUTO_RELOAD_OFF,
)
