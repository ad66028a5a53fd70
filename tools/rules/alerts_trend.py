"""Alerts on what will be: the end of an account, a sudden burn, a cap that will not last, credits that will be lost."""

from __future__ import annotations

from tools.rules.model import Alert, Severity
from tools.rules.recording import AVAILABLE, RESET


def _running_out(severity: Severity, end: str, long: str, short: str, wait: str) -> Alert:
    burn = "(account:ai_account_quota_burn:rate{} > 0)"
    # A long window, so that one job alarms nobody, and a short one, so that it ends when the cause does.
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
        "{{ $value | humanizeDuration }} at its present pace, before any reset. Top it up, or find out what uses it.",
        keep="15m",
    )


BURN_SPIKE = Alert(
    "AIAccountBurnSpike",
    "warning",
    # Work that comes in lumps is no spike: the week before the last twelve hours must not have seen the like.
    """
    (
      account:ai_account_quota_burn:rate1h{SUPPLY} > 4 * account:ai_account_quota_burn:rate7d
      and account:ai_account_quota_exhaustion_seconds:rate1h < seconds(14d)
    )
    unless
    account:ai_account_quota_burn:rate1h <= 1.5 * max_over_time(account:ai_account_quota_burn:rate1h[7d:30m] offset 12h)
    """,
    "15m",
    "An account is used up far faster than usual.",
    "{{ $labels.resource }} of account {{ $labels.account }} at {{ $labels.provider }} falls by {{ $value | humanize }} {{ $labels.unit }} a "
    "second, over four times the week's mean. Find out what uses it: a runaway job, a leaked key, or a show.",
    keep="15m",
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
    "At its present pace, spending reaches its cap before the period ends.",
    "Account {{ $labels.account }} at {{ $labels.provider }} reaches its cap on {{ $labels.resource }} in {{ $value | humanizeDuration }} at "
    "the pace of the last day. Slow down, or raise the cap before work stops.",
    keep="1h",
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
    "Much of a quota will be lost at its reset.",
    "Within three days {{ $labels.resource }} of account {{ $labels.account }} at {{ $labels.provider }} is reset, and at the present pace "
    "{{ $value | humanizePercentage }} of the quota will not have been used. Use it, or take a smaller plan.",
)

TREND = (_running_out("critical", "12h", "6h", "1h", "5m"), _running_out("warning", "3d", "1d", "6h", "30m"), BURN_SPIKE, SPEND_PACE)
INFO = (CREDITS_EXPIRING,)
