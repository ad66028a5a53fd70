"""When an optional request is sent again: it has a back-off and a Retry-After of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from exporter.accounts.entry import Failure, OptionalRequest
from exporter.client.client import OptionalResults
from exporter.config.job import Job
from exporter.config.settings import Settings
from exporter.errors import PollError
from exporter.model import Reading
from exporter.polling.intervals import backed_off, tolerance


def optional_results(job: Job, known: Mapping[str, OptionalRequest], now: float) -> OptionalResults:
    """Return the results to fill in by the next poll, with the requests that must wait. No wait is longer than the settings allow."""
    if not known:
        return OptionalResults()
    longest = max(job.settings.max_retry_after, job.settings.max_backoff, job.settings.interval)
    waiting = (name for name, each in known.items() if each.next_attempt_at is not None and now < each.next_attempt_at <= now + longest)
    return OptionalResults(frozenset(waiting))


def after_poll(
    settings: Settings,
    known: Mapping[str, OptionalRequest],
    results: OptionalResults,
    *,
    begun: float,
    at: float,
    chance: Callable[[], float],
) -> Mapping[str, OptionalRequest]:
    """Return what is known of the optional requests after a successful poll."""
    if not known:
        return known
    return {name: _after(settings, each, results.outcomes.get(name), begun=begun, at=at, chance=chance) for name, each in known.items()}


def _after(
    settings: Settings, known: OptionalRequest, outcome: Reading | PollError | None, *, begun: float, at: float, chance: Callable[[], float]
) -> OptionalRequest:
    if outcome is None:
        return known
    if isinstance(outcome, Reading):
        return OptionalRequest(outcome, at)
    failures = known.failures + 1
    interval = backed_off(settings.interval, failures, settings.max_backoff, chance())
    retry_after = 0.0 if outcome.retry_after is None else min(outcome.retry_after, settings.max_retry_after)
    next_attempt_at = max(begun + interval - tolerance(settings.interval), at + retry_after)
    since = known.failing_since if known.failures else at
    return replace(known, error=Failure.of(outcome), failures=failures, failing_since=since, next_attempt_at=next_attempt_at)
