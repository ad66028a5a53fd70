"""From what the store knows to what people are told: pure, and with nothing in it that is older than it may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import inf

from exporter.accounts.consumption import burn
from exporter.accounts.floors import floors_of
from exporter.accounts.store import Entry, Snapshot
from exporter.model import Reading, Reason
from exporter.overview.facts import AccountFacts, AutoReloadFacts, ErrorFacts, Overview, QuotaFacts, Soonest, State, Summary
from exporter.overview.quotas import Moment, end_of, quota_facts, was_granted
from exporter.overview.reasons import remedy_of

_RANK = {state: rank for rank, state in enumerate(State)}


def survey(snapshot: Snapshot, now: float, correction: float, version: str) -> Overview:
    """All accounts at a moment: `now` is on the clock of the entries, and `correction` is what the wall clock is ahead of it."""
    accounts = [account_facts(entry, now, correction) for entry in snapshot.entries]
    accounts.sort(key=lambda account: (_RANK[account.state], min((end for _, end in _ends(account)), default=inf)))
    return Overview(now + correction, version, _summary(accounts), tuple(accounts))


def account_facts(entry: Entry, now: float, correction: float) -> AccountFacts:
    """One account at a moment, as `survey` takes it."""
    reading = entry.fresh_reading(now)
    at, wall = entry.shifted(correction), now + correction
    quotas = tuple(_quotas(at, reading, wall)) if reading else ()
    reload = reading.auto_reload if reading else None
    return AccountFacts(
        *at.key,
        labels=at.labels,
        state=_state(at, reading, quotas),
        interval=at.interval,
        stale_after=at.stale_after,
        polls=at.polls,
        quotas=quotas,
        up=at.up,
        error=_error(at),
        info=reading.info or None if reading else None,
        status=reading.status.current if reading and reading.status else None,
        features=reading.features or None if reading else None,
        auto_reload=AutoReloadFacts(reload.unit, reload.threshold, reload.amount) if reload else None,
        created_at=reading.created_at if reading else None,
        credential_expires_at=reading.credential_expires_at if reading else None,
        mismatches=at.reading.mismatches if at.reading else (),
        last_poll_at=at.last_poll_at,
        last_success_at=at.last_success_at,
        next_poll_at=at.next_poll_at,
        limited_until=at.limited_until if at.limited_until is not None and at.limited_until > wall else None,
    )


def _quotas(entry: Entry, reading: Reading, wall: float) -> Iterator[QuotaFacts]:
    # A book that the last reading did not move tells of an earlier time, and so does its burn.
    books = {(book.resource, book.unit): book for book in entry.books if book.at == entry.last_success_at}
    moment = Moment(wall if entry.last_success_at is None else entry.last_success_at, wall)
    for quota in reading.quotas:
        book = books.get((quota.resource, quota.unit))
        granted = was_granted(quota, book, is_alone=len(reading.quotas) == 1)
        yield quota_facts(quota, burn(book) if book else None, floors_of(quota, entry.thresholds), moment, was_granted=granted)


def _state(entry: Entry, reading: Reading | None, quotas: Iterable[QuotaFacts]) -> State:
    states = {quota.state for quota in quotas}
    is_refused = entry.error is not None and entry.error.reason is Reason.QUOTA_EXHAUSTED
    holds = {
        State.EXHAUSTED: State.EXHAUSTED in states or is_refused,
        State.STALE: entry.up is not None and reading is None,
        State.FAILING: entry.up is False,
        State.LOW: State.LOW in states,
        State.WAITING: entry.up is None,
    }
    return next((state for state in State if holds.get(state)), State.OK)


def _error(entry: Entry) -> ErrorFacts | None:
    error = entry.error
    return ErrorFacts(error.reason, str(error), remedy_of(error.reason, error.cause), entry.failures) if error else None


def _ends(account: AccountFacts) -> Iterator[tuple[QuotaFacts, float]]:
    return ((quota, end) for quota in account.quotas if (end := end_of(quota)) is not None)


def _summary(accounts: Iterable[AccountFacts]) -> Summary:
    accounts = tuple(accounts)
    found = Counter(account.state for account in accounts)
    ends = (
        Soonest(account.provider, account.account, quota.resource, quota.unit, end) for account in accounts for quota, end in _ends(account)
    )
    return Summary(len(accounts), {state: found[state] for state in State}, min(ends, key=lambda each: each.empty_at, default=None))
