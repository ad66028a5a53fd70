"""Alerts on the trend: accounts that run out, sudden usage, caps that will be reached, credits that expire unused."""

from __future__ import annotations

from tools.rules.recording import AVAILABLE, RESET
from tools.rules.rule import Alert, Severity


def _running_out(severity: Severity, end: str, long: str, short: str, wait: str) -> Alert:
    burn = "(account:ai_account_quota_burn:rate{} > 0)"
    # The long window keeps one job from alerting. The short window resolves the alert soon after its cause ends.
    return Alert(
        "AIAccountRunningOut",
        severity,
        f"""
        (
          ({AVAILABLE}{{SUPPLY}} > 0) / {burn.format(long)} < seconds({end})
          and
          ({AVAILABLE}{{SUPPLY}} > 0) / {burn.format(short)} < seconds({end})
        )
        unless
        ({AVAILABLE}{{SUPPLY}} > 0) / {burn.format(long)} > ({RESET} - time() > 0)
        """,
        wait,
        "An account runs out soon.",
        "Account {{ $labels.account }} at {{ $labels.provider }} runs out of {{ $labels.resource }} ({{ $labels.unit }}) in "
        "{{ $value | humanizeDuration }} at the current rate, before any reset. Top it up, or find out what uses it.",
        keep_firing_for="15m",
    )


BURN_SPIKE = Alert(
    "AIAccountBurnSpike",
    "warning",
    # Recurring jobs are no spike: a similar rate in the week before the last twelve hours excludes the alert.
    """
    (
      account:ai_account_quota_burn:rate1h{SUPPLY} > 4 * account:ai_account_quota_burn:rate7d
      and account:ai_account_quota_exhaustion_seconds:rate1h < seconds(14d)
    )
    unless
    account:ai_account_quota_burn:rate1h <= 1.5 * max_over_time(account:ai_account_quota_burn:rate1h[7d:30m] offset 12h)
    """,
    "15m",
    "An account is used much faster than usual.",
    "{{ $labels.resource }} of account {{ $labels.account }} at {{ $labels.provider }} falls by {{ $value | humanize }} {{ $labels.unit }} per "
    "second, more than four times the average of the week. Find out what uses it, such as a runaway job or a leaked key.",
    keep_firing_for="15m",
)

SPEND_PACE = Alert(
    "AIAccountSpendPaceOverCap",
    "warning",
    """
    account:ai_account_quota_exhaustion_seconds:rate1d{SPEND} < (ai_account_quota_reset_timestamp_seconds - time())
    or
    account:ai_account_quota_exhaustion_seconds:rate1d{SPEND} < seconds(7d) unless ai_account_quota_reset_timestamp_seconds
    """,
    "1h",
    "At the current rate, spending reaches its cap before the period ends.",
    "Account {{ $labels.account }} at {{ $labels.provider }} reaches its cap on {{ $labels.resource }} in "
    "{{ $value | humanizeDuration }} at the rate of the last day. Reduce usage, or raise the cap.",
    keep_firing_for="1h",
)

CREDITS_EXPIRING = Alert(
    "AIAccountCreditsExpiring",
    "info",
    """
    (
      ai_account_quota_remaining{SUPPLY}
      - account:ai_account_quota_burn:rate1d * (ai_account_quota_reset_timestamp_seconds - time() > 0)
    )
    / (ai_account_quota_limit > 0)
    > 0.5
    and ai_account_quota_reset_timestamp_seconds - time() < seconds(3d)
    unless ai_account_quota_unlimited == 1
    """,
    "1h",
    "Much of a quota expires unused at its reset.",
    "{{ $labels.resource }} of account {{ $labels.account }} at {{ $labels.provider }} resets within three days. At the current rate, "
    "{{ $value | humanizePercentage }} of the quota expires unused. Use it, or choose a smaller plan.",
)

TREND = (_running_out("critical", "12h", "6h", "1h", "5m"), _running_out("warning", "3d", "1d", "6h", "30m"), BURN_SPIKE, SPEND_PACE)
INFO = (CREDITS_EXPIRING,)
