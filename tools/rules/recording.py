"""The recording rules: values that survive an outage, the burn rate, and the time until exhaustion."""

from __future__ import annotations

from textwrap import dedent, indent

from tools.rules.rule import Group, Record

COVERED = {"1h": "15m", "6h": "30m", "1d": "2h", "7d": "14h"}
"""How much of a window successful polls must cover before it gives a burn rate: a twelfth, but three polls at the default interval."""


def _block(text: str) -> str:
    return indent(dedent(text).strip(), "  ")


def _held(name: str, fresh: str, further: str = "resource, unit", ends: str = "") -> Record:
    """The value; its last one while the polls of a configured account fail or the exporter is down.

    The rule reads its own last value. That is cheap, and it ends within ten minutes when the account or the resource is removed.
    """
    return Record(
        name,
        f"""\
(
{_block(fresh)}
)
or
(
  last_over_time({name}[10m])
  and ignoring ({further}) (ai_account_scrapes_total unless ai_account_up == 1)
  unless ignoring ({further}) (time() - ai_account_last_success_timestamp_seconds > seconds(3d))
{ends})
or
(
  last_over_time({name}[10m]) and on (job, instance) (up == 0)
{ends})
""",
    )


RESET = "account:ai_account_quota_reset_timestamp_seconds:last"
REMAINING = "account:ai_account_quota_remaining:last"
AVAILABLE = "account:ai_account_quota_available:last"
THRESHOLD = "account:ai_account_quota_threshold:last"
RESET_PASSED = f"  unless {RESET} < time()\n"

SPENDABLE = """\
(ai_account_quota_remaining + ai_account_quota_overage_limit or ai_account_quota_remaining)
unless ai_account_quota_unlimited == 1
"""
"""What is left until the vendor stops the account: allowed overage included, absent if unlimited."""


def _burn(window: str) -> Record:
    """Consumption per second that successful polls cover. `increase` and `delta` extrapolate alike, so the error cancels.

    The counts correct for a resource that is younger than its account. If too little is covered, as in an outage, the last rate stays.
    """
    name = f"account:ai_account_quota_burn:rate{window}"
    return Record(
        name,
        f"""\
(
  increase(ai_account_quota_consumed_total[{window}])
  /
  (
    count_over_time(ai_account_quota_consumed_total[{window}])
    * ignoring (resource, unit) group_left ()
    (delta(ai_account_last_success_timestamp_seconds[{window}]) / count_over_time(ai_account_last_success_timestamp_seconds[{window}]))
    >= seconds({COVERED[window]})
  )
  or
  last_over_time({name}[10m])
  unless ignoring (resource, unit) (time() - ai_account_last_success_timestamp_seconds > seconds(3d))
)
and ai_account_quota_consumed_total
or
last_over_time({name}[10m]) and on (job, instance) (up == 0)
""",
    )


def _exhaustion(window: str) -> Record:
    return Record(
        f"account:ai_account_quota_exhaustion_seconds:rate{window}",
        f"""\
clamp_min({SPENDABLE.replace(chr(10), " ").strip()}, 0)
/
(account:ai_account_quota_burn:rate{window} > 0)
""",
    )


GROUPS = (
    Group(
        "ai-account-figures",
        (
            _held(RESET, "ai_account_quota_reset_timestamp_seconds"),
            _held(REMAINING, "ai_account_quota_remaining", ends=RESET_PASSED),
            _held(AVAILABLE, SPENDABLE, ends=RESET_PASSED),
            _held(THRESHOLD, "ai_account_quota_threshold", further="resource, unit, severity"),
            Record(
                "account:ai_account_quota_remaining:ratio",
                "ai_account_quota_remaining / (ai_account_quota_limit > 0) unless ai_account_quota_unlimited == 1",
            ),
        ),
    ),
    Group("ai-account-burn", (*map(_burn, ("1h", "6h", "1d")), *map(_exhaustion, ("1h", "6h", "1d")))),
    # A week of samples is slow to read. Two minutes are still well below the five-minute lookback of Prometheus.
    Group("ai-account-burn-week", (_burn("7d"),), interval="2m"),
)
"""The rules of a group are evaluated in order, so a burn rate is in the group of the rules that read it."""
