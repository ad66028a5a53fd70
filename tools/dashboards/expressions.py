"""The PromQL that the dashboards share: one series per resource or account, even if several exporters poll it."""

from __future__ import annotations

from dataclasses import dataclass

from tools.rules.recording import AVAILABLE, REMAINING, SHARE
from tools.rules.rule import TARGET
from tools.rules.states import ACCOUNT as STATE
from tools.rules.states import POLLS, REASONS

ACCOUNT = "provider, account"
RESOURCE = "provider, account, resource, unit"
EXPORTER = 'job=~"$job",instance=~"$instance"'
NO_SLOTS = 'unit!="slots"'
"""Slots are held rather than used up: having none free is not an emergency."""
WINDOW = "1h"
"""Charts over time show what happened in the hour before each point: it is right from the first minutes on, and at every resolution."""

DAY = 86_400

NO_FORECAST, NO_LIMIT, NOT_KNOWN = 10**10, 2 * 10**10, 3 * 10**10
"""Values in place of a number that does not exist. They are larger than every real time, so they sort last."""


def elapsed(moment: str) -> str:
    """Seconds from a time to when Prometheus read it. A scrape has the time of its start, so a time in it may be later."""
    return f"clamp_min(timestamp({moment}) - {moment}, 0)"


@dataclass(frozen=True, slots=True)
class Expressions:
    """Builds expressions for the series that `selector` matches."""

    selector: str
    of_resource: str = ""
    """Further matchers for the series of resources."""

    def series(self, name: str, further: str = "") -> str:
        """A selector."""
        narrow = self.of_resource if "ai_account_quota_" in name or name == STATE else ""
        return f"{name}{{{','.join(filter(None, (self.selector, narrow, further)))}}}"

    def max_by(self, name: str, further: str = "", by: str = RESOURCE) -> str:
        """One series per resource, even if two exporters poll it."""
        return f"max by ({by}) ({self.series(name, further)})"

    def increase(self, name: str, by: str, window: str = WINDOW, further: str = "") -> str:
        """How much a counter rose in the time before, once for each of these labels."""
        return f"max by ({by}) (increase({self.series(name, further)}[{window}]))"

    def consumed(self, window: str, further: str = "") -> str:
        """What was used in the time before."""
        return self.increase("ai_account_quota_consumed_total", RESOURCE, window, further)

    def remaining(self, further: str = "") -> str:
        """What is left; the last known value while polls fail."""
        held = self.max_by(REMAINING, further)
        return f"({self.max_by('ai_account_quota_remaining', further)} or {held})"

    def shares_over_time(self, further: str) -> str:
        """The share of each limit that is left, from series that are not recorded, so that it reaches back as far as they do."""
        parts = (f"{each}{{{self.selector},{further}}}" for each in ("remaining", "limit", "unlimited"))
        left, limit, unlimited = (f"ai_account_quota_{each}" for each in parts)
        return f"max by ({RESOURCE}) ({left} / ({limit} > 0) unless {unlimited} == 1)"

    def share_or_reason(self) -> str:
        """The share that is left of the limit or of the budget, the smaller one, or the number of the reason why there is none."""
        used, limit, left, budget, unlimited = (
            self.series(f"ai_account_quota_{part}") for part in ("used", "limit", "remaining", "budget", "unlimited")
        )
        of_limit, of_budget = self.series(SHARE), f"1 - {used} / {budget}"
        reason = f"{unlimited} * {NO_LIMIT} or ({left} or {used}) * 0 + {NO_LIMIT} unless {limit} == 0"
        return f"max by ({RESOURCE}) ({of_limit} < {of_budget} or {of_budget} or {of_limit} or {reason})"

    def ends_in(self, part: str = "exhaustion") -> str:
        """Seconds until the forecast end: the expected one, or `exhaustion_latest`."""
        return f"(min by ({RESOURCE}) ({self.series(f'ai_account_quota_{part}_timestamp_seconds')}) - time())"

    def until_reset(self) -> str:
        """Seconds until the period ends, if that is in the future."""
        return f"({self.max_by('ai_account_quota_reset_timestamp_seconds')} - time() > 0)"

    def ends_in_or_reason(self) -> str:
        """The time until each resource ends, or the number of the reason why no end is forecast."""
        return (
            f"{self.ends_in()} or ({self.max_by(AVAILABLE, NO_SLOTS)} <= 0) * 0 or {self.max_by('ai_account_quota_unlimited')} * {NO_LIMIT} "
            f"or {self.max_by('ai_account_quota_remaining')} * 0 + {NO_FORECAST} or {self.max_by('ai_account_quota_budget')} * 0 + {NO_FORECAST} "
            f"or {self.max_by('ai_account_quota_used')} * 0 + {NO_LIMIT} "
            f"or {self.state()} * 0 + {NOT_KNOWN}"
        )

    def state(self) -> str:
        """The state of each row. Of several exporters that poll an account, the one in the best state counts: its values are shown."""
        return f"min by ({RESOURCE}) ({self.series(STATE)})"

    def account_state(self) -> str:
        """The state of each account: the worst one of its rows."""
        return f"max by ({ACCOUNT}) ({self.state()})"

    def polling_state(self) -> str:
        """The state of each account's polls."""
        return f"min by ({ACCOUNT}) ({self.series(POLLS)})"

    def age(self) -> str:
        """Seconds since the last successful poll of each account, when Prometheus read that time; the age rises while the exporter is down."""
        success = self.series("ai_account_last_success_timestamp_seconds")
        down = f"last_over_time({success}[1d]) and on ({TARGET}) (up{{{EXPORTER}}} == 0)"
        return f"(min by ({ACCOUNT}) ({elapsed(success)}) or time() - max by ({ACCOUNT}) ({down}))"

    def reason(self) -> str:
        """1 for each account whose last poll failed, with the most frequent reason of the last hours."""
        errors = self.max_by(REASONS, by=f"{ACCOUNT}, reason")
        return f"group by ({ACCOUNT}, reason) (topk by ({ACCOUNT}) (1, {errors}))"

    def on_rows(self, account_figure: str, labels: str = "") -> str:
        """A value of an account on each of its rows."""
        return f"group by ({RESOURCE}) ({self.series(STATE)}) * on ({ACCOUNT}) group_left ({labels}) ({account_figure})"


FLEET = Expressions(f'{EXPORTER},provider=~"$provider",account=~"$account"')
ONE_ACCOUNT = Expressions(f'{EXPORTER},provider="$provider",account="$account"')
ONE_RESOURCE = Expressions(ONE_ACCOUNT.selector, 'resource="$resource"')
HEALTH = Expressions(f'{EXPORTER},provider=~"$provider"')
