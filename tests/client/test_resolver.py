"""Name resolution, and the time that connecting may take."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.client_reqrep import ConnectionKey

from exporter.client.client import Client
from exporter.client.request_errors import fault
from exporter.client.resolver import Resolver
from exporter.client.transport import open_session
from exporter.config.connection_settings import ConnectionSettings
from exporter.errors import PollError
from exporter.model import Reason, Seconds
from tests.client.support import GOOD, VENDOR, Directory, answering, closed_port, failure, poll, silent, vendor
from tests.support import PATIENCE, FakeClock, make_job, pass_time


@pytest.mark.parametrize("accepts", [True, False], ids=["no handshake", "no connection"])
async def test_the_connect_timeout_limits_connection_and_handshake(accepts: bool) -> None:  # noqa: FBT001 -- a case
    with silent(accepts=accepts) as port:
        job = make_job(f"https://127.0.0.1:{port}", connection=ConnectionSettings(connect_timeout=Seconds(0.2)))
        assert await failure(job) == (Reason.TIMEOUT, "the connection timed out")


async def test_the_connect_timeout_does_not_limit_the_response() -> None:
    async def late(_: web.BaseRequest) -> web.Response:
        pass_time(PATIENCE / 2 + 1)  # aiohttp rounds up to seconds
        await asyncio.sleep(0)  # a timeout that is over ends the poll now
        return web.Response(body=GOOD)

    async with answering(late) as url:
        assert (await poll(make_job(url, connection=ConnectionSettings(connect_timeout=Seconds(PATIENCE / 2))))).quotas


@pytest.mark.parametrize("accepts", [None, False], ids=["refuses", "swallows"])
@pytest.mark.parametrize("host", ["::1", "127.0.0.1"])
async def test_a_dead_first_address_does_not_delay_the_second(host: str, accepts: bool | None) -> None:  # noqa: FBT001 -- a case
    with ExitStack() as stack:
        try:
            dead = closed_port(host) if accepts is None else stack.enter_context(silent(host, accepts=accepts))
        except OSError:
            pytest.skip("this machine has no IPv6")
        async with vendor() as port:
            addresses = Directory([(host, dead), ("127.0.0.1", port)])
            assert (await poll(make_job(f"http://{VENDOR}", timeout=Seconds(PATIENCE)), addresses)).quotas


def test_addresses_that_fail_in_different_ways_are_one_failure() -> None:
    """The library then raises an error without a number, whose text has the addresses."""
    key = ConnectionKey(VENDOR, 443, True, True, None, None, None)  # noqa: FBT003 -- the library's own arguments
    error = fault(
        aiohttp.ClientConnectorError(key, OSError("Multiple exceptions: [Errno 111] ('::1', 443), [Errno 113] ('10.0.0.1', 443)"))
    )
    assert (error.reason, str(error)) == (Reason.CONNECTION, "no address of the host can be reached")


async def test_a_failed_look_up_is_not_cached() -> None:
    async with vendor() as port:
        directory = Directory(socket.gaierror(socket.EAI_AGAIN, "try again"), [("127.0.0.1", port)])
        async with open_session("test", directory) as session:
            client = Client(session, {}, FakeClock().clock)
            with pytest.raises(PollError, match=r"^the host name could not be resolved$") as caught:
                await client.poll(make_job(f"http://{VENDOR}"))
            assert caught.value.reason is Reason.CONNECTION
            assert (await client.poll(make_job(f"http://{VENDOR}"))).quotas


async def test_the_system_s_resolver_finds_localhost_and_no_impossible_name() -> None:
    found = await Resolver().resolve("localhost", 8080)
    assert {(each["host"], each["port"]) for each in found} <= {("127.0.0.1", 8080), ("::1", 8080)}
    assert found
    async with vendor() as port:
        assert (await poll(make_job(f"http://localhost:{port}"))).quotas
    assert (await failure(make_job(f"http://{'x' * 64}.test")))[0] is Reason.CONNECTION


HANGING = """
import asyncio, socket, threading
from exporter.config.connection_settings import ConnectionSettings
from exporter.errors import PollError
from exporter.client.client import Client
from exporter.client.transport import open_session
from exporter.clock import Clock
from tests.support import make_job

socket.getaddrinfo = lambda *_, **__: threading.Event().wait()

async def main():
    async with open_session("test") as session:
        client = Client(session, {}, Clock())
        try:
            await client.poll(make_job("https://vendor.test", timeout=60.0, connection=ConnectionSettings(connect_timeout=0.2)))
        except PollError as error:
            print(error.reason, [thread.daemon for thread in threading.enumerate() if thread.name == "name look-up"])

asyncio.run(main())
"""


def test_a_hanging_look_up_does_not_delay_the_end_of_the_process() -> None:
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=PATIENCE, check=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
    )  # fmt: skip
    assert done.stdout == "timeout [True]\n"
    assert done.stderr == ""


async def test_hanging_look_ups_leave_the_thread_pool_free(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        release.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    async with asyncio.TaskGroup() as tasks:
        for number in range(64):
            tasks.create_task(Resolver().resolve(f"{number}.test"))
        await asyncio.to_thread(int)
        release.set()
