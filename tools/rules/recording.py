"""The recording rules: the last values while polls fail, the burn rate, and what was left when an end was forecast."""

from __future__ import annotations

from tools.rules.rule import Group, Record

REMAINING = "account:ai_account_quota_remaining:last"
AVAILABLE = "account:ai_account_quota_available:last"
THRESHOLD = "account:ai_account_quota_threshold:last"
ENDS = "ai_account_quota_exhaustion_timestamp_seconds"
LATEST = "ai_account_quota_exhaustion_latest_timestamp_seconds"
ENDING = "account:ai_account_quota_remaining:ending2d"
ENDING_NOW = "account:ai_account_quota_remaining:ending12h"

RESET_PASSED = "unless last_over_time(ai_account_quota_reset_timestamp_seconds[1d]) < time()"


def _last(metric: str) -> str:
    return f"last_over_time({metric}[1d])"


def _held(name: str, metric: str, further: str = "resource, unit") -> Record:
    """The value; the last one of the past day while polls fail or the exporter is down, unless the period ended meanwhile."""
    passed = RESET_PASSED if further == "resource, unit" else ""
    return Record(
        name,
        f"""
        {metric}
        or
        {_last(metric)} and ignoring ({further}) (ai_account_scrapes_total unless ai_account_up == 1)
        {passed}
        or
        {_last(metric)} and on (job, instance) (up == 0)
        {passed}
        """,
    )


def _ending(name: str, end: str, within: str) -> Record:
    """What was left when an end was forecast: as long as no more is left, nothing was added since."""
    return Record(name, f"{REMAINING} and {end} - time() < seconds({within})")


GROUPS = (
    Group(
        "ai-account-figures",
        (
            _held(REMAINING, "ai_account_quota_remaining"),
            # What is left until the vendor stops the account: allowed overage included, absent if unlimited.
            Record(
                AVAILABLE,
                f"""
                ({REMAINING} + {_last("ai_account_quota_overage_limit")} or {REMAINING})
                unless {_last("ai_account_quota_unlimited")} == 1
                """,
            ),
            _held(THRESHOLD, "ai_account_quota_threshold", further="resource, unit, severity"),
            Record(
                "account:ai_account_quota_remaining:ratio",
                "ai_account_quota_remaining / (ai_account_quota_limit > 0) unless ai_account_quota_unlimited == 1",
            ),
        ),
    ),
    Group(
        "ai-account-trend-figures",
        (
            _ending(ENDING, ENDS, "2d"),
            _ending(ENDING_NOW, LATEST, "12h"),
            Record("account:ai_account_quota_burn:rate1h", "rate(ai_account_quota_consumed_total[1h])"),
            Record("account:ai_account_quota_burn:rate1d", "rate(ai_account_quota_consumed_total[1d])"),
        ),
    ),
)
"""The rules of a group are evaluated in order, so a rule comes after those that it reads."""
