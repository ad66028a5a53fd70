"""Waits that a vendor asks for: how long they are, what the page shows of them, and that no other account waits."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.accounts.store import Store
from exporter.client.client import Client
from exporter.clock import Clock
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.metrics.exposition import Exposition
from exporter.model import Reading, Reason, Seconds
from exporter.simulator.simulator import Simulator
from tests.polling.support import ONE_VENDOR, RecordingClient, Time, running
from tests.support import NOW, FakeClock, MakeJob, make_job, secret_of

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
