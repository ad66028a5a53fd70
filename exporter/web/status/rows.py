"""Facts put into words, row by row, so that the template only places them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from exporter.model import Seconds
from exporter.overview.facts import AccountFacts, ErrorFacts, State
from exporter.overview.reasons import REASONS
from exporter.web.status import words
from exporter.web.status.gauges import QuotaRow, quota_row
from exporter.web.status.phrases import Phrase, ahead, since, timed

_KEY_EXPIRES_SOON = 14 * 86_400


class Trouble(NamedTuple):
    """Why the last poll failed."""

    title: str
    reason: str
    message: str
    remedy: str
    failures: str


class AccountRow(NamedTuple):
    """One account as the page shows it."""

    key: str
    find: str
    """The words by which the filter finds it, besides its key."""
    provider: str
    name: str
    labels: tuple[tuple[str, str], ...]
    state: State
    notes: tuple[Phrase, ...]
    quotas: tuple[QuotaRow, ...]
    absence: Phrase | None
    trouble: Trouble | None
    hint: str
    """What the closed details hold that one should know of."""
    details: tuple[tuple[str, Phrase], ...]


def account_row(account: AccountFacts, now: float) -> AccountRow:
    """Put one account into words."""
    return AccountRow(
        key=f"{account.provider}/{account.account}",
        find=_find(account),
        provider=words.straight(account.provider),
        name=words.straight(account.account),
        labels=tuple((name, words.straight(value)) for name, value in account.labels.items()),
        state=account.state,
        notes=tuple(_notes(account, now)),
        quotas=tuple(quota_row(quota, now) for quota in account.quotas),
        absence=None if account.quotas else _absence(account, now),
        trouble=_trouble(account.error) if account.error else None,
        hint=_hint(account.mismatches),
        details=tuple(_details(account, now)),
    )


def matches(account: AccountFacts, wanted: str) -> bool:
    """Whether every word that is looked for occurs somewhere in what is found of the account; the page's script does the same."""
    found = f"{account.provider}/{account.account} {_find(account)}".lower()
    return all(word in found for word in wanted.lower().split())


def _find(account: AccountFacts) -> str:
    found = [f"state:{account.state}", *(f"{name}={value}" for name, value in account.labels.items())]
    found += dict.fromkeys(quota.resource for quota in account.quotas)
    found += [account.error.reason] if account.error else []
    return " ".join(found)


def _notes(account: AccountFacts, now: float) -> Iterator[Phrase]:
    if account.last_success_at is not None:
        yield timed(account.last_success_at, f"read {since(account.last_success_at, now)}")
    if account.next_poll_at is not None:
        coming = account.next_poll_at - now
        yield timed(account.next_poll_at, f"next poll in {words.duration(coming)}" if coming >= 1 else "next poll is due now")
    if account.limited_until is not None:
        yield timed(account.limited_until, f"the vendor lets us wait {words.duration(account.limited_until - now)} more")
    expires = account.credential_expires_at
    if expires is not None and expires - now < _KEY_EXPIRES_SOON:
        yield timed(expires, f"key expires {ahead(expires, now)}" if expires >= now else f"key expired {since(expires, now)}", loud=True)


def _absence(account: AccountFacts, now: float) -> Phrase:
    last = account.last_success_at
    if last is None:
        return Phrase("No poll has succeeded yet, so there are no figures." if account.polls else "Waiting for the first poll.")
    if now - last > account.stale_after:
        kept = words.duration(account.stale_after)
        return timed(
            last, f"Figures are hidden, as they are older than {kept}. The last ones were read {since(last, now)}, {words.day(last, now)}."
        )
    return Phrase("The vendor told no amounts.")


def _trouble(error: ErrorFacts) -> Trouble:
    times = "the last poll failed" if error.failures == 1 else f"the last {error.failures:,} polls failed"
    return Trouble(
        REASONS[error.reason].title, error.reason, words.straight(error.message), words.straight(error.remedy).replace("`", ""), times
    )  # marks for text, not for a page


def _hint(mismatches: tuple[str, ...]) -> str:
    if not mismatches:
        return ""
    return "1 field was not understood" if len(mismatches) == 1 else f"{len(mismatches)} fields were not understood"


def _details(account: AccountFacts, now: float) -> Iterator[tuple[str, Phrase]]:
    for name, value in (account.info or {}).items():
        yield words.plain(name), Phrase(words.straight(value))
    if account.status is not None:
        yield "status", Phrase(words.plain(account.status))
    features = account.features or {}
    for title, wanted in (("on", True), ("off", False)):
        if names := [words.plain(name) for name, enabled in features.items() if enabled is wanted]:
            yield title, Phrase(", ".join(names))
    yield from _reload(account)
    if account.created_at is not None:
        yield "created", timed(account.created_at, words.day(account.created_at, now))
    if account.credential_expires_at is not None:
        yield "key expires", timed(account.credential_expires_at, words.day(account.credential_expires_at, now))
    if account.mismatches:
        yield "not understood", Phrase(words.straight(", ".join(account.mismatches)))
    yield "polls", Phrase(_pace(account.polls, account.interval, account.stale_after))


def _reload(account: AccountFacts) -> Iterator[tuple[str, Phrase]]:
    reload = account.auto_reload
    if reload is None:
        return
    added = f"adds {words.counted(reload.amount, reload.unit)}" if reload.amount is not None else "adds some"
    below = f" below {words.counted(reload.threshold, reload.unit)}" if reload.threshold is not None else ""
    yield "auto reload", Phrase(added + below)


def _pace(polls: int, interval: Seconds, stale_after: Seconds) -> str:
    return f"{polls:,} so far, {words.duration(interval)} apart; figures are shown for {words.duration(stale_after)}"
