"""A secret in the query arrives as it is, and no failure shows it."""

from __future__ import annotations

import asyncio
import io
from decimal import Decimal
from typing import Final

import pytest
from aiohttp import web

from exporter.client.client import Client
from exporter.client.transport import open_session
from exporter.config.job import Job
from exporter.daemon.poll_once import new_store
from exporter.errors import PollError
from exporter.metrics.exposition import Exposition
from exporter.model import Quota, Reading, Seconds
from exporter.polling.scheduler import Scheduler
from exporter.providers.library import load_definition
from tests.client.own_definitions import WORKED, job_for, own
from tests.client.support import answering, closed_port, silent
from tests.support import CANARY, PATIENCE, FakeClock


@pytest.mark.parametrize("secret", [CANARY, "a+b/c=d&e%20f?g#h", "%41%2B", "~._-", "a{team}{now:unix}"])
@pytest.mark.parametrize("path", ["/account.json", "/account?plan=a%26b"])
async def test_a_secret_in_the_query_arrives_as_it_is(secret: str, path: str) -> None:
    received = []

    async def answer(request: web.BaseRequest) -> web.Response:
        received.append(dict(request.query))
        return web.json_response({"left": 5})

    definition = own({"query": "api_key"}, path=path, query={"x": "1"}, quotas=[{"resource": "a", "unit": "b", "remaining": "left"}])
    async with answering(answer) as url, open_session("test") as session:
        client = Client(session, {}, FakeClock().clock)
        assert await client.poll(job_for(definition, url, secret=secret)) == Reading((Quota("a", "b", remaining=Decimal(5)),))
        await client.close()
    assert received == [{"x": "1", "api_key": secret} | ({"plan": "a&b"} if "?" in path else {})]


async def raw_server(answer: bytes) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.replace(b"PATH", head.split(b" ")[1]))
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


ANSWERS: Final = {
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: PATH\r\nContent-Length: 0\r\n\r\n",
    "a redirect to itself in HTML": b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1PATH\r\nContent-Length: 4\r\n\r\nPATH",
    "an error with the URL": b"HTTP/1.1 400 Bad\r\nContent-Length: 2\r\nX-Url: PATH\r\n\r\n{}",
    "a refusal": b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}",
    "no HTTP": b"PATH\r\n\r\n",
    "an invalid header": b"HTTP/1.1 200 OK\r\nPATH\r\n\r\n",
    "an invalid chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nPATH\r\n",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nPATH",
    "nothing": b"",
    "no JSON": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nPATH",
    "a cookie": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=PATH; Domain=[\r\nContent-Length: 2\r\n\r\n[]",
}


def chain(error: BaseException | None) -> list[str]:
    """The texts of an error and of all errors behind it."""
    texts = []
    while error is not None:
        texts += [str(error), repr(error), repr(error.args)]
        error = error.__cause__ or error.__context__
    return texts


async def shows_nothing(client: Client, job: Job, log: io.StringIO, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(PollError) as caught:
        await client.poll(job)
    clock = FakeClock().clock
    store = new_store([job], clock)
    await Scheduler(client, store, clock).poll_once(job)
    await client.close()
    page = Exposition(("1", "")).render(store.snapshot()).body.decode()
    shown = "\n".join([*chain(caught.value), log.getvalue(), caplog.text, page, repr(store[job.key]), repr(job)])
    assert "poll failed" in shown
    assert CANARY not in shown


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_no_failure_shows_a_secret_in_the_query(answer: bytes, log: io.StringIO, caplog: pytest.LogCaptureFixture) -> None:
    definition = load_definition(WORKED / "serpapi.yaml")
    server = await raw_server(answer)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, open_session("test") as session:
        await shows_nothing(Client(session, {}, FakeClock().clock), job_for(definition, url), log, caplog)


@pytest.mark.parametrize("kind", ["closed", "https", "silent"])
async def test_no_connection_shows_a_secret_in_the_query(kind: str, log: io.StringIO, caplog: pytest.LogCaptureFixture) -> None:
    with silent() as port:
        address = f"127.0.0.1:{closed_port() if kind == 'closed' else port}"
        timeout = Seconds(PATIENCE if kind == "closed" else 0.2)
        job = job_for(load_definition(WORKED / "serpapi.yaml"), f"{'https' if kind == 'https' else 'http'}://{address}", timeout=timeout)
        async with open_session("test") as session:
            await shows_nothing(Client(session, {}, FakeClock().clock), job, log, caplog)
