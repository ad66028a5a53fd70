"""What is sent for each key of a definition, over real HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import suppress
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from exporter.client.client import Client, OptionalResults
from exporter.client.transport import open_session
from exporter.clock import Clock
from exporter.errors import PollError
from exporter.model import Reading, Reason
from exporter.providers.definition import Definition
from exporter.providers.library import load_definition
from exporter.validation.fields import check_url
from tests.client.own_definitions import WORKED, job_for, own
from tests.client.support import answering
from tests.providers.made_up import definition_of
from tests.support import CANARY, NOW, PATIENCE, pass_time

SID: Final = f"AC{'0' * 32}"


async def sent(definition: Definition, now: float = NOW, **settings: Any) -> list[tuple[str, str, dict[str, str], bytes]]:
    """Poll once, and return each request: method, path with query as it was sent, headers and body."""
    seen = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append(
            (
                request.method,
                request.raw_path,
                dict(request.headers),
                await request.read(),
            )
        )
        return web.json_response({})

    async with answering(answer) as url, open_session("test") as session:
        client = Client(session, {}, Clock(wall=lambda: now))
        with suppress(PollError):  # the response is not the vendor's
            await client.poll(job_for(definition, url, **settings), OptionalResults())
        await client.close()
    return seen


async def test_a_month_is_asked_for_from_its_first_second_in_utc() -> None:
    definition = load_definition(WORKED / "openai.yaml")
    for now, start in [("2026-11-30T23:59:59.9+00:00", 1793491200), ("2026-12-01T00:00:00+00:00", 1796083200)]:
        [(method, path, headers, body), *_] = await sent(definition, datetime.fromisoformat(now).timestamp())
        assert (method, path) == ("GET", f"/v1/organization/costs?start_time={start}&bucket_width=1d&limit=31")
        assert (headers["Authorization"], body) == (f"Bearer {CANARY}", b"")


async def test_all_requests_of_a_poll_ask_for_the_same_time() -> None:
    times = iter(range(1_000))
    path = {"expect": "@", "query": {"now": "{now:unix}"}}
    definition = definition_of({"requests": [{"path": "/a", **path}, {"path": "/b", **path, "optional": True}]})
    seen = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append(request.query["now"])
        return web.json_response({"a": 1})

    async with answering(answer) as url, open_session("test") as session:
        client = Client(session, {}, Clock(wall=lambda: NOW + next(times)))
        await client.poll(job_for(definition, url))
        await client.close()
    assert len(seen) == 2
    assert len(set(seen)) == 1


async def test_an_optional_request_without_a_response_does_not_fail_the_poll() -> None:
    definition = definition_of({"requests": [{"path": "/a", "expect": "@"}, {"path": "/b", "expect": "@", "optional": True}]})
    never, optional = asyncio.Event(), OptionalResults()

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/b":
            pass_time(0.9 * PATIENCE)
            await never.wait()
        return web.json_response({"a": 1})

    async with answering(answer) as url, open_session("test") as session:
        client = Client(session, {}, Clock())
        try:
            await client.poll(job_for(definition, url), optional)
        finally:
            never.set()
            await client.close()
    assert [outcome.reason for outcome in optional.outcomes.values() if isinstance(outcome, PollError)] == [Reason.TIMEOUT]


async def test_the_status_that_means_that_there_is_nothing_is_no_failure() -> None:
    quota = {"resource": "spend", "unit": "usd", "limit": "a"}
    optional = {"path": "/b", "expect": "@", "optional": True, "absent": 404, "quotas": [quota]}
    definition = definition_of({"requests": [{"path": "/a", "expect": "@"}, optional]})
    results = OptionalResults()

    async def answer(request: web.BaseRequest) -> web.Response:
        return web.json_response({"a": 1}, status=404 if request.path == "/b" else 200)

    async with answering(answer) as url, open_session("test") as session:
        client = Client(session, {}, Clock())
        reading = await client.poll(job_for(definition, url), results)
        await client.close()
    assert [reading, *results.outcomes.values()] == [Reading(), Reading()]


async def test_fixed_headers_are_sent_with_the_credential() -> None:
    [(_, _, headers, _)] = await sent(load_definition(WORKED / "anthropic.yaml"))
    assert (headers["anthropic-version"], headers["x-api-key"]) == ("2023-06-01", CANARY)


async def test_params_are_filled_into_path_query_headers_and_body() -> None:
    definition = definition_of({
        "params": {"team": None}, "headers": {"X-Team": "team {team}"},
        "requests": [{
            "path": "/v1/{team}/x", "query": {"t": "{team}"}, "method": "POST", "body": {"a": [{"b": "{team}-{today:date}"}], "q": "{ me }"}, "expect": "@",
        }],
    })  # fmt: skip
    [(method, path, headers, body)] = await sent(definition, params={"team": "a b&c"})
    assert (method, path, headers["X-Team"]) == ("POST", "/v1/a%20b&c/x?t=a+b%26c", "team a b&c")
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"a": [{"b": "a b&c-2026-11-18"}], "q": "{ me }"}


@pytest.mark.parametrize("value", ["%2f", "..%2fadmin", "a?b#c", "a%b", "a/../b", "\u00e4"])
async def test_a_param_stays_in_its_segment(value: str) -> None:
    [(_, path, _, _)] = await sent(own(params={"team": {}}, path="/v1/{team}/balance"), params={"team": value})
    assert path == f"/v1/{quote(value, safe='')}/balance"


async def test_graphql_is_posted() -> None:
    [(method, path, _, body)] = await sent(load_definition(WORKED / "runpod.yaml"))
    assert (method, path, json.loads(body)) == ("POST", "/graphql", {"query": "query { myself { clientBalance } }"})


async def test_a_post_may_have_no_body() -> None:
    [(method, _, _, body)] = await sent(own(method="POST"))
    assert (method, body) == ("POST", b"")


@pytest.mark.parametrize(("name", "login"), [("twilio", f"{SID}:{CANARY}"), ("cursor", f"{CANARY}:")])
async def test_basic_authentication_is_sent(name: str, login: str) -> None:
    [(_, _, headers, _)] = await sent(load_definition(WORKED / f"{name}.yaml"), params={"account_sid": SID})
    assert headers["Authorization"] == f"Basic {base64.b64encode(login.encode()).decode()}"


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20) | st.text(max_size=12),
    st.sampled_from(["https://{}", "https://a{}b.example", "https://a.example{}", "https://[{}]", "https://a.example:{}/x"]),
)
@example("\u202e", "https://a{}b.example")
@example("\u00ad", "https://a{}b.example")
@example("xn--", "https://{}")
@example("fe80::1%25lo", "https://[{}]")
def test_every_address_that_a_configuration_accepts_can_be_requested(text: str, form: str) -> None:
    """One that cannot would be a defect in the middle of a poll."""
    try:
        url = check_url(form.format(text))
    except ValueError:
        return
    assert URL(f"{url}/v1/balance").raw_host
