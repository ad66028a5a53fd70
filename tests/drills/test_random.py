from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from exporter.model import Reason, Seconds
from exporter.simulator.faults import send_raw
from tests.drills.environment import HEALTHY, HEALTHY_UP, SECRET, Environment, Scenario, opened
from tests.support import until

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["code", "data", "credits_left"]) | st.text(max_size=5), inner)
    ),
    max_leaves=12,
)
BODIES = st.binary(max_size=2_000) | JSON.map(lambda value: json.dumps(value).encode())
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 429, 500])


async def serve(env: Environment, status: int, content: bytes) -> None:
    """Let the daemon poll this response, and wait for the next page."""
    env.vendor.set_response(SECRET, status=status, content=content)
    await shown(env)


async def send(env: Environment, content: bytes) -> None:
    """Let the daemon poll these bytes, which may not be HTTP."""
    env.vendor.set_handler(SECRET, send_raw(content))
    await shown(env)


async def shown(env: Environment) -> None:
    polls = env.entry.polls
    await until(lambda: env.entry.polls > polls + 1, "the answer is polled")
    pages = env.sampler.pages
    await until(lambda: env.sampler.pages > pages, "a page is served")
    assert {*HEALTHY_UP, *HEALTHY} <= env.sampler.last
    assert [*text_string_to_metric_families("\n".join(env.sampler.last))]


async def start(stack: AsyncExitStack) -> Environment:
    env = await stack.enter_async_context(opened(Scenario(begin=lambda _: None), Seconds(0.04)))
    await until(lambda: {*HEALTHY_UP, *HEALTHY} <= env.sampler.last, "all healthy accounts are up")
    env.sampler.required = (*HEALTHY_UP, *HEALTHY)
    return env


def test_no_response_breaks_the_process_or_the_page() -> None:
    with asyncio.Runner() as runner, capture_logs() as log:
        stack = AsyncExitStack()
        env = runner.run(start(stack))

        @settings(max_examples=60)
        @given(STATUSES, BODIES)
        def check(status: int, content: bytes) -> None:
            runner.run(serve(env, status, content))

        @settings(max_examples=15)
        @given(st.binary(max_size=200).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail))
        def check_bytes(content: bytes) -> None:
            runner.run(send(env, content))

        check()
        check_bytes()
        assert env.sampler.missing == set()
        assert env.entry.errors.get(Reason.INTERNAL, 0) == 0
        runner.run(stack.aclose())
    assert not [line for line in log if line["event"] == "poll crashed"]
