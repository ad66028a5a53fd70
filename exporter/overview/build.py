"""From a snapshot to the facts that the API, the status page and `once` share: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import inf

from exporter.accounts.entry import Entry
from exporter.accounts.reasons import remedy_of
from exporter.accounts.snapshot import AccountSnapshot, Snapshot
from exporter.model import Reading, Reason
from exporter.overview.facts import (
    AccountFacts,
    AutoReloadFacts,
    ErrorFacts,
    OptionalRequestFacts,
    Overview,
    QuotaFacts,
    Soonest,
    State,
    Summary,
)
from exporter.overview.outlook import Outlook, Outlooks, outlooks_of
from exporter.overview.quotas import quota_facts
from exporter.overview.urgency import RANK, ends_first, is_critical
from exporter.polling.no_effect import without_effect


def build_overview(snapshot: Snapshot, version: str, outlooks: Outlooks | None = None) -> Overview:
    """Return the facts about all accounts of a snapshot, those with problems first. `outlooks` keeps forecasts for the next call."""
    accounts = [account_facts(account, snapshot.at, known) for account, known in (outlooks or Outlooks()).of(snapshot)]
    accounts.sort(key=_order)
    state_written = snapshot.writes.is_successful if snapshot.writes else None
    return Overview(snapshot.at, version, summary_of(accounts), tuple(accounts), state_written)


def account_facts(account: AccountSnapshot, now: float, outlooks: Sequence[Outlook] | None = None) -> AccountFacts:
    """Return the facts about one account."""
    entry, reading, definition = account.entry, account.reading, account.job.definition
    quotas = _quotas(account, tuple(outlooks_of(account)) if outlooks is None else outlooks, now)
    return AccountFacts(
        *account.key,
        labels=account.settings.labels,
        state=_state(entry, reading, quotas),
        interval=account.interval,
        stale_after=account.settings.stale_after,
        polls=entry.polls,
        verified=definition.verified.level if definition.verified else None,
        billing_url=definition.billing_url,
        quotas=quotas,
        up=entry.up,
        error=_error(entry),
        optional_requests=tuple(_failed_requests(entry)) or None,
        info=reading.info or None if reading else None,
        status=reading.status.current if reading and reading.status else None,
        features=reading.features or None if reading else None,
        auto_reload=_auto_reload(reading),
        created_at=reading.created_at if reading else None,
        credential_expires_at=reading.credential_expires_at if reading else None,
        mismatches=entry.reading.mismatches if entry.reading else (),
        without_effect=without_effect(account.job, reading, entry.optional) or None if reading else None,
        last_poll_at=entry.last_poll_at,
        last_success_at=entry.last_success_at,
        next_poll_at=account.schedule.next_poll_at,
        limited_until=account.limited_until,
    )


def _quotas(account: AccountSnapshot, outlooks: Sequence[Outlook], now: float) -> tuple[QuotaFacts, ...]:
    quotas = account.reading.quotas if account.reading else ()
    return tuple(quota_facts(quota, outlook, now) for quota, outlook in zip(quotas, outlooks, strict=True))


def _order(account: AccountFacts) -> tuple[int, bool, bool, float]:
    """Sort by state, then failing accounts without values, then those below a critical threshold, then by what ends first."""
    end = ends_first(account)
    has_values = account.error is not None and bool(account.quotas)
    return RANK[account.state], has_values, not any(map(is_critical, account.quotas)), inf if end is None else end


def _state(entry: Entry, reading: Reading | None, quotas: Iterable[QuotaFacts]) -> State:
    states = {quota.state for quota in quotas}
    is_refused = entry.error is not None and entry.error.reason is Reason.QUOTA_EXHAUSTED
    applies = {
        State.EXHAUSTED: State.EXHAUSTED in states or is_refused,
        State.FAILING: entry.up is False,
        State.STALE: entry.up is not None and reading is None,
        State.LOW: State.LOW in states,
        State.WAITING: entry.up is None,
    }
    return next((state for state in State if applies.get(state)), State.OK)


def _error(entry: Entry) -> ErrorFacts | None:
    error = entry.error
    if error is None:
        return None
    return ErrorFacts(error.reason, error.message, remedy_of(error.reason, error.cause), entry.failures, entry.failing_since)


def _auto_reload(reading: Reading | None) -> AutoReloadFacts | None:
    reload = reading.auto_reload if reading else None
    return AutoReloadFacts(reload.unit, reload.threshold, reload.amount) if reload else None


def _failed_requests(entry: Entry) -> Iterator[OptionalRequestFacts]:
    for path, request in entry.optional.items():
        if error := request.error:
            yield OptionalRequestFacts(
                path, error.reason, error.message, request.failures, request.last_success_at, request.next_attempt_at
            )


def summary_of(accounts: Iterable[AccountFacts]) -> Summary:
    """Return the totals over these accounts."""
    accounts = tuple(accounts)
    found = Counter(account.state for account in accounts)
    ends = (
        Soonest(account.provider, account.account, quota.resource, quota.unit, end)
        for account in accounts
        for quota in account.quotas
        if (end := quota.empty_at) is not None
    )
    return Summary(len(accounts), {state: found[state] for state in State}, min(ends, key=lambda each: each.empty_at, default=None))
