"""Polls leave nothing that only a collection of garbage frees, so collections can be rare."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest
from aiohttp import web

from exporter.client.client import Client
from exporter.config.job import Job
from exporter.daemon.poll_once import new_store
from exporter.model import Seconds
from exporter.polling.scheduler import Scheduler
from exporter.simulator.examples import example_body
from exporter.simulator.faults import FaultContext, FaultHandler
from exporter.simulator.simulator import Simulator
from tests.support import ACCOUNTS, FakeClock, secret_of

POLLS = 50


async def html(_context: FaultContext) -> web.StreamResponse:
    return web.Response(status=502, text="<p>")


async def html_instead_of_the_optional_part(context: FaultContext) -> web.StreamResponse:
    is_optional = context.request.path == "/v3/api_keys/self"
    return await html(context) if is_optional else web.json_response(example_body("heygen", "wallet"))


@pytest.mark.parametrize(
    ("handler", "providers"),
    [(None, [each.provider for each in ACCOUNTS]), (html, ["heygen"]), (html_instead_of_the_optional_part, ["heygen"])],
)
async def test_a_poll_leaves_no_cycle_of_objects(
    handler: FaultHandler | None, providers: list[str], client: Client, simulator: Simulator, job: Callable[..., Job], clock: FakeClock
) -> None:
    jobs = [job(provider, interval=Seconds(10.0), max_backoff=Seconds(10.0)) for provider in providers]
    scheduler = Scheduler(client, new_store(jobs, clock.clock), clock.clock)
    if handler:
        simulator.set_handler(secret_of("heygen"), handler)
    gc.disable()
    try:
        for poll in range(1 + POLLS):
            clock.now += 10  # what failed is due again
            for each in jobs:
                await scheduler.poll_once(each)
            if not poll:
                gc.collect()  # the first polls open connections
        garbage = gc.collect()
    finally:
        gc.enable()
    assert garbage < POLLS
