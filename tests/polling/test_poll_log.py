"""The log follows the reason: failures are logged when they are new or have another reason, and once an hour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from exporter.accounts.entry import Entry, Failure, OptionalRequest
from exporter.accounts.reasons import remedy_of
from exporter.config.job import Job
from exporter.errors import Cause, PollError
from exporter.log import Reminder
from exporter.model import Reading, Reason
from exporter.polling.poll_log import PollLog
from tests.accounts.support import Log
from tests.support import make_job

CONNECTION = Failure(Reason.CONNECTION, "no connection")
UNAUTHORIZED = Failure(Reason.UNAUTHORIZED, "HTTP 401 with the error code invalid_api_key", Cause.KEY)
SINCE = 1000.0


@pytest.fixture
def job() -> Job:
    return make_job("https://gateway.example.com:8443/heygen/secret-path", "heygen")


def failing(failures: int, error: Failure = CONNECTION) -> Entry:
    return Entry(up=False, error=error, failures=failures, failing_since=SINCE)


def reports(job: Job, failures: Iterable[tuple[float, Failure]]) -> list[dict[str, Any]]:
    """What is logged at info and above of these failures, by their times."""
    log, polls = Log(), PollLog()
    for number, (at, error) in enumerate(failures, 1):
        polls.failed(job, error, failing(number, error), SINCE + at)
    return log.lines()


def test_a_failure_has_its_host_its_reason_its_remedy_and_its_duration(job: Job) -> None:
    [line] = reports(job, [(7380.0, UNAUTHORIZED)])
    assert line == {
        "event": "poll failed",
        "level": "warning",
        "provider": "heygen",
        "account": "demo",
        "host": "gateway.example.com",
        "reason": "unauthorized",
        "error": UNAUTHORIZED.message,
        "remedy": remedy_of(Reason.UNAUTHORIZED, Cause.KEY),
        "failures": 1,
        "failing_for": "2h3m",
    }


def test_a_change_of_the_reason_is_logged(job: Job) -> None:
    lines = reports(job, [(0.0, CONNECTION), (60.0, CONNECTION), (120.0, UNAUTHORIZED), (180.0, UNAUTHORIZED), (240.0, CONNECTION)])
    assert [(line["reason"], line["failures"], line["failing_for"]) for line in lines] == [
        ("connection", 1, "0s"),
        ("unauthorized", 3, "2m"),
        ("connection", 5, "4m"),
    ]


def test_a_failure_that_continues_is_logged_once_an_hour(job: Job) -> None:
    lines = reports(job, [(60.0 * minute, CONNECTION) for minute in range(181)])
    assert [line["failing_for"] for line in lines] == ["0s", "1h", "2h", "3h"]
    assert {line["level"] for line in lines} == {"warning"}


def test_a_recovery_has_its_duration_and_the_next_failure_is_logged(job: Job) -> None:
    log, polls = Log(), PollLog()
    polls.failed(job, CONNECTION, failing(1), SINCE)
    polls.succeeded(job, Reading(), failing(3), SINCE + 150.0)
    polls.succeeded(job, Reading(), Entry(up=True), SINCE + 210.0)
    polls.failed(job, CONNECTION, replace(failing(1), failing_since=SINCE + 270.0), SINCE + 270.0)
    first, recovered, again = log.lines()
    assert (first["event"], again["event"], again["failing_for"]) == ("poll failed", "poll failed", "0s")
    assert recovered == {
        "event": "poll recovered", "level": "info", "provider": "heygen", "account": "demo", "failures": 3, "failed_for": "2m30s",
    }  # fmt: skip


def test_a_failure_that_lasts_over_a_restart_is_logged_with_its_whole_duration(job: Job) -> None:
    [line] = reports(job, [(86_400.0, CONNECTION)])
    assert line["failing_for"] == "1d"


def test_a_failure_whose_begin_an_older_version_did_not_store_has_a_duration(job: Job) -> None:
    log = Log()
    PollLog().failed(job, CONNECTION, replace(failing(9), failing_since=None), SINCE)
    assert [line["failing_for"] for line in log.lines()] == ["0s"]


def test_an_optional_request_is_logged_like_a_poll_and_apart_from_it(job: Job) -> None:
    log, polls = Log(), PollLog()
    works = Entry(up=True, optional={"/a": OptionalRequest(), "/b": OptionalRequest()})
    refused = OptionalRequest(error=UNAUTHORIZED, failures=5, failing_since=SINCE)
    for minute in range(62):
        polls.optional_requests(
            job, ["/a", "/b"], works, replace(works, optional={"/a": refused, "/b": OptionalRequest()}), SINCE + 60.0 * minute
        )
    polls.failed(job, UNAUTHORIZED, failing(1, UNAUTHORIZED), SINCE)
    polls.optional_requests(job, ["/a"], replace(works, optional={"/a": refused}), works, SINCE + 7200.0)
    assert [(line["event"], line.get("request"), line.get("failing_for"), line.get("failed_for")) for line in log.lines()] == [
        ("optional request failed", "/a", "0s", None),
        ("optional request failed", "/a", "1h", None),
        ("poll failed", None, "0s", None),
        ("optional request recovered", "/a", None, "2h"),
    ]


def test_a_removed_account_that_comes_back_is_logged_again(job: Job) -> None:
    log, polls = Log(), PollLog()
    for _ in range(2):
        polls.failed(job, CONNECTION, failing(1), SINCE)
        polls.forget(job.key, ["/a"])
    assert len(log.lines()) == 2


def test_a_reminder_keeps_keys_apart() -> None:
    reminder = Reminder()
    assert [reminder.is_due("a", "x", 0.0), reminder.is_due("b", "x", 1.0), reminder.is_due("a", "x", 3599.9)] == [True, True, False]
    assert reminder.is_due("a", "x", 3600.0)


def test_the_failure_of_a_poll_has_all_that_is_kept_of_its_error() -> None:
    error = PollError(Reason.TLS, "wrong", cause=Cause.NOT_JSON)
    assert Failure.of(error) == Failure(Reason.TLS, "wrong", Cause.NOT_JSON)
