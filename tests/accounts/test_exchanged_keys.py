"""Accounts that take over the keys of others: a name belongs to whatever its key can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from exporter.accounts.entry import source_of
from exporter.accounts.store import Store
from exporter.config.credentials import SecretSource
from exporter.config.job import Job
from exporter.model import AccountKey, Quota, Reading, Seconds
from tests.support import CANARY, clock_at, job_of

BALANCES: Final = {"KEY_A": 100, "KEY_B": 7000, "KEY_C": 90}
"""What the vendor reports for each key; the third one is another key of the first account."""


def key_of(name: str) -> AccountKey:
    return AccountKey("liveavatar", name)


def jobs_of(keys: Mapping[str, str]) -> list[Job]:
    """Return the jobs of accounts by name, with the variables of their keys."""
    return [replace(job_of(key_of(name)), secret=SecretSource(env=variable)) for name, variable in keys.items()]


def new_store(keys: Mapping[str, str], former: Store | None = None) -> Store:
    jobs = jobs_of(keys)
    known = former.snapshot().jobs if former else ()
    return Store(jobs, (float("inf"),), clock_at(1300.0), {job.key: former.record(job.key) for job in known} if former else {})


def poll(store: Store, keys: Mapping[str, str], at: float) -> None:
    for name, variable in keys.items():
        reading = Reading((Quota("wallet", "usd", remaining=Decimal(BALANCES[variable])),))
        store.record_success(key_of(name), reading, at=at, duration=Seconds(0.5), interval=Seconds(60.0))


def counted(store: Store, name: str) -> tuple[int, int]:
    [counters] = store[key_of(name)].consumption
    return int(counters.consumed), int(counters.replenished)


BEFORE: Final = {"a": "KEY_A", "b": "KEY_B"}


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("after", [{"a": "KEY_B", "b": "KEY_A"}, {"a": "KEY_B", "c": "KEY_A"}, {"b": "KEY_A"}])
def test_an_account_with_the_key_of_another_has_none_of_its_former_values(after: Mapping[str, str], *, restart: bool) -> None:
    store = new_store(BEFORE)
    poll(store, BEFORE, 1000.0)
    poll(store, BEFORE, 1060.0)
    if restart:
        store = new_store(after, store)
    else:
        store.configure(jobs_of(after))
    assert {name: store[key_of(name)].reading for name in after} == dict.fromkeys(after)
    poll(store, after, 1120.0)
    assert {name: counted(store, name) for name in after} == dict.fromkeys(after, (0, 0))


@pytest.mark.parametrize("restart", [False, True])
def test_a_key_that_comes_from_a_new_place_is_a_rotated_one(*, restart: bool) -> None:
    store, after = new_store(BEFORE), {"a": "KEY_C", "b": "KEY_B"}
    poll(store, BEFORE, 1000.0)
    before = store[key_of("a")].reading
    if restart:
        store = new_store(after, store)
    else:
        store.configure(jobs_of(after))
    assert store[key_of("a")].reading == before
    poll(store, after, 1120.0)
    assert (counted(store, "a"), counted(store, "b")) == ((10, 0), (0, 0))


def test_an_account_that_gets_the_key_of_another_project_is_still_its_own() -> None:
    """One administrator's key may read all projects."""
    first, second = (replace(job, settings=replace(job.settings, params={"project": job.key.account})) for job in jobs_of(BEFORE))
    store = Store([first, second], (float("inf"),), clock_at(1300.0))
    poll(store, BEFORE, 1000.0)
    before = store[key_of("b")].reading
    store.configure([first, replace(second, secret=first.secret)])
    assert store[key_of("b")].reading == before


@pytest.mark.parametrize("restart", [False, True])
def test_an_account_that_had_the_key_of_another_by_mistake_has_none_of_its_values(*, restart: bool) -> None:
    before, after = {"a": "KEY_A", "b": "KEY_A"}, BEFORE
    store = new_store(before)
    poll(store, before, 1000.0)
    if restart:
        store = new_store(after, store)
    else:
        store.configure(jobs_of(after))
    assert store[key_of("a")].reading is not None
    assert store[key_of("b")].reading is None
    poll(store, after, 1120.0)
    assert (counted(store, "a"), counted(store, "b")) == ((0, 0), (0, 0))


def test_accounts_that_share_a_key_keep_their_values_at_each_reload() -> None:
    shared = {"a": "KEY_A", "b": "KEY_A"}
    store = new_store(shared)
    poll(store, shared, 1000.0)
    before = store.snapshot().entries
    store.configure(jobs_of(shared))
    assert store.snapshot().entries == before


def test_what_identifies_the_place_of_a_key_does_not_show_it() -> None:
    job = job_of(key_of("a"))
    sources = (SecretSource(env=CANARY.replace("-", "_")), SecretSource(file=Path(CANARY)))
    digests = [source_of(replace(job, secret=source)) for source in sources]
    assert all(digest and CANARY not in digest for digest in digests)
    assert len({*digests}) == 2
