"""Alerts on the current balance: exhausted, low, or close to a spending cap."""

from __future__ import annotations

from textwrap import dedent, indent

from exporter.accounts.forecast import URGENT
from exporter.validation.duration import format_duration
from tools.rules.recording import AVAILABLE, ENDS, REMAINING, SPEND_LIMIT, THRESHOLD, held
from tools.rules.rule import AMOUNT, EXACT, HAS_LEFT, OVERAGE_SHARE, Alert, Severity
from tools.rules.states import empty


def refilled(metric: str) -> str:
    """The resources that the vendor is expected to refill within hours: their reset is near, or they have the name of a short window.

    A reset may be an hour late.
    """
    return f"""
(
  last_over_time(ai_account_quota_reset_timestamp_seconds[1d]) - time() < seconds({format_duration(URGENT)}) > -seconds(1h)
  or
  {metric}
)"""


REFILLED = refilled(f"{AVAILABLE}{{WINDOW}}")

_EMPTY = f"Account {{{{ $labels.account }}}} at {{{{ $labels.provider }}}} has nothing left of {{{{ $labels.resource }}}} ({{{{ $value | {EXACT} }}}} {{{{ $labels.unit }}}})"

EXHAUSTED = (
    Alert(
        "AIAccountExhausted",
        "critical",
        # What the vendor refills by itself needs nobody: it is a warning.
        empty("SUPPLY")
        + f"""
unless{REFILLED}
or
sum without (reason) (increase(ai_account_scrape_errors_total{{reason="quota_exhausted"}}[1h])) > 0 and ai_account_up == 0
""",
        "2m",
        "An account is exhausted.",
        f"{{{{ if $labels.resource }}}}{_EMPTY}{{{{ else }}}}Account {{{{ $labels.account }}}} at {{{{ $labels.provider }}}} is exhausted: the "
        "vendor refuses its requests{{ end }}. Work that uses it fails or costs extra. Top it up, or move the work to another account.",
        keep_firing_for="5m",
    ),
    Alert(
        "AIAccountExhausted",
        "warning",
        f"{empty('SUPPLY')}\nand{REFILLED}",
        "2m",
        "An account is exhausted.",
        f"{_EMPTY}. Work that uses it fails or costs extra until the vendor refills it, which is expected within hours. "
        "Wait, or move the work to another account.",
        keep_firing_for="5m",
    ),
)


def _below_threshold(severity: Severity) -> Alert:
    # Grafana's own alerting answers no query: the text then has no amount. Other series may have the same labels and further ones.
    threshold = (
        f'{{{{ with printf `{THRESHOLD}{{cluster=%q, namespace=%q, job=%q, instance=%q, provider=%q, account=%q, resource=%q, unit=%q, severity="{severity}"}}` '
        "$labels.cluster $labels.namespace $labels.job $labels.instance $labels.provider $labels.account $labels.resource $labels.unit | query }}"
        f"{{{{ if eq (len .) 1 }}}} of {{{{ . | first | value | {EXACT} }}}}{{{{ end }}}}{{{{ end }}}}"
    )
    return Alert(
        "AIAccountBelowThreshold",
        severity,
        f'{REMAINING} < ignoring (severity) {THRESHOLD}{{severity="{severity}"}}',
        "5m",
        "Balance is below the configured threshold.",
        "Account {{ $labels.account }} at {{ $labels.provider }} " + HAS_LEFT + ", "
        f"below the configured {severity} threshold{threshold}. Top it up, raise its limit, or reduce usage.",
        keep_firing_for="5m",
    )


LOW_SHARE = Alert(
    "AIAccountLowShare",
    "warning",
    f"account:ai_account_quota_remaining:ratio{{SUPPLY}} < 0.1\nunless ignoring (severity) ai_account_quota_threshold\nunless{REFILLED}",
    "15m",
    "Less than 10% of a quota is left.",
    "Account {{ $labels.account }} at {{ $labels.provider }} {{ if lt $value 0.0 }}" + OVERAGE_SHARE + "{{ else }}"
    "has {{ $value | humanizePercentage }} of its {{ $labels.resource }} left, less than 10%{{ end }}. Check whether that lasts until the "
    "reset. If not, top it up. A configured threshold replaces this alert.",
    keep_firing_for="15m",
)


def _spend_cap_exceeded(severity: Severity, which: str, remedy: str) -> Alert:
    # While polls fail, the last values count until the period ends: an outage refunds nothing.
    reached = held(
        f"ai_account_quota_used >= {SPEND_LIMIT}", f"(last_over_time(ai_account_quota_used[1d]) >= last_over_time({SPEND_LIMIT}[1d]))"
    )
    return Alert(
        "AIAccountSpendCapExceeded",
        severity,
        f"({indent(dedent(reached), '  ')})\n{which}{refilled('last_over_time(ai_account_quota_used{WINDOW}[1d])')}",
        "5m",
        "Spending has reached its cap or budget.",
        "Account {{ $labels.account }} at {{ $labels.provider }} has used " + AMOUNT + " and has "
        f"reached its cap or budget. At the vendor's cap, the vendor may refuse further usage. {remedy}",
        keep_firing_for="15m",
    )


SPEND_CAP_NEAR = Alert(
    "AIAccountSpendCapNear",
    "warning",
    f"ai_account_quota_used / {SPEND_LIMIT} >= 0.8",
    "15m",
    "Spending is close to its cap or budget.",
    "Account {{ $labels.account }} at {{ $labels.provider }} has used {{ $value | humanizePercentage }} of the cap or budget of its "
    "{{ $labels.resource }}, whichever is smaller. At the vendor's cap, the vendor may refuse further usage. Reduce usage, or raise the cap or "
    "the budget.",
    keep_firing_for="15m",
)

AUTO_RELOAD_OFF = Alert(
    "AIAccountAutoReloadOff",
    "warning",
    f"""
    (
      ai_account_quota_remaining{{SUPPLY}} < ignoring (resource) group_left () ai_account_auto_reload_threshold
      or
      ai_account_quota_remaining{{SUPPLY}} and {ENDS} - time() < seconds(2d)
      or
      ai_account_quota_remaining{{SUPPLY}} < ignoring (severity) {THRESHOLD}{{severity="warning"}}
    )
    and ignoring (resource, unit, feature) ai_account_feature_enabled{{feature="auto_reload"}} == 0
    """,
    "15m",
    "Balance is low and auto reload is off.",
    "Account {{ $labels.account }} at {{ $labels.provider }} " + HAS_LEFT + ", "
    "and auto reload is off. Top it up, or turn on auto reload at the vendor.",
    keep_firing_for="15m",
)

SATURATION = (
    *EXHAUSTED,
    _below_threshold("critical"),
    _below_threshold("warning"),
    LOW_SHARE,
    _spend_cap_exceeded("critical", "unless", "Reduce usage, raise the cap or the budget, or wait for the next period."),
    _spend_cap_exceeded("warning", "and", "Wait for the next period, which begins within hours, or raise the cap or the budget."),
    SPEND_CAP_NEAR,
    AUTO_RELOAD_OFF,
)
