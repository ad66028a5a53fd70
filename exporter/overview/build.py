"""From a snapshot to the facts that the API, the status page and `once` share: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import inf

from exporter.accounts.consumption import burn
from exporter.accounts.entry import Entry
from exporter.accounts.forecast import forecast
from exporter.accounts.reasons import remedy_of
from exporter.accounts.snapshot import Account, Snapshot
from exporter.accounts.thresholds import floors_of
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
from exporter.overview.quotas import quota_facts, was_granted

_RANK = {state: rank for rank, state in enumerate(State)}


def build_overview(snapshot: Snapshot, version: str) -> Overview:
    """Return the facts about all accounts of a snapshot, those with problems first."""
    accounts = [account_facts(account, snapshot.at) for account in snapshot.accounts]
    accounts.sort(key=lambda account: (_RANK[account.state], min((end for _, end in _ends(account)), default=inf)))
    state_written = snapshot.writes.is_successful if snapshot.writes else None
    return Overview(snapshot.at, version, _summary(accounts), tuple(accounts), state_written)


def account_facts(account: Account, now: float) -> AccountFacts:
    """Return the facts about one account."""
    entry, reading = account.entry, account.reading
    quotas = tuple(_quotas(account, reading, now)) if reading else ()
    reload = reading.auto_reload if reading else None
    return AccountFacts(
        *account.key,
        labels=account.settings.labels,
        state=_state(entry, reading, quotas),
        interval=account.interval,
        stale_after=account.settings.stale_after,
        polls=entry.polls,
        quotas=quotas,
        up=entry.up,
        error=_error(entry),
        optional_requests=tuple(_failed_requests(entry)) or None,
        info=reading.info or None if reading else None,
        status=reading.status.current if reading and reading.status else None,
        features=reading.features or None if reading else None,
        auto_reload=AutoReloadFacts(reload.unit, reload.threshold, reload.amount) if reload else None,
        created_at=reading.created_at if reading else None,
        credential_expires_at=reading.credential_expires_at if reading else None,
        mismatches=entry.reading.mismatches if entry.reading else (),
        last_poll_at=entry.last_poll_at,
        last_success_at=entry.last_success_at,
        next_poll_at=account.schedule.next_poll_at,
        limited_until=account.limited_until,
    )


def _quotas(account: Account, reading: Reading, now: float) -> Iterator[QuotaFacts]:
    entry = account.entry
    read_at = now if entry.last_success_at is None else entry.last_success_at
    # Counters that the last reading did not update are older than it, and so is their burn.
    updated = {(each.resource, each.unit): each for each in entry.consumption if each.at == read_at}
    for quota in reading.quotas:
        consumption = updated.get((quota.resource, quota.unit))
        granted = was_granted(quota, consumption, is_alone=len(reading.quotas) == 1)
        budget = account.settings.budgets.get((quota.resource, quota.unit))
        rate, end = (burn(consumption), forecast(consumption, quota, reading, budget)) if consumption else (None, None)
        yield quota_facts(quota, rate, end, floors_of(quota, account.settings.thresholds), now, budget=budget, was_granted=granted)


def _state(entry: Entry, reading: Reading | None, quotas: Iterable[QuotaFacts]) -> State:
    states = {quota.state for quota in quotas}
    is_refused = entry.error is not None and entry.error.reason is Reason.QUOTA_EXHAUSTED
    applies = {
        State.EXHAUSTED: State.EXHAUSTED in states or is_refused,
        State.STALE: entry.up is not None and reading is None,
        State.FAILING: entry.up is False,
        State.LOW: State.LOW in states,
        State.WAITING: entry.up is None,
    }
    return next((state for state in State if applies.get(state)), State.OK)


def _error(entry: Entry) -> ErrorFacts | None:
    error = entry.error
    return ErrorFacts(error.reason, error.message, remedy_of(error.reason, error.cause), entry.failures) if error else None


def _failed_requests(entry: Entry) -> Iterator[OptionalRequestFacts]:
    for path, request in entry.optional.items():
        if error := request.error:
            yield OptionalRequestFacts(
                path, error.reason, error.message, request.failures, request.last_success_at, request.next_attempt_at
            )


def _ends(account: AccountFacts) -> Iterator[tuple[QuotaFacts, float]]:
    return ((quota, end) for quota in account.quotas if (end := quota.empty_at) is not None)


def _summary(accounts: Iterable[AccountFacts]) -> Summary:
    accounts = tuple(accounts)
    found = Counter(account.state for account in accounts)
    ends = (
        Soonest(account.provider, account.account, quota.resource, quota.unit, end) for account in accounts for quota, end in _ends(account)
    )
    return Summary(len(accounts), {state: found[state] for state in State}, min(ends, key=lambda each: each.empty_at, default=None))
