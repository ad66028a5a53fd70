"""No response is attributed to another account, and connections are reused where it is safe."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import IPAddress

from exporter.client.client import Client
from exporter.client.oauth import OAuthLogin, TokenSource
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import Transport, open_session
from exporter.config.connection_settings import ConnectionSettings, Proxy
from exporter.config.job import Job
from exporter.errors import PollError
from tests.client.certificates import Authority, server_context
from tests.client.support import relay
from tests.client.token_endpoint import TokenEndpoint
from tests.client.wire import Wire, account_of, answer
from tests.support import FakeClock, make_job

POISON = answer(b"X-API-KEY: 666\r\n\r\n")
EXTRAS: dict[str, Callable[[bytes], bytes]] = {
    "the answer again": answer,
    "another answer": lambda _: POISON,
    "two answers": lambda _: POISON * 2,
    "a 408": lambda _: b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "early hints": lambda _: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
    "half a status line": lambda _: POISON[:12],
    "half of the headers": lambda _: POISON[:30],
    "half of a body": lambda _: POISON[:-10],
    "one byte": lambda _: b"H",
    "an empty line": lambda _: b"\r\n",
    "garbage": lambda _: b"\0\xff garbage",
    "EOF": lambda _: b"EOF",
}


@pytest.fixture(scope="module")
def ca() -> Authority:
    return Authority()


@pytest.fixture(params=["plain", "TLS 1.2", "TLS 1.3"])
def tls(request: pytest.FixtureRequest, ca: Authority) -> Iterator[ssl.SSLContext | None]:
    if request.param == "plain":
        yield None
        return
    context = server_context(ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2 if request.param == "TLS 1.2" else ssl.TLSVersion.TLSv1_3
    yield context


@pytest.fixture
def settings(ca: Authority, tmp_path: Path) -> ConnectionSettings:
    file = tmp_path / "ca.pem"
    file.write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    return ConnectionSettings(ca_file=file)


@asynccontextmanager
async def polling() -> AsyncIterator[Client]:
    async with open_session("test") as session:
        yield Client(session, {}, FakeClock().clock)


async def figure(client: Client, url: str, account: int, settings: ConnectionSettings) -> int:
    job: Job = make_job(url, account=f"account {account}", secret=str(account), connection=settings)
    [quota] = (await client.poll(job)).quotas
    return int(quota.remaining or 0)


@pytest.mark.parametrize("extra", EXTRAS.values(), ids=EXTRAS)
@pytest.mark.parametrize("is_read", [True, False], ids=["read by the loop", "still in the socket"])
async def test_a_connection_on_which_anything_arrives_while_idle_is_not_reused(
    tls: ssl.SSLContext | None,
    settings: ConnectionSettings,
    extra: Callable[[bytes], bytes],
    is_read: bool,  # noqa: FBT001 -- a case
) -> None:
    with Wire(more=extra, tls=tls) as wire:
        async with polling() as client:
            for account in range(1, 6):
                assert await figure(client, wire.url, account, settings) == account
                wire.write_more()
                if is_read:
                    for _ in range(5):
                        await asyncio.sleep(0)
            assert await figure(client, wire.url, 6, settings) == 6
            assert wire.connections == 6


@pytest.mark.parametrize(
    "extra", [extra for name, extra in EXTRAS.items() if name != "EOF"], ids=[name for name in EXTRAS if name != "EOF"]
)
async def test_bytes_that_arrive_together_with_a_response_are_no_response(
    tls: ssl.SSLContext | None, settings: ConnectionSettings, extra: Callable[[bytes], bytes]
) -> None:
    with Wire(more=extra, together=True, tls=tls) as wire:
        async with polling() as client:
            for account in range(1, 6):
                with suppress(PollError):  # what follows may make it invalid HTTP
                    assert await figure(client, wire.url, account, settings) == account
            assert wire.connections >= 5


async def test_a_part_of_a_tls_record_makes_the_connection_unusable(ca: Authority, settings: ConnectionSettings) -> None:
    with Wire(more=lambda _: POISON, cut=10, tls=server_context(ca)) as wire:
        async with polling() as client:
            for account in range(1, 4):
                assert await figure(client, wire.url, account, settings) == account
                wire.write_more()
                for _ in range(5):
                    await asyncio.sleep(0)
            assert wire.connections == 3


async def test_a_server_that_sent_an_unsolicited_response_gets_a_new_connection_for_each_request(
    tls: ssl.SSLContext | None, settings: ConnectionSettings
) -> None:
    with Wire(more=lambda request: POISON if account_of(request) == b"3" else b"", tls=tls) as wire:
        async with polling() as client:
            for account in range(1, 4):
                assert await figure(client, wire.url, account, settings) == account
            assert wire.connections == 1
            wire.write_more()
            for _ in range(5 if tls else 0):  # bytes that TLS has not decrypted yet prove nothing
                await asyncio.sleep(0)
            for account in range(4, 8):
                assert await figure(client, wire.url, account, settings) == account
            assert wire.connections == 5


async def test_a_server_that_closes_idle_connections_is_not_unreliable() -> None:
    with Wire(more=lambda request: b"EOF" if account_of(request) == b"3" else b"") as wire:
        async with polling() as client:
            for account in range(1, 8):
                assert await figure(client, wire.url, account, ConnectionSettings()) == account
                if account == 3:
                    wire.write_more()
            assert wire.connections == 2


def chunked(request: bytes) -> bytes:
    body = answer(request).partition(b"\r\n\r\n")[2]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:]))
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def large(request: bytes, compress: Callable[[bytes], bytes] = bytes) -> bytes:
    body = compress(answer(request).partition(b"\r\n\r\n")[2] + b" " * 900_000)
    coding = b"identity" if compress is bytes else b"gzip"
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s" % (coding, len(body), body)


ANSWERS: dict[str, Callable[[bytes], bytes]] = {
    "with a length": answer,
    "chunked": chunked,
    "large": large,
    "large and compressed": partial(large, compress=gzip.compress),
    "after an interim response": lambda request: b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(request),
}


@pytest.mark.parametrize("reply", ANSWERS.values(), ids=ANSWERS)
async def test_a_healthy_connection_is_reused_by_all_accounts(
    tls: ssl.SSLContext | None, settings: ConnectionSettings, reply: Callable[[bytes], bytes]
) -> None:
    with Wire(answer=reply, tls=tls) as wire:
        async with polling() as client:
            for account in range(1, 21):
                assert await figure(client, wire.url, account, settings) == account
            assert wire.connections == 1


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified", b"404 Not Found", b"500 Oops"])
async def test_a_connection_is_reused_after_an_error(status: bytes) -> None:
    with Wire(answer=lambda _: b"HTTP/1.1 %s\r\n%s\r\n" % (status, b"" if status < b"4" else b"Content-Length: 0\r\n")) as wire:
        async with polling() as client:
            for account in range(3):
                with pytest.raises(PollError):
                    await figure(client, wire.url, account, ConnectionSettings())
            assert wire.connections == 1


async def test_a_tunnel_through_a_proxy_is_reused_until_anything_arrives(ca: Authority, settings: ConnectionSettings) -> None:
    context = server_context(ca, names=[IPAddress(ip_address("198.51.100.7"))])
    with Wire(more=lambda request: POISON if account_of(request) == b"5" else b"", together=True, tls=context) as wire:
        async with relay(int(wire.url.rpartition(":")[2])) as proxy, polling() as client:
            through = ConnectionSettings(ca_file=settings.ca_file, proxy=Proxy("127.0.0.1", proxy.port))
            for account in range(1, 8):
                assert await figure(client, "https://198.51.100.7", account, through) == account
    assert len(proxy.heads) == 2


async def test_many_accounts_at_once_get_their_own_figures(tls: ssl.SSLContext | None, settings: ConnectionSettings) -> None:
    with Wire(tls=tls, more=lambda request: answer(request) if account_of(request).endswith(b"7") else b"", together=True) as wire:
        async with polling() as client:
            for _ in range(3):
                accounts = range(100, 150)
                assert await asyncio.gather(*(figure(client, wire.url, account, settings) for account in accounts)) == [*accounts]


async def test_an_unguarded_connection_is_used_once() -> None:
    """With a version of aiohttp that creates connections in another way, connections are only not reused."""
    with Wire() as wire:
        async with open_session("test") as session:
            assert session.connector is not None
            session.connector._factory = partial(ResponseHandler, loop=asyncio.get_running_loop())
            client = Client(session, {}, FakeClock().clock)
            for account in range(1, 4):
                assert await figure(client, wire.url, account, ConnectionSettings()) == account
            assert wire.connections == 3


@pytest.mark.parametrize("method", ["start_timeout", "feed_data"])
async def test_a_hook_that_aiohttp_no_longer_calls_only_prevents_reuse(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(f"exporter.client.connections.GuardedProtocol.{method}")
    with Wire() as wire:
        async with polling() as client:
            for account in range(1, 4):
                assert await figure(client, wire.url, account, ConnectionSettings()) == account
            assert wire.connections == 3


async def test_requests_to_a_token_endpoint_share_no_connection(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with TokenEndpoint("refresh-0", rotates=True) as endpoint:
        tokens = TokenSource(Transport(session, {}, FakeClock().clock), SecretReader({}))
        for number in range(3):
            endpoint.log_in(f"refresh-{number}")
            file = tmp_path / f"token {number}"
            file.write_text(f"refresh-{number}")
            await tokens.access_token(OAuthLogin(endpoint.url, "exporter", file))
        assert [asked.headers["Connection"] for asked in endpoint.requests] == ["close"] * 3
    assert session.connector is not None
    assert not session.connector._conns


async def test_a_token_endpoint_that_answers_twice_gives_no_login_the_tokens_of_another(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    def tokens_for(request: bytes) -> bytes:
        login = request.split(b"refresh_token=old-")[-1][:1] if b"old-" in request else b"?"
        body = b'{"access_token": "access-%s", "refresh_token": "new-%s"}' % (login, login)
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        response = tokens_for(await reader.readexactly(length))
        writer.write(response)
        writer.write(response)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/token"
        tokens = TokenSource(Transport(session, {}, FakeClock().clock), SecretReader({}))
        for number in "abc":
            file = tmp_path / number
            file.write_text(f"old-{number}")
            assert (await tokens.access_token(OAuthLogin(url, "client", file))).get_secret_value() == f"access-{number}"
            assert file.read_text() == f"new-{number}"
