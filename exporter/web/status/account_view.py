"""One account on the status page, as text that the template only places: a row, and details that open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from exporter.accounts.reasons import REASONS
from exporter.model import Seconds
from exporter.overview.facts import AccountFacts, ErrorFacts, State
from exporter.overview.query import Query
from exporter.overview.urgency import decisive, is_critical
from exporter.providers.definition import LEVELS
from exporter.web.status import formatting
from exporter.web.status.formatting import Phrase, ago, ahead, phrase_at
from exporter.web.status.links import link, link_to, link_to_label
from exporter.web.status.quota_view import QuotaView, view_quota

_KEY_EXPIRES_SOON = 14 * 86_400


class ErrorView(NamedTuple):
    """Why the last poll failed."""

    title: str
    reason: str
    message: str
    remedy: str
    failures: Phrase


class AccountView(NamedTuple):
    """One account."""

    key: str
    provider: str
    name: str
    state: State
    labels: tuple[tuple[str, str, str], ...]
    """Names, values, and links to the accounts with the same value."""
    of_provider: str
    """The link to the accounts of the provider."""
    alone: str
    """The link to this account alone."""
    billing_url: str | None
    """The vendor's page to top up."""
    is_critical: bool
    """Whether it is low, and a resource is below its critical threshold."""
    main: QuotaView | None
    """The resource that matters most."""
    absence: Phrase | None
    """Why there is no resource."""
    age: Phrase | None
    quotas: tuple[QuotaView, ...]
    error: ErrorView | None
    hint: str
    """A warning about what only the details contain."""
    details: tuple[tuple[str, Phrase], ...]


def view_account(account: AccountFacts, now: float, query: Query) -> AccountView:
    """Format one account; its links change the query."""
    main = decisive(account.quotas)
    error = _view_error(account.error, now) if account.error else None
    return AccountView(
        key=f"{account.provider}/{account.account}",
        provider=formatting.isolated(account.provider),
        name=formatting.isolated(account.account),
        state=account.state,
        labels=tuple(
            (name, formatting.isolated(value), link_to_label(query, name, value)) for name, value in account.labels.items() if value
        ),
        of_provider=link(query.with_only("provider", account.provider)),
        alone=link_to(account),
        billing_url=account.billing_url,
        is_critical=account.state is State.LOW and any(map(is_critical, account.quotas)),
        main=view_quota(main, now) if main else None,
        absence=None if main else _absence(account, error, now),
        age=_age(account, now),
        quotas=tuple(view_quota(quota, now) for quota in account.quotas),
        error=error,
        hint=", ".join(_hints(account, now)),
        details=tuple(_details(account, now)),
    )


def _age(account: AccountFacts, now: float) -> Phrase | None:
    if account.last_success_at is None:
        return None
    return phrase_at(account.last_success_at, formatting.estimate(now - account.last_success_at), loud=account.up is False)


def _absence(account: AccountFacts, error: ErrorView | None, now: float) -> Phrase:
    if error:
        return Phrase(f"{error.message[:1].upper()}{error.message[1:]}. {error.failures.text}. {error.remedy}")
    last = account.last_success_at
    if last is None:
        return Phrase("waits for the first poll")
    if now - last > account.stale_after:
        return phrase_at(last, f"the values are older than {formatting.duration(account.stale_after)}, so they are not shown")
    return Phrase("the vendor reports no amounts")


def _view_error(error: ErrorFacts, now: float) -> ErrorView:
    return ErrorView(
        REASONS[error.reason].title,
        error.reason,
        formatting.isolated(error.message),
        formatting.isolated(error.remedy).replace("`", ""),
        _failures(error, now),
    )


def _failures(error: ErrorFacts, now: float) -> Phrase:
    if error.since is None or error.failures == 1:
        return Phrase("The last poll failed" if error.failures == 1 else f"The last {error.failures:,} polls failed")
    return phrase_at(error.since, f"{error.failures:,} polls have failed in {formatting.duration(now - error.since)}")


def _hints(account: AccountFacts, now: float) -> Iterator[str]:
    expires = account.credential_expires_at
    if expires is not None and expires - now < _KEY_EXPIRES_SOON:
        yield f"key expires in {formatting.duration(expires - now)}" if expires >= now else "key expired"
    if count := len(account.mismatches):
        yield "1 field has an unusable value" if count == 1 else f"{count} fields have unusable values"
    if count := len(account.without_effect or ()):
        yield "1 setting has no effect" if count == 1 else f"{count} settings have no effect"
    if count := len(account.optional_requests or ()):
        yield "1 optional request failed" if count == 1 else f"{count} optional requests failed"


def _details(account: AccountFacts, now: float) -> Iterator[tuple[str, Phrase]]:
    yield from _of_polls(account, now)
    for name, value in (account.info or {}).items():
        yield formatting.plain(name), Phrase(formatting.isolated(value))
    if account.status is not None:
        yield "status", Phrase(formatting.plain(account.status))
    features = account.features or {}
    for title, wanted in (("on", True), ("off", False)):
        if names := [formatting.plain(name) for name, enabled in features.items() if enabled is wanted]:
            yield title, Phrase(", ".join(names))
    yield from _auto_reload(account)
    if account.created_at is not None:
        yield "created", phrase_at(account.created_at, formatting.day(account.created_at, now))
    if (expires := account.credential_expires_at) is not None:
        text = ahead(expires, now) if expires >= now else ago(expires, now)
        yield "key expires", phrase_at(expires, text, loud=expires - now < _KEY_EXPIRES_SOON)
    yield from _faults(account)
    if account.verified:
        yield "verified", Phrase(f"{account.verified}: {LEVELS[account.verified]}")


def _faults(account: AccountFacts) -> Iterator[tuple[str, Phrase]]:
    if account.mismatches:
        yield "unusable fields", Phrase(formatting.isolated(", ".join(account.mismatches)))
    for text in account.without_effect or ():
        yield "no effect", Phrase(formatting.isolated(text).replace("`", ""))
    for request in account.optional_requests or ():
        yield (
            "optional request",
            Phrase(formatting.isolated(f"{request.request} failed, {REASONS[request.reason].title}: {request.message}")),
        )


def _of_polls(account: AccountFacts, now: float) -> Iterator[tuple[str, Phrase]]:
    if account.error and account.error.since is not None:
        yield "failing since", phrase_at(account.error.since, formatting.day(account.error.since, now))
    if account.last_success_at is not None:
        date = formatting.day(account.last_success_at, now)
        yield "last success", phrase_at(account.last_success_at, ago(account.last_success_at, now) + (f", {date}" if date else ""))
    if account.next_poll_at is not None:
        coming = account.next_poll_at - now
        yield "next poll", phrase_at(account.next_poll_at, f"in {formatting.duration(coming)}" if coming >= 1 else "now")
    if account.limited_until is not None:
        yield (
            "rate limited",
            phrase_at(account.limited_until, f"by the vendor for another {formatting.duration(account.limited_until - now)}"),
        )
    yield "polls", Phrase(_pace(account.polls, account.interval, account.stale_after))


def _auto_reload(account: AccountFacts) -> Iterator[tuple[str, Phrase]]:
    reload = account.auto_reload
    if reload is None:
        return
    added = f"adds {formatting.counted(reload.amount, reload.unit)}" if reload.amount is not None else "adds credit"
    below = f" below {formatting.counted(reload.threshold, reload.unit)}" if reload.threshold is not None else ""
    yield "auto reload", Phrase(added + below)


def _pace(polls: int, interval: Seconds, stale_after: Seconds) -> str:
    return f"{polls:,} so far, every {formatting.duration(interval)}; values are shown for {formatting.duration(stale_after)}"
