"""The recording rules: the last values while polls fail, the limits of spending, the burn rate, and what was left when an end was forecast."""

from __future__ import annotations

from exporter.accounts.forecast import SOON, URGENT
from exporter.validation.duration import format_duration
from tools.rules.rule import Group, Record

REMAINING = "account:ai_account_quota_remaining:last"
AVAILABLE = "account:ai_account_quota_available:last"
THRESHOLD = "account:ai_account_quota_threshold:last"
SPEND_LIMIT = "account:ai_account_quota_spend_limit:min"
ENDS = "ai_account_quota_exhaustion_timestamp_seconds"
LATEST = "ai_account_quota_exhaustion_latest_timestamp_seconds"
ENDING = "account:ai_account_quota_available:ending2d"
ENDING_NOW = "account:ai_account_quota_available:ending12h"


def held(now: str, last: str) -> str:
    """The value; the last one of the past day while polls fail or the exporter is down, unless the period ended meanwhile."""
    return f"""
    {now}
    or
    {last} and ignoring (resource, unit) (ai_account_scrapes_total unless ai_account_up == 1)
    unless last_over_time(ai_account_quota_reset_timestamp_seconds[1d]) < time()
    or
    {last} and on (job, instance) (up == 0)
    unless last_over_time(ai_account_quota_reset_timestamp_seconds[1d]) < time()
    """


def _held(name: str, metric: str) -> Record:
    return Record(name, held(metric, f"last_over_time({metric}[1d])"))


def _ending(name: str, end: str, within: float) -> Record:
    """What was left when an end was forecast: as long as no more is left, nothing was added since."""
    return Record(name, f"{AVAILABLE} and {end} - time() < seconds({format_duration(within)})")


GROUPS = (
    Group(
        "ai-account-figures",
        (
            _held(REMAINING, "ai_account_quota_remaining"),
            # What is left until the vendor stops the account: allowed overage included, absent if unlimited or not part of the plan.
            Record(
                "account:ai_account_quota_available:sum",
                """
                (ai_account_quota_remaining + ai_account_quota_overage_limit or ai_account_quota_remaining)
                unless ai_account_quota_unlimited == 1
                unless ai_account_quota_limit == 0
                """,
            ),
            _held(AVAILABLE, "account:ai_account_quota_available:sum"),
            # While it is not known what remains, the last thresholds apply to the last amount.
            Record(
                THRESHOLD,
                """
                ai_account_quota_threshold
                or
                last_over_time(ai_account_quota_threshold[1d]) unless ignoring (severity) ai_account_quota_remaining
                """,
            ),
            # The smaller one of the vendor's spending cap and the operator's budget. A cap of 0 is none.
            Record(
                SPEND_LIMIT,
                """
                (ai_account_quota_limit{SPEND} > 0) < ai_account_quota_budget
                or
                ai_account_quota_budget
                or
                ai_account_quota_limit{SPEND} > 0
                """,
            ),
            Record(
                "account:ai_account_quota_remaining:ratio",
                "ai_account_quota_remaining / (ai_account_quota_limit > 0) unless ai_account_quota_unlimited == 1",
            ),
        ),
    ),
    Group(
        "ai-account-trend-figures",
        (
            _ending(ENDING, ENDS, SOON),
            _ending(ENDING_NOW, LATEST, URGENT),
            Record("account:ai_account_quota_burn:rate1h", "rate(ai_account_quota_consumed_total[1h])"),
            Record("account:ai_account_quota_burn:rate1d", "rate(ai_account_quota_consumed_total[1d])"),
        ),
    ),
)
"""The rules of a group are evaluated in order, so a rule comes after those that it reads."""
