"""Alerts on the trend: accounts that run out, sudden usage, caps that will be reached, credits that expire unused."""

from __future__ import annotations

from tools.rules.alerts_quota import REFILLED
from tools.rules.recording import ADDED, AVAILABLE, ENDING, ENDING_NOW, ENDS, LATEST
from tools.rules.rule import AMOUNT, Alert, Severity

_TO_THE_MINUTE = '{{ $value | humanizeTimestamp | reReplaceAll ":[0-9.]+ .*" " UTC" }}'
"""A time such as `2026-11-26 05:46 UTC`."""


def _running_out(severity: Severity, end: str, ending: str, runs_out: str, sure: str, *, stays: str, unless: str = "") -> Alert:
    # Once an end was forecast, the alert stays while polls fail, use pauses or the exporter restarts, until more than a quarter is added.
    # `stays` bridges a quiet night, or the day after a restart without state. Where nothing is left, AIAccountExhausted takes over.
    return Alert(
        "AIAccountRunningOut",
        severity,
        f"""
last_over_time({end}{{SUPPLY}}[{stays}])
and {AVAILABLE} <= {ADDED} * last_over_time({ending}[{stays}])
and {AVAILABLE} > 0
{unless}""",
        "15m",
        "An account runs out soon.",
        f"By the last forecast, account {{{{ $labels.account }}}} at {{{{ $labels.provider }}}} {runs_out} of {{{{ $labels.resource }}}}"
        f"{{{{ if ne $labels.unit $labels.resource }}}} ({{{{ $labels.unit }}}}){{{{ end }}}} at {_TO_THE_MINUTE}{sure} "
        "Neither a reset nor auto reload is expected before that. Top it up, or find out what uses it.",
        keep_firing_for="5m",
    )


BURN_SPIKE = Alert(
    "AIAccountBurnSpike",
    "info",
    # Whole days, so that recurring jobs are not a spike; a week of history, so that the usual day is known; and an end within two weeks, so that
    # the first use of an idle account is not a spike.
    f"""
    increase(ai_account_quota_consumed_total{{SUPPLY}}[1d]) > 4 / 7 * increase(ai_account_quota_consumed_total[7d] offset 1d)
    and ai_account_quota_consumed_total offset 8d
    and {AVAILABLE} < 14 * increase(ai_account_quota_consumed_total[1d])
    """,
    "1h",
    "An account is used much faster than usual.",
    "Account {{ $labels.account }} at {{ $labels.provider }} used " + AMOUNT + " in the last "
    "day, more than four times the average of the week before. At this pace, what is left ends within two weeks unless it is refilled. Find out what uses it, such as "
    "a runaway job or a leaked key.",
    keep_firing_for="6h",
)

SPEND_PACE = Alert(
    "AIAccountSpendPaceOverCap",
    "warning",
    f"""
    {ENDS}{{SPEND}} - time() and {LATEST} - time() < seconds(7d)
    or
    {ENDS}{{SPEND}} - time() < seconds(3d)
    """,
    "1h",
    "Spending is forecast to reach its cap or budget within a week.",
    "Account {{ $labels.account }} at {{ $labels.provider }} is forecast to reach its cap or budget on {{ $labels.resource }} in "
    "{{ $value | humanizeDuration }}, if the coming days are like the past ones. No reset is known before that. At the vendor's cap, the vendor may "
    "refuse further usage. Reduce usage, or raise the cap or the budget.",
    keep_firing_for="1d",
)

CREDITS_EXPIRING = Alert(
    "AIAccountCreditsExpiring",
    "info",
    # A reset that was known a day ago: the rest of a day is worth no message.
    """
    (
      ai_account_quota_remaining{SUPPLY}
      - account:ai_account_quota_burn:rate1d * (ai_account_quota_reset_timestamp_seconds - time() > 0)
    )
    / (ai_account_quota_limit > 0)
    > 0.5
    and ai_account_quota_reset_timestamp_seconds - time() < seconds(3d)
    and ai_account_quota_reset_timestamp_seconds offset 1d > time()
    unless ai_account_quota_unlimited == 1
    """,
    "1h",
    "Much of a quota expires unused at its reset.",
    "The {{ $labels.resource }} quota of account {{ $labels.account }} at {{ $labels.provider }} resets within three days. At the current rate, "
    "{{ $value | humanizePercentage }} of it expires unused. Use it, or choose a smaller plan.",
)

TREND = (
    _running_out(
        "critical",
        LATEST,
        ENDING_NOW,
        "runs out",
        " or earlier, even at the slowest pace of the past days.",
        stays="12h",
        unless=f"unless{REFILLED}",
    ),
    _running_out("warning", ENDS, ENDING, "is expected to run out", ", if the coming days are like the past ones.", stays="36h"),
    BURN_SPIKE,
    SPEND_PACE,
)
INFO = (CREDITS_EXPIRING,)
