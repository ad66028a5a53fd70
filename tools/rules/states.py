"""The states of accounts and resources, as the status page shows them, for the dashboards."""

from __future__ import annotations

from textwrap import dedent, indent

from exporter.accounts.forecast import SOON
from exporter.accounts.thresholds import LOW_SHARE
from exporter.overview.facts import State
from exporter.overview.quotas import NEAR
from exporter.validation.duration import format_duration
from tools.rules.recording import AVAILABLE, ENDS, REMAINING, SHARE, THRESHOLD
from tools.rules.rule import TARGET, Group, Record

OK, WAITING, LOW, STALE, FAILING, EXHAUSTED = range(6)
"""The values of the states. A higher value is worse."""
NUMBERS = {getattr(State, name): value for value, name in enumerate(("OK", "WAITING", "LOW", "STALE", "FAILING", "EXHAUSTED"))}
_LIST = ", ".join(f"{value} {state}" for state, value in sorted(NUMBERS.items(), key=lambda each: each[1]))

REASONS = "account:ai_account_scrape_errors:failing3h"
POLLS = "account:ai_account_poll_state:max"
QUOTA = "account:ai_account_quota_state:max"
ACCOUNT = "account:ai_account_state:max"


def empty(matchers: str) -> str:
    """What is not available of these resources: 0 or less.

    A pool that was never filled does not count while another pool of the account has something left or is used: the second part excludes it.
    """
    available, consumed = f"{AVAILABLE}{{{matchers}}}", f"ai_account_quota_consumed_total{{{matchers}}}"
    return dedent(f"""
    {available} <= 0
    unless
    (
      {available} <= 0
      unless last_over_time(ai_account_quota_limit[1d]) > 0
      unless max_over_time(ai_account_quota_consumed_total[1d]) > 0
      and ignoring (resource) ({available} > 0 or max_over_time({consumed}[1d]) > 0)
    )""").strip()


_QUOTA = f"""
(
{indent(empty("NO_SLOTS"), "  ")}
) * 0 + {EXHAUSTED}
or
(
  {REMAINING} < max without (severity) ({THRESHOLD})
  or
  {SHARE}{{NO_SLOTS}} < {LOW_SHARE} unless max without (severity) ({THRESHOLD})
  or
  {ENDS} - time() < seconds({format_duration(SOON)})
  or
  ai_account_quota_used >= {NEAR} * ai_account_quota_budget
) * 0 + {LOW}
or
{REMAINING} * 0
or
ai_account_quota_used * 0
or
ai_account_quota_limit * 0
"""

GROUP = Group(
    "ai-account-states",
    (
        Record(
            REASONS,
            """
            (
              increase(ai_account_scrape_errors_total[3h]) > 0
              or
              ai_account_scrape_errors_total > 0 unless ai_account_scrape_errors_total offset 3h
            )
            and ignoring (reason) ai_account_up == 0
            """,
            "The failed polls of the last three hours by reason, for accounts whose last poll failed. "
            "A failure before the first scrape counts too: no increase shows it.",
        ),
        Record(
            POLLS,
            f"""
            (
              sum without (reason) (increase(ai_account_scrape_errors_total{{reason="quota_exhausted"}}[1h])) > 0
              and ai_account_up == 0
            ) * 0 + {EXHAUSTED}
            or
            (ai_account_up == 0) + {FAILING}
            or
            ai_account_scrapes_total * 0 + {STALE} unless ai_account_resources unless ai_account_scrapes_total == 0
            or
            (ai_account_scrapes_total == 0) + {WAITING}
            or
            ai_account_scrapes_total * 0
            or
            last_over_time(ai_account_scrapes_total[1d]) * 0 + {STALE} and on ({TARGET}) (up == 0)
            """,
            "The state of each account's polls: 0 if the last poll succeeded, 1 before the first poll, 3 if the values are stale although no poll "
            "failed or the exporter is down, 4 if the last poll failed, 5 if the vendor refuses because the account is exhausted.",
        ),
        Record(QUOTA, _QUOTA, "The state of each resource by its amounts: 0 ok, 2 low, 5 exhausted."),
        Record(
            ACCOUNT,
            f"""
            {QUOTA} >= ignoring (resource, unit) group_left () {POLLS}
            or
            {QUOTA} * 0 + ignoring (resource, unit) group_left () {POLLS}
            or
            {POLLS} unless ignoring (resource, unit) {QUOTA}
            """,
            f"The state of each resource and its account, the worse one; without labels of a resource for an account that has none. The values: {_LIST}.",
        ),
    ),
)
