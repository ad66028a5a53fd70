from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from exporter.accounts.store import Store
from exporter.client.client import Client
from exporter.clock import Clock
from exporter.config.credentials import SecretSource
from exporter.config.job import Job
from exporter.daemon.poll_once import new_store
from exporter.errors import PollError
from exporter.metrics.exposition import Exposition
from exporter.model import AccountKey, Reading, Reason, Seconds
from exporter.polling.scheduler import Scheduler
from exporter.simulator.simulator import Simulator
from tests.client.support import Handler, answering
from tests.polling.support import ONE_VENDOR, RecordingClient, Time, running
from tests.support import NOW, PATIENCE, FakeClock, MakeJob, make_job, pass_time, secret_of

HOUR = 3_600.0
LIMITED = "ai_account_rate_limited_until_timestamp_seconds"
INTERVAL = "ai_account_scrape_interval_seconds"
SUCCESS = "ai_account_last_success_timestamp_seconds"
LEFT = "ai_account_quota_remaining"


def shown(store: Store) -> dict[str, float]:
    """The values of the only account, by family."""
    body = Exposition(("1", ""), runtime=False).render(store.snapshot()).body
    families = text_string_to_metric_families(body.decode())
    return {sample.name: sample.value for family in families for sample in family.samples if sample.labels.get("account") == "demo"}


DATE = {"Date": formatdate(NOW + 6 * HOUR, usegmt=True)}
ODD: list[tuple[dict[str, str], float | None, float]] = [
    ({"Retry-After": "7"}, 7, 300), ({"Retry-After": "1.5"}, 1.5, 300), ({"Retry-After": "301"}, 301, 301), ({"Retry-After": "1000"}, 1000, 1000),
    ({"Retry-After": "100000000"}, 86_400, 86_400), ({"Retry-After": "0"}, None, 300), ({"Retry-After": "-1"}, None, 300),
    ({"Retry-After": ""}, None, 300), ({"Retry-After": "soon"}, None, 300), ({"Retry-After": "999999999999999999"}, None, 300),
    ({"Retry-After": formatdate(NOW + 6 * HOUR + 1000, usegmt=True), **DATE}, 1000, 1000),
    ({"Retry-After": formatdate(NOW + 1000, usegmt=True), **DATE}, None, 300), ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86_400, 86_400),
    ({"X-RateLimit-Reset": "400"}, 400, 400), ({"X-RateLimit-Reset": "400", "Retry-After": "7"}, 7, 300),
    ({"X-RateLimit-Reset": "400", "Retry-After": "soon"}, 400, 400), ({"X-RateLimit-Reset": "-4"}, None, 300), ({}, None, 300),
]  # fmt: skip


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("headers", "limited", "wait"), ODD, ids=str)
async def test_retry_after_sets_the_next_poll(
    session: aiohttp.ClientSession,
    simulator: Simulator,
    job: MakeJob,
    status: int,
    headers: dict[str, str],
    limited: float | None,
    wait: float,
) -> None:
    time = FakeClock()
    simulator.set_response(
        secret_of("liveavatar"), status=status, headers={"X-RateLimit-Reset": "", **headers}
    )  # the vendor usually sends 1
    jobs = [job()]
    async with running(Client(session, {}, time.clock), jobs, time.clock) as polling:
        await time.settled(1)
        entry, page = polling.store[jobs[0].key], shown(polling.store)
        assert entry.limited_until == (None if limited is None else NOW + limited)
        assert page.get(LIMITED) == entry.limited_until
        assert (polling.store.schedule(jobs[0].key).next_poll_at, page[INTERVAL]) == (NOW + wait, wait)
        simulator.clear(secret_of("liveavatar"))
        await time.advance(wait - 1, asleep=1)
        assert len(simulator.requests) == 1
        await time.advance(1, asleep=1)
        assert len(simulator.requests) == 2
        assert LIMITED not in shown(polling.store)
        assert polling.store.schedule(jobs[0].key).next_poll_at == NOW + wait + 300


async def test_the_page_shows_the_wait_until_it_ends(client: Client, simulator: Simulator, job: MakeJob, clock: FakeClock) -> None:
    simulator.set_response(secret_of("liveavatar"), status=429, headers={"Retry-After": "7"})
    async with running(client, [job()], clock.clock) as polling:
        await clock.settled(1)
        await clock.advance(6, asleep=1)
        assert shown(polling.store)[LIMITED] == NOW + 7
        await clock.advance(1, asleep=1)
        assert LIMITED not in shown(polling.store)


async def test_the_wait_is_limited(client: Client, simulator: Simulator, job: MakeJob, clock: FakeClock) -> None:
    simulator.set_response(secret_of("liveavatar"), status=429, headers={"Retry-After": "5000"})
    jobs = [job(max_retry_after=Seconds(600.0))]
    async with running(client, jobs, clock.clock) as polling:
        await clock.settled(1)
        entry = polling.store[jobs[0].key]
    assert (polling.store.schedule(jobs[0].key).next_poll_at, entry.limited_until) == (NOW + 600, NOW + 600)


@pytest.mark.parametrize("provider", ["heygen", "elevenlabs"])
async def test_a_rate_limit_reset_header_is_ignored_unless_the_definition_names_it(
    client: Client, simulator: Simulator, job: MakeJob, provider: str
) -> None:
    simulator.set_response(secret_of(provider), status=429, headers={"X-RateLimit-Reset": "400"})
    with pytest.raises(PollError) as caught:
        await client.poll(job(provider))
    assert (caught.value.reason, caught.value.retry_after) == (Reason.RATE_LIMITED, None)


@pytest.mark.parametrize(("code", "retry_after", "wait"), [(7, "1000", 1000), (7, "soon", None), (4290, "1000", 1000), (4290, "soon", 400)])
@pytest.mark.parametrize("status", [200, 401, 403, 404, 500, 502])
async def test_retry_after_is_honoured_with_every_failure_and_a_rate_limit_reset_with_a_rate_limit(
    client: Client, simulator: Simulator, job: MakeJob, status: int, code: int, retry_after: str, wait: float | None
) -> None:
    made = job()
    errors = made.definition.errors.model_copy(update={"reasons": {"4290": Reason.RATE_LIMITED}})
    headers = {"Retry-After": retry_after, "X-RateLimit-Reset": "400"}
    simulator.set_response(secret_of("liveavatar"), status=status, body={"code": code}, headers=headers)
    with pytest.raises(PollError) as caught:
        await client.poll(replace(made, definition=made.definition.model_copy(update={"errors": errors})))
    assert caught.value.retry_after == wait


async def test_retry_after_with_a_redirect_is_honoured(client: Client, simulator: Simulator, job: MakeJob) -> None:
    simulator.set_response(secret_of("liveavatar"), status=302, headers={"Retry-After": "1000", "Location": "/busy"})
    with pytest.raises(PollError) as caught:
        await client.poll(job())
    assert (caught.value.reason, caught.value.retry_after) == (Reason.INVALID_RESPONSE, 1000)


async def test_retry_after_with_a_success_is_ignored(client: Client, simulator: Simulator, job: MakeJob, clock: FakeClock) -> None:
    simulator.set_response(secret_of("liveavatar"), body={"code": 1000, "data": {"credits_left": 3}}, headers={"Retry-After": "1000"})
    jobs = [job()]
    async with running(client, jobs, clock.clock) as polling:
        await clock.settled(1)
        assert (polling.store[jobs[0].key].up, polling.store.schedule(jobs[0].key).next_poll_at) == (True, NOW + 300)


async def test_the_wait_of_one_account_does_not_delay_another(client: Client, simulator: Simulator, job: MakeJob, clock: FakeClock) -> None:
    simulator.set_response(secret_of("liveavatar"), status=429, headers={"Retry-After": "1000"})
    jobs = [job("liveavatar"), job("elevenlabs")]
    async with running(client, jobs, clock.clock) as polling:
        await clock.settled(2)
        for _ in range(10):
            await clock.advance(90, asleep=2)
        polls = {each.key.provider: each.entry.polls for each in polling.store.snapshot().accounts}
    assert polls == {"liveavatar": 1, "elevenlabs": 3}


async def test_a_wait_starts_at_the_response() -> None:
    def busy(job: Job) -> Reading:
        raise PollError(Reason.RATE_LIMITED, "HTTP 429", Seconds(60.0))

    time = Time()
    vendor = RecordingClient(time, lasts=20.0, answer=busy)
    async with running(vendor, [make_job(ONE_VENDOR, interval=Seconds(30.0))], time.clock):
        await time.run(100)
    assert vendor.starts() == [0, 80]


async def test_a_poll_that_starts_late_does_not_shorten_the_next_wait() -> None:
    def busy(job: Job) -> Reading:
        raise PollError(Reason.RATE_LIMITED, "HTTP 429", Seconds(400.0))

    time = Time()
    vendor, clock, late = RecordingClient(time, answer=busy), time.clock, iter([0.5])
    clock.sleep_together = lambda seconds: clock.sleep(seconds + next(late, 0.0))
    async with running(vendor, [make_job(ONE_VENDOR, interval=Seconds(60.0))], clock):
        await time.run(1000)
    assert vendor.starts() == [0, 400.5, 800.5]


def refusing(reason: Reason) -> Callable[[Job], Reading]:
    def answer(job: Job) -> Reading:
        raise PollError(reason, "no")

    return answer


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text("former")
    return file


def rotate(key: Path) -> None:
    key.write_text("the-next-one")


@asynccontextmanager
async def backed_off_account(reason: Reason, file: Path, lasts: float = 0.0) -> AsyncIterator[tuple[Time, RecordingClient]]:
    """An account that failed at 0, 60 and 180 seconds, and is due again at 420."""
    time = Time(chance=1.0)
    vendor = RecordingClient(time, lasts, refusing(reason))
    job = make_job(ONE_VENDOR, secret=SecretSource(file=file), interval=Seconds(60.0))
    async with running(vendor, [job], time.clock):
        await time.run(200)
        assert vendor.starts() == [0, 60, 180]
        yield time, vendor


REFUSALS = [Reason.UNAUTHORIZED, Reason.FORBIDDEN, Reason.CREDENTIAL]


@pytest.mark.parametrize("reason", REFUSALS)
async def test_a_changed_secret_is_tried_at_the_next_scheduled_time(key: Path, reason: Reason) -> None:
    async with backed_off_account(reason, key) as (time, vendor):
        rotate(key)
        await time.run(39)
        assert vendor.starts()[3:] == []
        await time.run(2)
        assert vendor.starts()[3:] == [240]


@pytest.mark.parametrize("reason", REFUSALS)
async def test_the_same_secret_is_not_tried_sooner(key: Path, reason: Reason) -> None:
    async with backed_off_account(reason, key) as (time, vendor):
        await time.run(300)
    assert vendor.starts()[3:] == [420]


@pytest.mark.parametrize("reason", sorted(set(Reason) - set(REFUSALS)))
async def test_a_changed_secret_does_not_end_other_waits(key: Path, reason: Reason) -> None:
    async with backed_off_account(reason, key) as (time, vendor):
        rotate(key)
        await time.run(300)
    assert vendor.starts()[3:] == [420]


async def test_a_changed_secret_is_not_tried_before_the_wait_that_the_vendor_asked_for(key: Path) -> None:
    def locked(job: Job) -> Reading:
        raise PollError(Reason.UNAUTHORIZED, "HTTP 401", Seconds(130.0))

    time = Time(chance=1.0)
    vendor = RecordingClient(time, answer=locked)
    job = make_job(ONE_VENDOR, secret=SecretSource(file=key), interval=Seconds(60.0))
    async with running(vendor, [job], time.clock):
        await time.run(500)
        assert vendor.starts() == [0, 130, 260, 500]
        rotate(key)
        await time.run(400)
    assert vendor.starts()[4:] == [630]


async def test_the_schedule_is_restored_after_a_changed_secret_succeeds(key: Path) -> None:
    async with backed_off_account(Reason.UNAUTHORIZED, key) as (time, vendor):
        rotate(key)
        vendor.answer = lambda _: Reading()
        await time.run(170)
    assert vendor.starts()[3:] == [240, 300, 360]


async def test_a_secret_that_changes_during_the_poll_is_a_changed_secret(key: Path) -> None:
    async with backed_off_account(Reason.UNAUTHORIZED, key, lasts=30.0) as (time, vendor):
        rotate(key)  # 20 s into the third poll
        await time.run(100)
    assert len(vendor.starts()) == 4


async def test_optional_requests_are_sent_after_the_required_ones(client: Client, simulator: Simulator, job: MakeJob) -> None:
    reading = await client.poll(job("heygen"))
    assert [request.path for request in simulator.requests] == ["/v3/users/me", "/v3/api_keys/self"]
    assert reading.quotas
    assert reading.credential_expires_at is not None


async def hang(_: web.BaseRequest) -> web.StreamResponse:
    pass_time(0.9 * PATIENCE)
    await asyncio.Event().wait()
    raise AssertionError


def saying(status: int, text: str) -> Handler:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, text=text)

    return answer


@asynccontextmanager
async def heygen(optional: Handler) -> AsyncIterator[str]:
    wallet = saying(200, '{"data":{"wallet":{"currency":"usd","remaining_balance":5}}}')

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await (wallet if request.path == "/v3/users/me" else optional)(request)

    async with answering(answer) as url:
        yield url


OPTIONAL: list[tuple[str, Handler, float | None, Reason | None]] = [
    ("an end", saying(200, '{"data":{"expires_at":"2027-01-01T00:00:00Z"}}'), 1_798_761_600, None),
    ("no end", saying(200, '{"data":{"expires_at":null}}'), None, None),
    ("wrong time", saying(200, '{"data":{"expires_at":"never"}}'), None, None),
    ("refused", saying(401, '{"error":{"code":"unauthorized"}}'), None, Reason.UNAUTHORIZED),
    ("refused inside a 200", saying(200, '{"error":{"code":"unauthorized"}}'), None, Reason.UNAUTHORIZED),
    ("not there", saying(404, '{"error":{"code":"not_found"}}'), None, Reason.CLIENT_ERROR),
    ("too many", saying(429, ""), None, Reason.RATE_LIMITED),
    ("redirect", saying(302, ""), None, Reason.INVALID_RESPONSE),
    ("garbage", saying(200, "<html>"), None, Reason.INVALID_RESPONSE),
    ("hangs", hang, None, Reason.TIMEOUT),
]


@pytest.mark.parametrize(("optional", "expires", "reason"), [case[1:] for case in OPTIONAL], ids=[case[0] for case in OPTIONAL])
async def test_an_optional_request_that_fails_is_counted_and_only_its_values_are_absent(
    client: Client, clock: FakeClock, optional: Handler, expires: float | None, reason: Reason | None
) -> None:
    async with heygen(optional) as url:
        job = make_job(url, "heygen")
        store = new_store([job], clock.clock)
        await Scheduler(client, store, clock.clock).poll_once(job)
    entry = store[AccountKey("heygen", "demo")]
    assert (entry.up, entry.error, entry.errors) == (True, None, {})
    assert entry.optional_errors == ({reason: 1} if reason else {})
    assert entry.reading is not None
    assert [quota.remaining for quota in entry.reading.quotas] == [5]
    assert entry.reading.credential_expires_at == expires


async def test_the_retry_after_of_an_optional_request_is_obeyed(client: Client) -> None:
    requests = 0

    async def busy(_: web.BaseRequest) -> web.StreamResponse:
        nonlocal requests
        requests += 1
        return web.Response(status=429, headers={"Retry-After": "1000"})

    clock = FakeClock()
    async with heygen(busy) as url:
        job = make_job(url, "heygen")
        store = new_store([job], clock.clock)
        scheduler = Scheduler(client, store, clock.clock)
        sent = []
        for now in (0, 300, 600, 900, 1200):
            clock.now = now
            await scheduler.poll_once(job)
            sent.append(requests)
        assert sent == [1, 1, 1, 1, 2]
        entry = store[job.key]
        assert (entry.up, entry.polls, entry.limited_until) == (True, 5, None)


@pytest.mark.parametrize("step", [6 * HOUR, -6 * HOUR, 90.4])
async def test_setting_the_clock_changes_neither_the_schedule_nor_the_ages(
    client: Client, simulator: Simulator, job: MakeJob, step: float
) -> None:
    time, shift = FakeClock(), 0.0
    clock = Clock(wall=lambda: time.wall() + shift, monotonic=lambda: time.now, sleep=time.clock.sleep, random=lambda: 0.0)
    async with running(client, [job()], clock) as polling:
        await time.settled(1)
        for number in range(1, 5):
            shift = step * (number % 3)
            await time.advance(299, asleep=1)
            page = shown(polling.store)
            assert len(simulator.requests) == number
            assert clock.wall() - page[SUCCESS] == pytest.approx(299, abs=1)
            assert page[LEFT] == 1010
            await time.advance(1, asleep=1)
            assert len(simulator.requests) == number + 1
