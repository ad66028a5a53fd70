"""The PromQL that the dashboards share: one series per resource or account, even if several exporters poll it."""

from __future__ import annotations

from dataclasses import dataclass

ACCOUNT = "provider, account"
RESOURCE = "provider, account, resource, unit"
EXPORTER = 'job=~"$job",instance=~"$instance"'
NO_SLOTS = 'unit!="slots"'
"""Slots are held rather than used up: having none free is no emergency."""

DAY = 86_400
SOON = 2 * DAY
LOW_SHARE = 0.1

NO_FORECAST, NO_LIMIT, NOT_KNOWN = 10**10, 2 * 10**10, 3 * 10**10
"""Values for resources without a forecast end. They are larger than every real time, so they sort last."""

OK, WAITING, LOW, FAILING, STALE, EXHAUSTED = range(6)
"""The states of the status page. A higher number is worse."""


@dataclass(frozen=True, slots=True)
class Expressions:
    """Builds expressions for the series that `selector` matches."""

    selector: str
    of_resource: str = ""
    """Further matchers for the series of resources."""

    def series(self, name: str, further: str = "") -> str:
        """A selector."""
        narrow = self.of_resource if "ai_account_quota_" in name else ""
        return f"{name}{{{','.join(filter(None, (self.selector, narrow, further)))}}}"

    def max_by(self, name: str, further: str = "", by: str = RESOURCE) -> str:
        """One series per resource, even if two exporters poll it."""
        return f"max by ({by}) ({self.series(name, further)})"

    def remaining(self, further: str = "") -> str:
        """What is left; the last known value while polls fail."""
        held = self.max_by("account:ai_account_quota_remaining:last", further)
        return f"({self.max_by('ai_account_quota_remaining', further)} or {held})"

    def share(self, further: str = "") -> str:
        """The share of the limit that is left."""
        return self.max_by("account:ai_account_quota_remaining:ratio", further)

    def burn(self, further: str = "") -> str:
        """Usage per second over a day."""
        return self.max_by("account:ai_account_quota_burn:rate1d", further)

    def ends_in(self, part: str = "exhaustion") -> str:
        """Seconds until the forecast end: the expected one, or `exhaustion_latest`."""
        return f"(min by ({RESOURCE}) ({self.series(f'ai_account_quota_{part}_timestamp_seconds')}) - time())"

    def until_reset(self) -> str:
        """Seconds until the period ends, if that is in the future."""
        return f"({self.max_by('ai_account_quota_reset_timestamp_seconds')} - time() > 0)"

    def exhausted(self) -> str:
        """0 or less for each resource of which nothing is left, allowed overage included."""
        return f"({self.max_by('account:ai_account_quota_available:last', NO_SLOTS)} <= 0)"

    def ends_in_or_reason(self) -> str:
        """The time until each resource ends, or the number of the reason why no end is forecast."""
        return (
            f"{self.ends_in()} or {self.exhausted()} * 0 or {self.max_by('ai_account_quota_unlimited')} * {NO_LIMIT} "
            f"or {self.max_by('ai_account_quota_remaining')} * 0 + {NO_FORECAST} or {self.max_by('ai_account_quota_used')} * 0 + {NO_LIMIT} "
            f"or {self.rows()} * {NOT_KNOWN}"
        )

    def accounts(self) -> str:
        """1 for each account, also while the exporter is down and only recorded series exist."""
        names = ("ai_account_scrapes_total", "account:ai_account_quota_remaining:last")
        return "(" + " or ".join(f"group by ({ACCOUNT}) ({self.series(name)})" for name in names) + ")"

    def rows(self) -> str:
        """1 for each resource, and for each account without any."""
        names = ("ai_account_quota_used", "account:ai_account_quota_remaining:last", "ai_account_quota_remaining")
        known = " or ".join(f"group by ({RESOURCE}) ({self.series(name)})" for name in names)
        unknown = f'label_replace(label_replace({self.accounts()}, "resource", "(none)", "", ""), "unit", "-", "", "")'
        return f"({known} or on ({ACCOUNT}) {unknown})"

    def resource_state(self) -> str:
        """The state of each resource that is low or exhausted."""
        low = (
            f"({self.remaining(NO_SLOTS)} < {self.max_by('account:ai_account_quota_threshold:last')}) or "
            f"({self.share(NO_SLOTS)} < {LOW_SHARE}) or ({self.ends_in()} < {SOON})"
        )
        return f"({self.exhausted()} * 0 + {EXHAUSTED} or ({low}) * 0 + {LOW})"

    def polling_state(self) -> str:
        """The state of each account's polls."""
        refused = self.max_by("ai_account_up", by=ACCOUNT) + " == 0"
        return (
            f"({self.accounts()} * {STALE} unless {self.max_by('ai_account_resources', by=ACCOUNT)} unless {self.waiting()} "
            f"or ({refused}) * 0 + {FAILING} or {self.waiting()} + {WAITING} or {self.accounts()} * {OK})"
        )

    def waiting(self) -> str:
        """0 for each account that was not polled yet."""
        return f"({self.max_by('ai_account_scrapes_total', by=ACCOUNT)} == 0)"

    def state(self) -> str:
        """The state of each row: the worse one of its resource and its account."""
        of_itself = f'label_replace({self.resource_state()}, "of", "resource", "", "")'
        return f"max by ({RESOURCE}) ({of_itself} or {self.rows()} * on ({ACCOUNT}) group_left () {self.polling_state()})"

    def account_state(self) -> str:
        """The state of each account."""
        return f"max by ({ACCOUNT}) ({self.state()})"

    def age(self) -> str:
        """Seconds since the last successful poll of each account."""
        return f"time() - {self.max_by('ai_account_last_success_timestamp_seconds', by=ACCOUNT)}"

    def reason(self) -> str:
        """1 for each account whose last poll failed, with the most frequent reason of the last hours."""
        errors = f"max by ({ACCOUNT}, reason) (increase({self.series('ai_account_scrape_errors_total')}[3h])) > 0"
        failing = f"{self.max_by('ai_account_up', by=ACCOUNT)} == 0"
        return f"group by ({ACCOUNT}, reason) (topk by ({ACCOUNT}) (1, {errors}) and on ({ACCOUNT}) ({failing}))"

    def on_rows(self, account_figure: str, labels: str = "") -> str:
        """A value of an account on each of its rows."""
        return f"{self.rows()} * on ({ACCOUNT}) group_left ({labels}) ({account_figure})"


FLEET = Expressions(f'{EXPORTER},provider=~"$provider",account=~"$account"')
ONE_ACCOUNT = Expressions(f'{EXPORTER},provider="$provider",account="$account"')
ONE_RESOURCE = Expressions(ONE_ACCOUNT.selector, 'resource="$resource"')
HEALTH = Expressions(f'{EXPORTER},provider=~"$provider"')
