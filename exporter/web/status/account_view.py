"""One account on the status page, as text that the template only places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from exporter.accounts.reasons import REASONS
from exporter.model import Seconds
from exporter.overview.facts import AccountFacts, ErrorFacts, State
from exporter.web.status import formatting
from exporter.web.status.formatting import Phrase, ago, ahead, phrase_at
from exporter.web.status.quota_view import QuotaView, view_quota

_KEY_EXPIRES_SOON = 14 * 86_400


class ErrorView(NamedTuple):
    """Why the last poll failed."""

    title: str
    reason: str
    message: str
    remedy: str
    failures: str


class AccountView(NamedTuple):
    """One account."""

    key: str
    find: str
    """The text that the filter searches, besides the key."""
    provider: str
    name: str
    labels: tuple[tuple[str, str], ...]
    state: State
    notes: tuple[Phrase, ...]
    quotas: tuple[QuotaView, ...]
    absence: Phrase | None
    error: ErrorView | None
    hint: str
    """A warning about the content of the closed details."""
    details: tuple[tuple[str, Phrase], ...]


def view_account(account: AccountFacts, now: float) -> AccountView:
    """Format one account."""
    return AccountView(
        key=f"{account.provider}/{account.account}",
        find=_find(account),
        provider=formatting.isolated(account.provider),
        name=formatting.isolated(account.account),
        labels=tuple((name, formatting.isolated(value)) for name, value in account.labels.items()),
        state=account.state,
        notes=tuple(_notes(account, now)),
        quotas=tuple(view_quota(quota, now) for quota in account.quotas),
        absence=None if account.quotas else _absence(account, now),
        error=_view_error(account.error) if account.error else None,
        hint=_hint(account.mismatches),
        details=tuple(_details(account, now)),
    )


def matches(account: AccountFacts, wanted: str) -> bool:
    """Whether every word of the filter occurs in the account's text. The page's script uses the same rule."""
    found = f"{account.provider}/{account.account} {_find(account)}".lower()
    return all(word in found for word in wanted.lower().split())


def _find(account: AccountFacts) -> str:
    found = [f"state:{account.state}", *(f"{name}={value}" for name, value in account.labels.items())]
    found += dict.fromkeys(quota.resource for quota in account.quotas)
    found += [account.error.reason] if account.error else []
    return " ".join(found)


def _notes(account: AccountFacts, now: float) -> Iterator[Phrase]:
    if account.last_success_at is not None:
        yield phrase_at(account.last_success_at, f"read {ago(account.last_success_at, now)}")
    if account.next_poll_at is not None:
        coming = account.next_poll_at - now
        yield phrase_at(account.next_poll_at, f"next poll in {formatting.duration(coming)}" if coming >= 1 else "next poll now")
    if account.limited_until is not None:
        yield phrase_at(account.limited_until, f"rate limited by the vendor for another {formatting.duration(account.limited_until - now)}")
    expires = account.credential_expires_at
    if expires is not None and expires - now < _KEY_EXPIRES_SOON:
        yield phrase_at(expires, f"key expires {ahead(expires, now)}" if expires >= now else f"key expired {ago(expires, now)}", loud=True)


def _absence(account: AccountFacts, now: float) -> Phrase:
    last = account.last_success_at
    if last is None:
        return Phrase("No poll has succeeded yet." if account.polls else "Waiting for the first poll.")
    if now - last > account.stale_after:
        kept, day = formatting.duration(account.stale_after), formatting.day(last, now)
        date = f", {day}" if day else ""
        return phrase_at(last, f"The values are hidden: they are older than {kept}. The last successful poll was {ago(last, now)}{date}.")
    return Phrase("The vendor reports no amounts.")


def _view_error(error: ErrorFacts) -> ErrorView:
    times = "the last poll failed" if error.failures == 1 else f"the last {error.failures:,} polls failed"
    return ErrorView(
        REASONS[error.reason].title,
        error.reason,
        formatting.isolated(error.message),
        formatting.isolated(error.remedy).replace("`", ""),
        times,
    )


def _hint(mismatches: tuple[str, ...]) -> str:
    if not mismatches:
        return ""
    return "1 field has an unusable value" if len(mismatches) == 1 else f"{len(mismatches)} fields have unusable values"


def _details(account: AccountFacts, now: float) -> Iterator[tuple[str, Phrase]]:
    for name, value in (account.info or {}).items():
        yield formatting.plain(name), Phrase(formatting.isolated(value))
    if account.status is not None:
        yield "status", Phrase(formatting.plain(account.status))
    features = account.features or {}
    for title, wanted in (("on", True), ("off", False)):
        if names := [formatting.plain(name) for name, enabled in features.items() if enabled is wanted]:
            yield title, Phrase(", ".join(names))
    yield from _reload(account)
    if account.created_at is not None:
        yield "created", phrase_at(account.created_at, formatting.day(account.created_at, now))
    if account.credential_expires_at is not None:
        yield "key expires", phrase_at(account.credential_expires_at, formatting.day(account.credential_expires_at, now))
    if account.mismatches:
        yield "unusable fields", Phrase(formatting.isolated(", ".join(account.mismatches)))
    yield "polls", Phrase(_pace(account.polls, account.interval, account.stale_after))


def _reload(account: AccountFacts) -> Iterator[tuple[str, Phrase]]:
    reload = account.auto_reload
    if reload is None:
        return
    added = f"adds {formatting.counted(reload.amount, reload.unit)}" if reload.amount is not None else "adds credit"
    below = f" below {formatting.counted(reload.threshold, reload.unit)}" if reload.threshold is not None else ""
    yield "auto reload", Phrase(added + below)


def _pace(polls: int, interval: Seconds, stale_after: Seconds) -> str:
    return f"{polls:,} so far, every {formatting.duration(interval)}; values are shown for {formatting.duration(stale_after)}"
