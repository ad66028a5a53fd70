"""The PromQL that the dashboards share: one series a resource or an account, however many exporters tell of it."""

from __future__ import annotations

from dataclasses import dataclass

ACCOUNT = "provider, account"
RESOURCE = "provider, account, resource, unit"
EXPORTER = 'job=~"$job",instance=~"$instance"'
NO_SLOTS = 'unit!="slots"'
"""Slots are a stock that is held on purpose: a full house is no emergency."""

DAY = 86_400
SOON = 3 * DAY
LOW_SHARE = 0.1

RESETS_FIRST, NOT_FALLING, NO_LIMIT, NOT_KNOWN = 10**10, 2 * 10**10, 3 * 10**10, 4 * 10**10
"""What stands in for a runway where there is none: beyond every real one, so that they sort last."""

OK, WAITING, LOW, FAILING, STALE, EXHAUSTED = range(6)
"""How a resource stands, as the status page has it; the worst is the highest."""


@dataclass(frozen=True, slots=True)
class Expressions:
    """Expressions about the series that `selector` matches."""

    selector: str
    of_resource: str = ""
    """What the series of resources must match besides."""

    def series(self, name: str, further: str = "") -> str:
        """A plain selector of these series."""
        narrow = self.of_resource if "ai_account_quota_" in name else ""
        return f"{name}{{{','.join(filter(None, (self.selector, narrow, further)))}}}"

    def largest(self, name: str, further: str = "", by: str = RESOURCE) -> str:
        """One series for each resource; two exporters that tell of it do not make it twice as much."""
        return f"max by ({by}) ({self.series(name, further)})"

    def left(self, further: str = "") -> str:
        """What is left; where a poll failed for long, what was left last."""
        held = self.largest("account:ai_account_quota_remaining:last", further)
        return f"({self.largest('ai_account_quota_remaining', further)} or {held})"

    def share(self, further: str = "") -> str:
        """What is left of the limit."""
        return self.largest("account:ai_account_quota_remaining:ratio", further)

    def burn(self, further: str = "") -> str:
        """What is used a second, over a day, or as long as there is something to go by."""
        return (
            "(" + " or ".join(self.largest(f"account:ai_account_quota_burn:rate{window}", further) for window in ("1d", "6h", "1h")) + ")"
        )

    def end(self) -> str:
        """Seconds until nothing is left, were there no reset."""
        names = (f"account:ai_account_quota_exhaustion_seconds:rate{window}" for window in ("1d", "6h", "1h"))
        return "(" + " or ".join(f"min by ({RESOURCE}) ({self.series(name)})" for name in names) + ")"

    def until_reset(self) -> str:
        """Seconds until the period ends, while that is to come."""
        return f"({self.largest('ai_account_quota_reset_timestamp_seconds')} - time() > 0)"

    def runway(self) -> str:
        """Seconds until nothing is left, where no reset comes before."""
        return f"({self.end()} <= ({self.until_reset()} or {self.end()}))"

    def told_runway(self) -> str:
        """The runway of every resource, or which of the reasons there is for having none."""
        return (
            f"{self.runway()} or {self.end()} * 0 + {RESETS_FIRST} or {self.largest('ai_account_quota_unlimited')} * {NO_LIMIT} "
            f"or {self.left()} * 0 + {NOT_FALLING} and {self.burn()} or {self.burn()} * 0 + {NO_LIMIT} or {self.rows()} * {NOT_KNOWN}"
        )

    def accounts(self) -> str:
        """1 for each account, also while the exporter is down and only the rules remember it."""
        names = ("ai_account_scrapes_total", "account:ai_account_quota_remaining:last")
        return "(" + " or ".join(f"group by ({ACCOUNT}) ({self.series(name)})" for name in names) + ")"

    def rows(self) -> str:
        """1 for each resource, and for each account of which no resource is known."""
        names = ("ai_account_quota_used", "account:ai_account_quota_remaining:last", "ai_account_quota_remaining")
        known = " or ".join(f"group by ({RESOURCE}) ({self.series(name)})" for name in names)
        unknown = f'label_replace(label_replace({self.accounts()}, "resource", "(none)", "", ""), "unit", "-", "", "")'
        return f"({known} or on ({ACCOUNT}) {unknown})"

    def resource_state(self) -> str:
        """How each resource that is not well stands, whatever its account's polls do."""
        low = (
            f"({self.left(NO_SLOTS)} < {self.largest('account:ai_account_quota_threshold:last')}) or "
            f"({self.share(NO_SLOTS)} < {LOW_SHARE}) or ({self.runway()} < {SOON})"
        )
        exhausted = f"({self.largest('account:ai_account_quota_available:last', NO_SLOTS)} <= 0)"
        return f"({exhausted} * 0 + {EXHAUSTED} or ({low}) * 0 + {LOW})"

    def polling_state(self) -> str:
        """How each account's polls stand."""
        refused = self.largest("ai_account_up", by=ACCOUNT) + " == 0"
        return (
            f"({self.accounts()} * {STALE} unless {self.largest('ai_account_resources', by=ACCOUNT)} unless {self.waiting()} "
            f"or ({refused}) * 0 + {FAILING} or {self.waiting()} + {WAITING} or {self.accounts()} * {OK})"
        )

    def waiting(self) -> str:
        """0 for each account that no poll has told anything about yet."""
        return f"({self.largest('ai_account_scrapes_total', by=ACCOUNT)} == 0)"

    def state(self) -> str:
        """How each row stands: the worse of its resource and its account."""
        of_itself = f'label_replace({self.resource_state()}, "of", "resource", "", "")'
        return f"max by ({RESOURCE}) ({of_itself} or {self.rows()} * on ({ACCOUNT}) group_left () {self.polling_state()})"

    def account_state(self) -> str:
        """How each account stands."""
        return f"max by ({ACCOUNT}) ({self.state()})"

    def age(self) -> str:
        """Seconds since the last good poll of each account."""
        return f"time() - {self.largest('ai_account_last_success_timestamp_seconds', by=ACCOUNT)}"

    def reason(self) -> str:
        """1 for each account whose last poll failed, with the reason that it failed for most of late."""
        errors = f"max by ({ACCOUNT}, reason) (increase({self.series('ai_account_scrape_errors_total')}[3h])) > 0"
        failing = f"{self.largest('ai_account_up', by=ACCOUNT)} == 0"
        return f"group by ({ACCOUNT}, reason) (topk by ({ACCOUNT}) (1, {errors}) and on ({ACCOUNT}) ({failing}))"

    def on_rows(self, account_figure: str, labels: str = "") -> str:
        """A figure of accounts, on every row of the account."""
        return f"{self.rows()} * on ({ACCOUNT}) group_left ({labels}) ({account_figure})"


FLEET = Expressions(f'{EXPORTER},provider=~"$provider",account=~"$account"')
ONE_ACCOUNT = Expressions(f'{EXPORTER},provider="$provider",account="$account"')
ONE_RESOURCE = Expressions(ONE_ACCOUNT.selector, 'resource="$resource"')
HEALTH = Expressions(f'{EXPORTER},provider=~"$provider"')
