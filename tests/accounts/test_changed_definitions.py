"""A definition that is edited, or is another one after an upgrade: amounts that were read in two ways are never compared."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from exporter.accounts.entry import Failure, OptionalRequest
from exporter.accounts.store import Store
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds
from exporter.providers.definition import Definition
from tests.support import clock_at, job_of

MINUTE: Final = Seconds(60.0)
KEY: Final = AccountKey("liveavatar", "stage")
READING: Final = Reading(quotas=(Quota("wallet", "usd", remaining=Decimal(5000)), Quota("credits", "credits", used=Decimal(30))))
CHANGES: Final[dict[str, dict[str, Any]]] = {
    "another scale": {"wallet": {"select": "cents", "scale": "0.01"}},
    "another field": {"wallet": "total"},
    "another unit": {"unit": "eur"},
    "another path": {"path": "/v2/balance"},
    "another query": {"query": {"scope": "team"}},
    "another server": {"base_url": "https://eu.example.com"},
    "another version of the API": {"headers": {"x-version": "2"}},
}
EVERYTHING: Final = {"another server", "another version of the API"}
"""The changes that concern all resources."""


def changed(
    *, path: str = "/v1/balance", query: Any = None, resource: str = "wallet", unit: str = "usd", wallet: Any = "cents", **parts: Any
) -> Job:
    """Return a job whose definition differs from that of `changed()` in these parts."""
    definition = {
        "name": "liveavatar",
        "title": "Acme",
        "docs_url": "https://example.com",
        "base_url": "https://api.example.com",
        "credentials": {"api_key": {"header": "x-api-key"}},
        "requests": [
            {"path": path, "query": query, "expect": "cents", "quotas": [{"resource": resource, "unit": unit, "remaining": wallet}]},
            {"path": "/v1/usage", "expect": "used", "quotas": [{"resource": "credits", "unit": "credits", "used": "used"}]},
            {"path": "/v1/plan", "expect": "plan", "info": {"plan": "plan"}, "optional": True},
        ],
    }
    job = Job(KEY, Definition.model_validate(definition | parts), "api_key", job_of(KEY).secret, job_of(KEY).settings)
    return replace(job, settings=replace(job.settings, base_url=job.definition.base_url or ""))


def new_store(job: Job, **kept: Any) -> Store:
    return Store([job], (float("inf"),), clock_at(1120.0), **kept)


def succeed(store: Store, reading: Reading = READING, at: float = 1000.0) -> None:
    store.record_success(KEY, reading, at=at, duration=Seconds(0.5), interval=MINUTE)


def consumed(store: Store) -> dict[str, int]:
    return {each.resource: int(each.consumed) for each in store[KEY].consumption}


def poll_again(store: Store) -> None:
    """Poll once more: the wallet is smaller by 4950 because it is read in another way, and 5 credits were consumed."""
    succeed(store, Reading((Quota("wallet", "usd", remaining=Decimal(50)), Quota("credits", "credits", used=Decimal(35)))), at=1180.0)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("restart", [False, True])
def test_amounts_that_are_read_in_another_way_are_not_shown_and_not_compared(change: str, *, restart: bool) -> None:
    store = new_store(changed())
    succeed(store)
    job = changed(**CHANGES[change])
    if restart:
        store = new_store(job, kept={KEY: store.record(KEY)})
    else:
        store.configure([job])
    entry = store[KEY]
    assert (entry.reading, entry.up, entry.polls, entry.last_success_at) == (None, None, 1, 1000.0)
    poll_again(store)
    assert consumed(store) == {"wallet": 0, "credits": 0 if change in EVERYTHING else 5}


@pytest.mark.parametrize("restart", [False, True])
def test_a_resource_that_the_definition_no_longer_has_is_forgotten(*, restart: bool) -> None:
    store = new_store(changed())
    succeed(store)
    poll_again(store)
    job = changed(resource="balance")
    if restart:
        store = new_store(job, kept={KEY: store.record(KEY)})
    else:
        store.configure([job])
    assert consumed(store) == {"credits": 5}


@pytest.mark.parametrize(
    "parts", [{}, {"title": "Acme 2"}, {"notes": ["Sends cents."]}, {"min_interval": "1m"}, {"errors": {"code": "error.code"}}]
)
def test_a_change_that_affects_no_value_drops_none(parts: dict[str, Any]) -> None:
    store = new_store(changed())
    succeed(store)
    before = store[KEY]
    store.configure([changed(**parts)])
    assert store[KEY] == before
    poll_again(store)
    assert consumed(store) == {"wallet": 4950, "credits": 5}


def test_a_failure_and_the_wait_of_an_optional_request_outlive_the_change() -> None:
    store = new_store(changed())
    plan = OptionalRequest(Reading(info={"plan": "pro"}), 1000.0, Failure(Reason.RATE_LIMITED, "HTTP 429"), 1, 1000.0, 9000.0)
    store.record_success(KEY, READING, at=1000.0, duration=Seconds(0.5), interval=MINUTE, optional={"/v1/plan": plan})
    store.record_failure(KEY, PollError(Reason.TIMEOUT, "no luck"), at=1060.0, duration=Seconds(0.5), interval=MINUTE)
    before = store[KEY]
    store.configure([changed(unit="eur")])
    entry = store[KEY]
    assert (entry.up, entry.error, entry.failures, entry.failing_since) == (False, before.error, 1, 1060.0)
    assert entry.optional == {"/v1/plan": replace(plan, reading=None)}


def test_what_an_earlier_version_stored_belongs_to_the_present_definition() -> None:
    store = new_store(changed())
    succeed(store)
    record = store.record(KEY)
    kept = {KEY: replace(record, entry=replace(record.entry, meanings=None))}
    assert new_store(changed(unit="eur"), kept=kept)[KEY].reading == READING


def test_histories_of_an_earlier_process_that_read_something_else_are_not_continued() -> None:
    earlier, own = new_store(changed()), new_store(changed(unit="eur"))
    for number, remaining in enumerate((50, 40, 30, 20)):
        reading = Reading((Quota("wallet", "usd", remaining=Decimal(remaining)), Quota("credits", "credits", used=Decimal(-remaining))))
        succeed(earlier, reading, at=1000.0 + 7200 * number)
        succeed(own, reading, at=90_000.0 + 7200 * number)
    record = own.record(KEY)
    wallet, credits_ = record.continuing(earlier.record(KEY)).entry.consumption
    assert wallet == record.entry.consumption[0]
    assert len(credits_.history.times) > len(record.entry.consumption[1].history.times)


def test_the_digests_of_an_unchanged_definition_stay_the_same_from_release_to_release() -> None:
    """If this fails, every account of every vendor loses its history with the next upgrade, unless another digest is really needed."""
    job = changed(headers={"x-version": "1"}, query={"scope": "team"}, wallet={"select": "cents", "scale": "0.01"})
    assert job.definition.meanings["api_key"] == {"": "09dbef2fec876dd8", "wallet": "73fb450f81c2883c", "credits": "972057c33092f37d"}
