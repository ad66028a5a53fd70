"""An optional request that fails: the poll succeeds, and the failure is counted, logged, shown and not repeated too early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

import pytest

from exporter.accounts.entry import OptionalRequest, Record
from exporter.accounts.reasons import remedy_of
from exporter.accounts.records import decode, encode
from exporter.accounts.store import Store
from exporter.client.client import Client, OptionalResults
from exporter.config.job import Job
from exporter.daemon.poll_once import new_store
from exporter.errors import PollError
from exporter.metrics.exposition import Exposition
from exporter.model import AccountKey, Quota, Reading, Reason, Seconds, Status
from exporter.overview.build import build_overview
from exporter.polling.optional import optional_results
from exporter.polling.scheduler import Scheduler
from tests.accounts.support import Log
from tests.polling.support import Time, running
from tests.support import NOW, make_job

KEY: Final = AccountKey("heygen", "demo")
PATH: Final = "/v3/api_keys/self"
WALLET: Final = Quota("wallet", "usd", remaining=Decimal(5))
EXPIRES: Final = 1_900_000_000.0
REFUSED: Final = PollError(Reason.FORBIDDEN, "HTTP 403")
ERRORS: Final = 'ai_account_optional_request_errors_total{account="demo",provider="heygen",reason="%s"} %s'
EXPIRY: Final = "ai_account_credential_expiry_timestamp_seconds{"


@dataclass
class OutcomesClient(Client):
    """A vendor whose optional request has these outcomes, in order; the last one stays."""

    time: Time
    outcomes: list[Reading | PollError]
    sent: list[float] = field(default_factory=list)
    failing: bool = False

    async def poll(self, job: Job, optional: OptionalResults | None = None) -> Reading:  # noqa: ARG002 -- every job alike
        assert optional is not None
        if self.failing:
            raise PollError(Reason.SERVER_ERROR, "HTTP 500")
        reading = Reading((WALLET,))
        if PATH in optional.waiting:
            return reading
        self.sent.append(self.time.now)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        optional.outcomes[PATH] = outcome
        return reading if isinstance(outcome, PollError) else replace(reading, credential_expires_at=EXPIRES)


ANSWERED: Final = Reading(credential_expires_at=EXPIRES)


def new_job(**settings: object) -> Job:
    return make_job("http://127.0.0.1:1", "heygen", interval=Seconds(60.0), stale_after=Seconds(180.0), **settings)


def lines(store: Store) -> list[str]:
    return Exposition(("1", ""), runtime=False).render(store.snapshot()).body.decode().splitlines()


def counted(store: Store) -> dict[str, int]:
    return {str(reason): count for reason, count in store[KEY].optional_errors.items()}


def expiry_is_shown(store: Store) -> bool:
    shown = any(line.startswith(EXPIRY) for line in lines(store))
    [account] = build_overview(store.snapshot(), "1").accounts
    assert (account.credential_expires_at == EXPIRES) is shown
    return shown


async def test_a_failure_is_counted_by_reason_and_does_not_fail_the_poll() -> None:
    time = Time()
    async with running(OutcomesClient(time, [REFUSED]), [new_job()], time.clock) as polling:
        await time.run(1)
        entry = polling.store[KEY]
        assert (entry.up, entry.error, entry.errors, counted(polling.store)) == (True, None, {}, {"forbidden": 1})
        page = lines(polling.store)
        assert ERRORS % ("forbidden", "1.0") in page
        assert {ERRORS % (reason, "0.0") for reason in Reason if reason != "forbidden"} <= set(page)


async def test_every_reason_is_present_from_the_start_only_with_optional_requests() -> None:
    time = Time()
    store = new_store([new_job(), make_job("http://127.0.0.1:1", "liveavatar")], time.clock)
    families = [line for line in lines(store) if line.startswith("ai_account_optional_request_errors_total{")]
    assert families == [ERRORS % (reason, "0.0") for reason in Reason]


async def test_the_first_failure_and_the_recovery_are_logged() -> None:
    time, log = Time(), Log()
    async with running(OutcomesClient(time, [REFUSED, REFUSED, ANSWERED]), [new_job()], time.clock):
        await time.run(200)
    about = {"provider": "heygen", "account": "demo", "request": PATH}
    refused = {"host": "127.0.0.1", "reason": "forbidden", "error": "HTTP 403", "remedy": remedy_of(Reason.FORBIDDEN, None)}
    assert [line for line in log.lines() if line["event"].startswith("optional")] == [
        {"event": "optional request failed", "level": "warning", **about, **refused, "failures": 1, "failing_for": "0s"},
        {"event": "optional request recovered", "level": "info", **about, "failures": 2, "failed_for": "2m"},
    ]


@pytest.mark.parametrize(("wait", "waits"), [(-1.0, False), (1.0, True), (86_400.0, True), (86_401.0, False)])
def test_no_stored_wait_is_longer_than_the_settings_allow(wait: float, *, waits: bool) -> None:
    known = {PATH: OptionalRequest(next_attempt_at=NOW + wait)}
    assert optional_results(new_job(), known, NOW).waiting == (frozenset({PATH}) if waits else frozenset())


async def test_its_values_stay_until_they_are_stale_and_the_others_are_updated() -> None:
    time = Time()
    vendor = OutcomesClient(time, [ANSWERED, REFUSED])
    async with running(vendor, [new_job()], time.clock) as polling:
        await time.run(1)
        assert expiry_is_shown(polling.store)
        await time.run(178)
        assert polling.store[KEY].last_success_at == NOW + 120
        assert polling.store[KEY].reading == Reading((WALLET,))
        assert expiry_is_shown(polling.store)
        await time.run(2)
        assert not expiry_is_shown(polling.store)
        assert any(line.startswith("ai_account_quota_remaining{") for line in lines(polling.store))


async def test_its_values_are_removed_with_the_others_if_polls_fail() -> None:
    time = Time()
    vendor = OutcomesClient(time, [ANSWERED])
    async with running(vendor, [new_job()], time.clock) as polling:
        await time.run(1)
        vendor.failing = True
        await time.run(180)
        assert not expiry_is_shown(polling.store)


@pytest.mark.parametrize(
    ("outcome", "settings", "expected"),
    [
        pytest.param(REFUSED, {}, [0, 60, 120, 180, 240], id="without jitter, the interval is the retry"),
        pytest.param(PollError(Reason.RATE_LIMITED, "HTTP 429", Seconds(100.0)), {}, [0, 120, 240], id="Retry-After"),
        pytest.param(
            PollError(Reason.RATE_LIMITED, "HTTP 429", Seconds(1e6)), {"max_retry_after": Seconds(150.0)}, [0, 180], id="no longer"
        ),
    ],
)
async def test_a_retry_after_delays_that_request_only(outcome: PollError, settings: Mapping[str, object], expected: list[float]) -> None:
    time = Time()
    vendor = OutcomesClient(time, [outcome])
    async with running(vendor, [new_job(**settings)], time.clock) as polling:
        await time.run(299)
        assert polling.store[KEY].polls == 5
        assert polling.store[KEY].limited_until is None
    assert vendor.sent == expected


async def test_failures_lengthen_the_interval_of_that_request_only() -> None:
    time = Time(chance=1.0)
    vendor = OutcomesClient(time, [REFUSED])
    async with running(vendor, [new_job(max_backoff=Seconds(240.0))], time.clock) as polling:
        await time.run(1000)
        assert polling.store[KEY].polls == 17
    assert vendor.sent == [0, 60, 180, 420, 660, 900]


async def test_the_wait_the_counts_and_the_values_survive_a_restart() -> None:
    time = Time()
    vendor = OutcomesClient(time, [ANSWERED, PollError(Reason.RATE_LIMITED, "HTTP 429", Seconds(100.0))])
    job = new_job()
    async with running(vendor, [job], time.clock) as polling:
        await time.run(70)
        record = polling.store.record(KEY)
    read = decode(b"heygen", b"demo", record.schedule.begun_at, None, encode(record.entry).encode())
    assert read is not None
    store = new_store([job], time.clock, dict([read]))
    async with running(vendor, [job], time.clock, store):
        assert (counted(store), expiry_is_shown(store)) == ({"rate_limited": 1}, True)
        await time.run(100)
    assert vendor.sent == [0, 60]


async def test_a_wait_that_a_wrong_clock_stored_is_ignored() -> None:
    time = Time()
    vendor = OutcomesClient(time, [ANSWERED])
    job = new_job()
    store = new_store([job], time.clock)
    optional = {PATH: OptionalRequest(ANSWERED, NOW + 1e9, None, 1, NOW + 1e9)}
    store = new_store([job], time.clock, {KEY: Record(replace(store[KEY], optional=optional))})
    assert not expiry_is_shown(store)
    await Scheduler(vendor, store, time.clock).poll_once(job)
    assert vendor.sent == [0]


def test_a_request_that_the_definition_no_longer_has_is_forgotten() -> None:
    time = Time()
    store = new_store([new_job()], time.clock)
    kept = replace(store[KEY], optional={"/former": OptionalRequest(ANSWERED, NOW)})
    assert list(new_store([new_job()], time.clock, {KEY: Record(kept)})[KEY].optional) == [PATH]


async def test_the_api_names_a_failed_request_until_it_recovers() -> None:
    time = Time()
    job = new_job()
    store = new_store([job], time.clock)
    scheduler = Scheduler(OutcomesClient(time, [REFUSED, ANSWERED]), store, time.clock)
    await scheduler.poll_once(job)
    [account] = build_overview(store.snapshot(), "1").accounts
    assert account.optional_requests is not None
    [failed] = account.optional_requests
    assert (failed.request, failed.reason, failed.message, failed.failures) == (PATH, Reason.FORBIDDEN, "HTTP 403", 1)
    assert failed.next_attempt_at == pytest.approx(NOW + 60, abs=3)
    time.now += 60
    await scheduler.poll_once(job)
    [account] = build_overview(store.snapshot(), "1").accounts
    assert account.optional_requests is None


def test_the_status_of_the_newer_reading_counts_and_gaps_are_filled_with_older_ones() -> None:
    newer = Reading((Quota("a", "u", used=Decimal(1)), WALLET), {"plan": "new"}, Status("active"), {"x": True}, mismatches=("m",))
    older = Reading(
        (Quota("a", "u", used=Decimal(9), limit=Decimal(10), remaining=Decimal(1), unlimited=True), Quota("b", "u", remaining=Decimal(2))),
        {"plan": "old", "workspace": "w"}, Status("closed"), {"x": False, "y": False}, created_at=1.0, credential_expires_at=2.0,
        mismatches=("m", "n"),
    )  # fmt: skip
    time = Time()
    entry = replace(
        new_store([new_job()], time.clock)[KEY], reading=newer, last_success_at=NOW, optional={PATH: OptionalRequest(older, NOW - 60)}
    )
    assert entry.fresh_reading(NOW, Seconds(180.0)) == Reading(
        (Quota("a", "u", Decimal(1), Decimal(1), Decimal(10), unlimited=True), WALLET, Quota("b", "u", Decimal(2))),
        {"plan": "new", "workspace": "w"}, Status("active"), {"x": True, "y": False}, created_at=1.0, credential_expires_at=2.0,
        mismatches=("m", "n"),
    )  # fmt: skip
    assert entry.fresh_reading(NOW + 121, Seconds(180.0)) is newer
    assert entry.fresh_reading(NOW + 181, Seconds(180.0)) is None
