"""Every definition is simulated from its examples: a real poll finds every figure of them, and the figures move."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.client.client import Client, OptionalResults
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import AccountKey, Quota, Reading, Reason
from exporter.providers.definition import Definition
from exporter.providers.extract import extract
from exporter.providers.library import load_definition
from exporter.providers.response import accept
from exporter.simulator.course import Course
from exporter.simulator.examples import packaged_examples
from exporter.simulator.faults import Fault
from exporter.simulator.moving_examples import MovingExamples
from exporter.simulator.simulator import SimulatedAccount, Simulator
from exporter.simulator.vendor import Vendor, packaged_vendor
from tests.providers.examples import DEFINITIONS, HAPPY, Example
from tests.providers.figures import floats
from tests.providers.test_worked import CASES, FOLDER
from tests.simulator.support import Clock
from tests.support import clock_at, make_job

EARLY = datetime(2026, 11, 2, 0, 10, tzinfo=UTC).timestamp()
LATE = datetime(2026, 11, 28, 23, 40, tzinfo=UTC).timestamp()
"""In one month, one late in the day and in the week."""
COURSE = Course(offset=EARLY - 600)
SECRET = "made-up-key"
CREDENTIALS = [(name, credential) for name, definition in DEFINITIONS.items() for credential in definition.credentials]


Figures = dict[tuple[str, str, str], Decimal]


def figures_of(reading: Reading) -> Figures:
    """The amounts of a reading, by resource, unit and part."""
    parts = ("remaining", "used", "limit", "overage_limit")
    return {
        (quota.resource, quota.unit, part): value
        for quota in reading.quotas
        for part in parts
        if (value := getattr(quota, part)) is not None
    }


def example_answers(definition: Definition, credential: str) -> Iterator[tuple[Any, Any]]:
    first = definition.requests[0]
    requests = definition.requests_with(credential)
    for example in packaged_examples(definition.name).values():
        request = next((each for each in requests if example.get("request", first.name) in (each.name, each.path)), None)
        if request and "reading" in example:
            yield request, accept(definition, request, 200, json.dumps(example["body"]).encode())
            requests = tuple(each for each in requests if each is not request)


def job_for(url: str, definition: Definition, credential: str, secret: str = SECRET) -> Job:
    job = make_job(url, secret=secret, params=dict.fromkeys(definition.params, "made-up"))
    return replace(
        job,
        key=AccountKey(definition.name, "demo"),
        definition=definition,
        credential=credential,
    )


def account_for(definition: Definition, credential: str) -> SimulatedAccount:
    return SimulatedAccount(definition.name, SECRET, None, credential, dict.fromkeys(definition.params, "made-up"), COURSE)


async def polled(session: aiohttp.ClientSession, simulator: Simulator, definition: Definition, credential: str, now: float) -> Reading:
    optional = OptionalResults()
    reading = await Client(session, {}, clock_at(now)).poll(job_for(simulator.url, definition, credential), optional)
    assert [each for each in optional.outcomes.values() if isinstance(each, PollError)] == []
    assert reading.mismatches == ()
    assert all(isfinite(value) and value >= 0 for value in floats(reading))
    return reading


def check_movement(early: Reading, late: Reading) -> None:
    before, after = figures_of(early), figures_of(late)
    assert before.keys() == after.keys()
    for (resource, unit, part), value in before.items():
        later = after[resource, unit, part]
        if part in {"limit", "overage_limit"}:
            assert later == value, (resource, unit, part)
        else:
            assert later > value if part == "used" else later < value, (resource, unit, part)
    for reading, now in ((early, EARLY), (late, LATE)):
        assert all(quota.resets_at > now for quota in reading.quotas if quota.resets_at)
        for quota in reading.quotas:
            check_sum(quota, next((each for each in early.quotas if (each.resource, each.unit) == (quota.resource, quota.unit)), quota))


def check_sum(quota: Quota, earlier: Quota) -> None:
    """What is used and what remains are together always the same."""
    if quota.used is not None and quota.remaining is not None and earlier.used is not None and earlier.remaining is not None:
        assert quota.used + quota.remaining == earlier.used + earlier.remaining


@pytest.mark.parametrize(("provider", "credential"), CREDENTIALS)
async def test_a_poll_of_every_vendor_finds_every_figure_and_they_move(
    session: aiohttp.ClientSession, provider: str, credential: str
) -> None:
    definition, wall = DEFINITIONS[provider], Clock(EARLY)
    expected = extract(example_answers(definition, credential), now=EARLY)
    async with Simulator([account_for(definition, credential)], monotonic=Clock(0), wall=wall) as simulator:
        early = await polled(session, simulator, definition, credential, EARLY)
        wall.now = LATE
        late = await polled(session, simulator, definition, credential, LATE)
    assert figures_of(early).keys() == figures_of(expected).keys()
    assert (early.info, early.features, early.status) == (expected.info, expected.features, expected.status)
    check_movement(early, late)


@pytest.mark.parametrize(("provider", "credential"), CREDENTIALS)
async def test_a_wrong_key_of_every_vendor_is_unauthorized(session: aiohttp.ClientSession, provider: str, credential: str) -> None:
    definition = DEFINITIONS[provider]
    async with Simulator([account_for(definition, credential)]) as simulator:
        with pytest.raises(PollError) as caught:
            await Client(session, {}, clock_at(EARLY)).poll(job_for(simulator.url, definition, credential, "another-key"))
    assert caught.value.reason is Reason.UNAUTHORIZED


@pytest.mark.parametrize("provider", DEFINITIONS)
async def test_a_refusal_is_the_vendor_s_own_where_there_is_an_example(session: aiohttp.ClientSession, provider: str) -> None:
    definition = DEFINITIONS[provider]
    credential = next(iter(definition.credentials))
    own = {each["failure"]["reason"] for each in packaged_examples(provider).values() if "failure" in each}
    wanted = {
        Fault.BAD_KEY: Reason.UNAUTHORIZED,
        Fault.NO_PERMISSION: Reason.FORBIDDEN,
        Fault.RATE_LIMITED: Reason.RATE_LIMITED,
        Fault.QUOTA_EXHAUSTED: Reason.QUOTA_EXHAUSTED,
        Fault.SERVER_ERROR: Reason.SERVER_ERROR,
    }
    async with Simulator([account_for(definition, credential)]) as simulator:
        for fault, reason in wanted.items():
            if reason in own:
                simulator.set_fault(SECRET, fault)
                with pytest.raises(PollError) as caught:
                    await Client(session, {}, clock_at(EARLY)).poll(job_for(simulator.url, definition, credential))
                assert caught.value.reason is reason


async def test_a_wrong_param_is_refused(session: aiohttp.ClientSession) -> None:
    definition = DEFINITIONS["deepgram"]
    account = replace(account_for(definition, "api_key"), params={"project": "another"})
    async with Simulator([account]) as simulator:
        with pytest.raises(PollError):
            await Client(session, {}, clock_at(EARLY)).poll(job_for(simulator.url, definition, "api_key"))


async def test_accounts_of_all_vendors_share_one_address(session: aiohttp.ClientSession) -> None:
    accounts = [
        replace(account_for(definition, next(iter(definition.credentials))), secret=f"key-of-{name}")
        for name, definition in DEFINITIONS.items()
    ]
    async with Simulator(accounts, monotonic=Clock(0), wall=Clock(EARLY)) as simulator:
        for account in accounts:
            definition = DEFINITIONS[account.provider]
            job = job_for(simulator.url, definition, account.credential, account.secret)
            reading = await Client(session, {}, clock_at(EARLY)).poll(job)
            assert figures_of(reading).keys() == figures_of(extract(example_answers(definition, account.credential))).keys(), account


def worked_vendor(name: str, bodies: list[Any]) -> Vendor:
    definition = load_definition(FOLDER / f"{name}.yaml")
    examples = {
        request.name: {"request": request.name, "status": 200, "body": body, "reading": {}}
        for request, body in zip(definition.requests, bodies, strict=False)
    }
    return Vendor(definition, examples)


WORKED = {case: (name, bodies) for case, (name, bodies, expected) in CASES.items() if any(figures_of(expected).values())}


@pytest.mark.parametrize(("name", "bodies"), WORKED.values(), ids=WORKED)
async def test_an_operator_s_own_definition_is_played(session: aiohttp.ClientSession, name: str, bodies: list[Any]) -> None:
    vendor, wall = worked_vendor(name, bodies), Clock(EARLY)
    definition = vendor.definition
    credential = next(iter(definition.credentials))
    job, readings = job_for("", definition, credential), []
    async with Simulator([account_for(definition, credential)], vendors=[vendor], monotonic=Clock(0), wall=wall) as simulator:
        for now in (EARLY, LATE):
            wall.now = now
            job = job_for(simulator.url, definition, credential)
            readings.append(await Client(session, {}, clock_at(now)).poll(job))
    check_movement(*readings)


@pytest.mark.parametrize("example", HAPPY, ids=lambda example: example.id)
def test_every_example_is_played_with_all_its_figures(example: Example) -> None:
    moving = MovingExamples([(example.request, example.body)])
    moments = (946_684_800.0, EARLY, LATE, LATE + 1e9)  # from 2000 on: earlier times are unusable
    readings = [read(example, moving.body(example.request, COURSE, 0, now)) for now in moments]
    for reading in readings:
        assert figures_of(reading).keys() == figures_of(example.reading).keys()
        assert reading.mismatches == ()
        assert all(isfinite(value) for value in floats(reading))
    assert not [key for key, value in figures_of(readings[1]).items() if value < 0 and figures_of(example.reading)[key] >= 0]


def read(example: Example, body: Any) -> Reading:
    request = example.request
    return extract([(request, accept(example.definition, request, 200, json.dumps(body).encode()))])


@pytest.mark.parametrize("example", HAPPY, ids=lambda example: example.id)
def test_a_played_body_has_the_kinds_of_its_example(example: Example) -> None:
    moving = MovingExamples([(example.request, example.body)])
    body = moving.body(example.request, COURSE, 1000, LATE)
    assert kinds(body) == kinds(example.body)
    assert json.loads(json.dumps(body, allow_nan=False)) == body
    assert moving.body(example.request, COURSE, 1000, LATE) == body


def kinds(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: kinds(value) for name, value in body.items()}
    return [kinds(value) for value in body] if isinstance(body, list) else type(body)


@given(st.sampled_from(sorted(DEFINITIONS)), st.floats(1.7e9, 4e9), st.floats(0, 1e7), st.floats(0, 1), st.floats(1, 1e8))
def test_no_figure_is_ever_negative(provider: str, now: float, elapsed: float, share: float, period: float) -> None:
    vendor = packaged_vendor(provider)
    definition, credential = vendor.definition, next(iter(vendor.definition.credentials))
    course = Course(share, period)
    answers = [
        (request, body)
        for request in definition.requests_with(credential)
        if (body := vendor.body(request, credential, course, elapsed, now))
    ]
    reading = extract(
        ((request, accept(definition, request, 200, json.dumps(body).encode())) for request, body in answers),
        now=now,
    )
    assert reading.mismatches == ()
    assert all(value >= 0 for value in floats(reading))
    assert all(quota.resets_at >= now for quota in reading.quotas if quota.resets_at)


def test_the_limit_of_a_key_and_its_spend_agree() -> None:
    """OpenRouter's key has a limit, and one place for what remains of it, which two parts read."""
    vendor = packaged_vendor("openrouter")
    bodies: list[Mapping[str, Any]] = [
        vendor.body(vendor.definition.requests[1], "api_key", COURSE, 0, now)["data"] for now in (EARLY, LATE)
    ]
    assert [body["limit"] for body in bodies] == [100, 100]
    assert bodies[0]["limit_remaining"] > 99
    assert 10 <= bodies[1]["limit_remaining"] < 20


def test_a_spend_is_zero_when_its_month_starts() -> None:
    vendor = packaged_vendor("openai")
    month = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
    body = vendor.body(vendor.definition.requests[0], "admin_key", COURSE, 0, month)
    assert [result["amount"]["value"] for bucket in body["data"] for result in bucket["results"]] == ["0.000", "0.0"]
