"""The recording rules: the last values while polls fail, the limits of spending, the burn rate, and what was left when an end was forecast."""

from __future__ import annotations

from exporter.accounts.forecast import SOON, URGENT
from exporter.validation.duration import format_duration
from tools.rules.rule import TARGET, Group, Record

REMAINING = "account:ai_account_quota_remaining:last"
AVAILABLE = "account:ai_account_quota_available:last"
THRESHOLD = "account:ai_account_quota_threshold:last"
SPEND_LIMIT = "account:ai_account_quota_spend_limit:min"
SHARE = "account:ai_account_quota_remaining:ratio"
ENDS = "ai_account_quota_exhaustion_timestamp_seconds"
RESET = "ai_account_quota_reset_timestamp_seconds"
LATEST = "ai_account_quota_exhaustion_latest_timestamp_seconds"
ENDING = "account:ai_account_quota_available:ending2d"
ENDING_NOW = "account:ai_account_quota_available:ending12h"
RESET_DAILY = "account:ai_account_quota_reset_timestamp_seconds:daily"
ADDED = 1.25
"""Only if more than this many times the earlier amount is left, it counts as a top-up or a reset. After a small refund, a resolved alert would
soon fire again."""
LAST = "the current value, or the last value of the past day while polls fail or the exporter is down"


def held(now: str, last: str) -> str:
    """The value; the last one of the past day while the account has no values or the exporter is down, unless the period ended meanwhile."""
    return f"""
    {now}
    or
    {last} and ignoring (resource, unit) (ai_account_scrapes_total unless ai_account_resources)
    unless last_over_time({RESET}[1d]) < time()
    or
    {last} and on ({TARGET}) (up == 0)
    unless last_over_time({RESET}[1d]) < time()
    """


def _held(name: str, metric: str, meaning: str) -> Record:
    return Record(name, held(metric, f"last_over_time({metric}[1d])"), meaning)


def _ending(name: str, condition: str, which: str) -> Record:
    meaning = f"The available amount while {which}, and 0 where more than a quarter was added: that needs a new forecast."
    return Record(
        name,
        f"""
        {AVAILABLE} and {condition}
        or
        ({AVAILABLE} > {ADDED} * {AVAILABLE} offset 5m) * 0
        """,
        meaning,
    )


def _burn(window: str, name: str) -> Record:
    expr = f"rate(ai_account_quota_consumed_total[{window}])"
    return Record(f"account:ai_account_quota_burn:rate{window}", expr, f"Consumption in units per second over the last {name}.")


GROUPS = (
    Group(
        "ai-account-figures",
        (
            _held(REMAINING, "ai_account_quota_remaining", f"The remaining amount: {LAST}."),
            Record(
                "account:ai_account_quota_available:sum",
                """
                (ai_account_quota_remaining + ai_account_quota_overage_limit or ai_account_quota_remaining)
                unless ai_account_quota_unlimited == 1
                unless ai_account_quota_limit == 0
                """,
                "The amount until the vendor stops the account: what remains, with the allowed overage. It is absent if the resource is unlimited "
                "or not part of the plan.",
            ),
            _held(AVAILABLE, "account:ai_account_quota_available:sum", f"The available amount: {LAST}."),
            Record(
                THRESHOLD,
                """
                ai_account_quota_threshold
                or
                last_over_time(ai_account_quota_threshold[1d]) unless ignoring (severity) ai_account_quota_remaining
                """,
                "The threshold of the configuration. While the remaining amount is unknown, the last threshold applies to the last amount.",
            ),
            Record(
                SPEND_LIMIT,
                """
                (ai_account_quota_limit{SPEND} > 0) < ai_account_quota_budget
                or
                ai_account_quota_budget
                or
                ai_account_quota_limit{SPEND} > 0
                """,
                "The smaller one of the vendor's spending cap and the budget of the configuration. A cap of 0 does not count.",
            ),
            Record(
                SHARE,
                "ai_account_quota_remaining / (ai_account_quota_limit > 0) unless ai_account_quota_unlimited == 1",
                "The remaining amount divided by the limit. Below 0 is overage.",
            ),
        ),
    ),
    Group(
        "ai-account-trend-figures",
        (
            # A little more than a day, so that a job of the same hour of every day is announced before it begins.
            _ending(
                ENDING,
                f"({LATEST} - time() < seconds({format_duration(SOON)}) or {ENDS} - time() < seconds(26h))",
                "the latest end is within two days or the expected end within 26 hours",
            ),
            _ending(ENDING_NOW, f"{LATEST} - time() < seconds({format_duration(URGENT)})", "the latest end is within twelve hours"),
            # The days of a change to summer time have 23 or 25 hours, and a vendor may show the new reset after some hours. That of a
            # longer period may drift by minutes.
            Record(
                RESET_DAILY,
                f"""
                last_over_time({RESET}{{NOT_HOURLY}}[1d])
                > (last_over_time({RESET}[1d] offset 30h) + seconds(12h))
                < time() + seconds(25h)
                """,
                "The next reset of a quota that resets every day: it is within a day, and moved since yesterday.",
            ),
            _burn("1h", "hour"),
            _burn("1d", "day"),
        ),
    ),
)
"""The rules of a group are evaluated in order, so a rule comes after those that it reads."""
