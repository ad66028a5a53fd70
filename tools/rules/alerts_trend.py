"""Alerts on the trend: accounts that run out, sudden usage, caps that will be reached, credits that expire unused."""

from __future__ import annotations

from tools.rules.alerts_quota import REFILLED
from tools.rules.recording import ADDED, AVAILABLE, ENDING, ENDING_NOW, ENDS, LATEST, RESET_DAILY
from tools.rules.rule import AMOUNT, DURATION, Alert, Severity

_TO_THE_MINUTE = '{{ $value | humanizeTimestamp | reReplaceAll ":[0-9.]+ .*" " UTC" }}'
"""A time such as `2026-11-26 05:46 UTC`."""


# Once an end was forecast, the alerts stay while polls fail, use pauses or the exporter restarts, until more than a quarter is added. The range
# bridges a quiet night, or the day after a restart without state. Where nothing is left, AIAccountExhausted takes over.
_CERTAIN = f"""
last_over_time({LATEST}{{SUPPLY}}[12h])
and {AVAILABLE} <= {ADDED} * last_over_time({ENDING_NOW}[12h])
and {AVAILABLE} > 0
unless{REFILLED}
"""
# Each reset of a daily quota would end the warning, and the next forecast would start it again. So the warning stays after a reset, and the end
# is expected at the same time of the new day. If much more is left than on the days before the forecast, the quota was raised.
_EXPECTED = f"""
(
  last_over_time({ENDS}{{SUPPLY}}[36h]) + seconds(1d) < {RESET_DAILY}
  or
  last_over_time({ENDS}{{SUPPLY}}[36h])
)
and
(
  {AVAILABLE} <= {ADDED} * last_over_time({ENDING}[36h]) and {AVAILABLE} > 0
  or
  {AVAILABLE} <= {ADDED} * max_over_time({AVAILABLE}[1d] offset 36h) and {RESET_DAILY}
)
"""


def _running_out(severity: Severity, expr: str, runs_out: str, sure: str) -> Alert:
    return Alert(
        "AIAccountRunningOut",
        severity,
        expr,
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
    "{{ $value | "
    + DURATION
    + " }}, if the coming days are like the past ones. No reset is known before that. At the vendor's cap, the vendor may "
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
    _running_out("critical", _CERTAIN, "runs out", " or earlier, even at the slowest pace of the past days."),
    _running_out("warning", _EXPECTED, "is expected to run out", ", if the coming days are like the past ones."),
    BURN_SPIKE,
    SPEND_PACE,
)
INFO = (CREDITS_EXPIRING,)
