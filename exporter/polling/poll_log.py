"""What the polls write to the log: failures when they are new or have another reason, and once an hour; recoveries; each poll at debug."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable
from typing import Final
from urllib.parse import urlsplit

import structlog

from exporter.accounts.entry import Entry, Failure, OptionalRequest
from exporter.accounts.reasons import remedy_of
from exporter.config.job import Job
from exporter.log import Reminder
from exporter.model import AccountKey, Reading
from exporter.validation.duration import format_duration

log = structlog.get_logger()
_LEVEL: Final = logging.getLogger(__name__)


class PollLog:
    """Logs the outcomes of polls. `before` and `after` are what was known of the account before and after the poll."""

    def __init__(self) -> None:
        self._reminder = Reminder()

    def failed(self, job: Job, error: Failure, after: Entry, at: float) -> None:
        """Log a failed poll."""
        if write := self._writer(job.key, error, at):
            write("poll failed", **_names(job), **_failure(job, error, after, at))

    def succeeded(self, job: Job, reading: Reading, before: Entry, at: float) -> None:
        """Log a poll that succeeded."""
        if before.failures:
            self._reminder.forget(job.key)
            log.info("poll recovered", **_names(job), **_recovery(before, at))
        elif _is_debugged():
            log.debug("poll finished", **_names(job), resources=sum(quota.is_measured for quota in reading.quotas))

    def optional_requests(self, job: Job, names: Iterable[str], before: Entry, after: Entry, at: float) -> None:
        """Log the optional requests that were sent."""
        for name in names:
            former, latter = before.optional.get(name), after.optional.get(name)
            if latter and latter.error:
                if write := self._writer((job.key, name), latter.error, at):
                    write("optional request failed", **_names(job), request=name, **_failure(job, latter.error, latter, at))
            elif former and former.failures:
                self._reminder.forget((job.key, name))
                log.info("optional request recovered", **_names(job), request=name, **_recovery(former, at))

    def _writer(self, key: Hashable, error: Failure, at: float) -> Callable[..., None] | None:
        """Return what logs the failure at its level; None if nothing is logged."""
        is_due = self._reminder.is_due(key, error.reason, at)
        write: Callable[..., None] | None = log.warning if is_due else log.debug if _is_debugged() else None
        return write

    def forget(self, key: AccountKey, requests: Iterable[str]) -> None:
        """Take note that an account is removed or changed: its next failure is logged."""
        for each in (key, *((key, name) for name in requests)):
            self._reminder.forget(each)


def _is_debugged() -> bool:
    """Whether lines at debug are logged: structlog would first make a logger, and the fields of each poll take time."""
    return _LEVEL.isEnabledFor(logging.DEBUG)


def _names(job: Job) -> dict[str, str]:
    return {"provider": job.key.provider, "account": job.key.account}


def _failure(job: Job, error: Failure, after: Entry | OptionalRequest, at: float) -> dict[str, object]:
    return {
        "reason": str(error.reason),
        "error": error.message,
        "host": urlsplit(job.settings.base_url).hostname or "",
        "remedy": remedy_of(error.reason, error.cause),
        "failures": after.failures,
        "failing_for": _duration(after, at),
    }


def _recovery(before: Entry | OptionalRequest, at: float) -> dict[str, object]:
    return {"failures": before.failures, "failed_for": _duration(before, at)}


def _duration(failing: Entry | OptionalRequest, at: float) -> str:
    """Write how long it has failed, in whole seconds."""
    return format_duration(max(0, round(at - (at if failing.failing_since is None else failing.failing_since))))
