from __future__ import annotations

import asyncio
import base64
import os
import socket
import ssl
import subprocess
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from exporter.client.client import Client, Job, open_session
from exporter.client.network import Resolver, Routes, goes_direct
from exporter.config.connection import Proxy, Way, environment_proxy, parse_proxy
from exporter.errors import PollError
from exporter.model import Reading, Reason, Seconds
from tests.config.support import ENVIRON, load, problems, resolved, with_account, write
from tests.support import CANARY, PATIENCE, FakeClock, make_job

GOOD = b'{"code":1000,"data":{"credits_left":"7.5"},"message":"ok"}'
VENDOR = "vendor.test"
PASSWORD = "pass-canary-77"


@dataclass
class Relay:
    """A forward proxy that leads all tunnels to one port."""

    target: int
    login: str | None = None
    answer: bytes | None = b"HTTP/1.1 200 Connection established\r\n\r\n"
    port: int = 0
    heads: list[str] = field(default_factory=list)
    seen: bytearray = field(default_factory=bytearray)
    guests: set[asyncio.Task[Any] | None] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.guests.add(asyncio.current_task())
        with suppress(ConnectionError):
            await self._answer(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        self.seen += head.encode()
        expected = f"Proxy-Authorization: Basic {base64.b64encode((self.login or '').encode()).decode()}\r\n"
        if self.login is not None and expected not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        elif self.answer is None:
            await reader.read()  # until the other side gives up
        else:
            writer.write(self.answer)
            if b" 200 " in self.answer:
                await self._lead(reader, writer)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.target)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pump(reader, inner_writer))
            tasks.create_task(self._pump(inner_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                self.seen += chunk
                writer.write(chunk)
        writer.close()


@asynccontextmanager
async def relay(target: int, **how: Any) -> AsyncIterator[Relay]:
    playing = Relay(target, **how)
    server = await asyncio.start_server(playing.serve, "127.0.0.1", 0)
    playing.port = server.sockets[0].getsockname()[1]
    try:
        yield playing
    finally:
        server.close()
        await asyncio.gather(*(guest for guest in playing.guests if guest))


@asynccontextmanager
async def vendor(tls: ssl.SSLContext | None = None, keys: list[str] | None = None) -> AsyncIterator[int]:
    """A vendor that knows one answer; its port."""

    async def answer(request: web.BaseRequest) -> web.Response:
        if keys is not None:
            keys.append(request.headers["X-API-KEY"])
        return web.Response(body=GOOD)

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@contextmanager
def silent(host: str = "127.0.0.1", *, accepts: bool = True) -> Iterator[int]:
    """A port where nobody ever says a word, or where a connection does not even come about."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
        listener.bind((host, 0))
        listener.listen(8 if accepts else 0)
        for _ in range(0 if accepts else 3):
            waiting = stack.enter_context(socket.socket(listener.family))
            waiting.setblocking(False)  # noqa: FBT003 -- the library's own signature
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def closed_port(host: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        free.bind((host, 0))
        return int(free.getsockname()[1])


class Directory(AbstractResolver):
    """Knows the given addresses; an error in the list is raised, in its turn."""

    def __init__(self, *turns: list[tuple[str, int]] | OSError) -> None:
        self.turns = list(turns)

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        if isinstance(turn, OSError):
            raise turn
        return [
            ResolveResult(hostname=host, host=address, port=there or port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
            for address, there in turn
        ]

    async def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> Path:
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


def replace(file: Path, *authorities: trustme.CA) -> None:
    """Write another file, of a size of its own, whatever the clock of the file system says."""
    file.write_bytes(b"".join(authority.cert_pem.bytes() for authority in authorities) or b"nonsense")


def server_side(ca: trustme.CA, name: str = VENDOR, **certificate: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name, **certificate).configure_cert(context)
    return context


async def poll(job: Job, resolver: AbstractResolver | None = None, environ: dict[str, str] | None = None) -> Reading:
    async with open_session("test", resolver) as session:
        return await Client(session, environ or {}, FakeClock().clock).poll(job)


async def failure(job: Job, resolver: AbstractResolver | None = None, environ: dict[str, str] | None = None) -> tuple[Reason, str]:
    with pytest.raises(PollError) as caught:
        await poll(job, resolver, environ)
    assert CANARY not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    return caught.value.reason, str(caught.value)


async def test_a_tunnel_leads_to_the_vendor_and_the_proxy_sees_no_key(ca: trustme.CA, ca_file: Path) -> None:
    keys: list[str] = []
    async with vendor(server_side(ca), keys) as port, relay(port) as proxy, open_session("test") as session:
        client = Client(session, {}, FakeClock().clock)
        job = make_job(f"https://{VENDOR}", secret=CANARY, connection=Way(proxy=Proxy("127.0.0.1", proxy.port), ca_file=ca_file))
        for _ in range(2):
            assert (await client.poll(job)).quotas
    assert keys == [CANARY, CANARY]
    [head] = proxy.heads  # both polls used one tunnel
    assert head.startswith(f"CONNECT {VENDOR}:443 HTTP/1.1\r\n")
    assert CANARY.encode() not in proxy.seen
    assert b"proxy-authorization" not in proxy.seen.lower()


async def test_a_proxy_gets_the_login_that_it_asks_for(ca: trustme.CA, ca_file: Path) -> None:
    async with vendor(server_side(ca)) as port, relay(port, login=f"me@home:{PASSWORD}é/") as proxy:
        known = parse_proxy(f"http://me%40home:{PASSWORD}%C3%A9%2F@127.0.0.1:{proxy.port}")
        job = make_job(f"https://{VENDOR}", connection=Way(proxy=known, ca_file=ca_file))
        assert (await poll(job)).quotas
        assert PASSWORD not in repr(job)
        expected = (Reason.CONNECTION, "the proxy refused to connect: HTTP 407 (it wants a user and a password that it knows)")
        for wrong in (Proxy("127.0.0.1", proxy.port), Proxy("127.0.0.1", proxy.port, f"you:{PASSWORD}")):
            assert await failure(make_job(f"https://{VENDOR}", connection=Way(proxy=wrong, ca_file=ca_file))) == expected


@pytest.mark.parametrize("status", [401, 402, 403, 429, 500, 502])
async def test_a_proxy_s_refusal_says_nothing_of_the_account(status: int) -> None:
    async with relay(0, answer=b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status) as proxy:
        found = await failure(make_job(f"https://{VENDOR}", connection=Way(proxy=Proxy("127.0.0.1", proxy.port))))
    assert found == (Reason.CONNECTION, f"the proxy refused to connect: HTTP {status}")


async def test_a_proxy_that_is_away_or_unknown_is_named_as_the_cause() -> None:
    job = make_job(f"https://{VENDOR}", connection=Way(proxy=Proxy("127.0.0.1", closed_port())))
    reason, message = await failure(job)
    assert reason is Reason.CONNECTION
    assert message.startswith("no connection to the proxy: ")
    job = make_job(f"https://{VENDOR}", connection=Way(proxy=Proxy("proxy.test", 3128)))
    unknown = Directory(socket.gaierror(socket.EAI_NONAME, "unknown"))
    assert await failure(job, unknown) == (Reason.CONNECTION, "the proxy's host name could not be resolved")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, (Reason.TIMEOUT, "the connection timed out, through the proxy")),
        (b"SSH-2.0-x\r\n\r\n", (Reason.CONNECTION, "the answer was not HTTP, through the proxy")),
        (b"", (Reason.CONNECTION, "the connection ended before the answer was whole, through the proxy")),
    ],
)
async def test_a_proxy_that_behaves_oddly_costs_the_poll_only(answer: bytes | None, expected: tuple[Reason, str]) -> None:
    async with relay(0, answer=answer) as proxy:
        way = Way(proxy=Proxy("127.0.0.1", proxy.port), connect_timeout=Seconds(0.3 if answer is None else 10.0))
        assert await failure(make_job(f"https://{VENDOR}", connection=way, timeout=Seconds(20.0))) == expected


async def test_the_vendor_s_certificate_counts_behind_a_proxy_too(ca: trustme.CA, ca_file: Path) -> None:
    async with vendor(server_side(ca, "other.test")) as port, relay(port) as proxy:
        job = make_job(f"https://{VENDOR}", connection=Way(proxy=Proxy("127.0.0.1", proxy.port), ca_file=ca_file))
        assert (await failure(job))[0] is Reason.TLS


async def test_this_machine_and_plain_http_are_reached_without_the_proxy() -> None:
    async with vendor() as port, relay(port) as proxy:
        way = Way(proxy=Proxy("127.0.0.1", proxy.port))
        assert (await poll(make_job(f"http://127.0.0.1:{port}", connection=way))).quotas
        assert (await poll(make_job(f"http://{VENDOR}:{port}", connection=way), Directory([("127.0.0.1", 0)]))).quotas
    assert proxy.heads == []


@pytest.mark.parametrize(("name", "used"), [("https_proxy", True), ("HTTPS_PROXY", True), ("http_proxy", False), ("HTTP_PROXY", False)])
async def test_the_environment_s_proxy_counts_where_it_is_asked_for(name: str, used: bool) -> None:  # noqa: FBT001 -- a case
    environ = {name: f"me:{PASSWORD}@proxy.test:3128", "NO_PROXY": f"a.test, .b.test {VENDOR}:444"}
    routes = Routes(environ)
    options = await routes.options(f"https://{VENDOR}/x", Way(proxy_from_environment=True))
    assert options["proxy"] == ("http://proxy.test:3128" if used else None)
    assert bool(options["proxy_headers"]) is used
    assert (await routes.options(f"https://{VENDOR}/x", Way()))["proxy"] is None
    for exempt in ("a.test", "x.b.test", f"{VENDOR}:444"):
        assert (await routes.options(f"https://{exempt}/x", Way(proxy_from_environment=True)))["proxy"] is None


def test_lower_case_wins_in_the_environment_and_an_empty_variable_is_none() -> None:
    assert environment_proxy({"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:2"}) == Proxy("lower", 2)
    assert environment_proxy({"HTTPS_PROXY": " ", "https_proxy": ""}) is None


async def test_a_proxy_of_the_environment_that_is_none_is_told_without_its_text() -> None:
    job = make_job(f"https://{VENDOR}", connection=Way(proxy_from_environment=True))
    reason, message = await failure(job, environ={"HTTPS_PROXY": f"socks5://me:{PASSWORD}@proxy.test:1080"})
    assert reason is Reason.CONNECTION
    assert message.startswith("the environment variable HTTPS_PROXY: expected http://host:port")


@pytest.mark.parametrize(
    ("entry", "host", "port", "direct"),
    [
        ("api.test", "api.test", 443, True),
        ("API.test", "Api.Test.", 443, True),
        ("api.test", "eu.api.test", 443, True),
        ("api.test", "myapi.test", 443, False),
        ("eu.api.test", "api.test", 443, False),
        (".api.test", "eu.api.test", 443, True),
        (".api.test", "api.test", 443, False),
        ("*.api.test", "eu.api.test", 443, True),
        ("*.api.test", "api.test", 443, False),
        ("*", "api.test", 443, True),
        ("*", "192.0.2.1", 443, True),
        ("api.test:443", "api.test", 443, True),
        ("api.test:8443", "api.test", 443, False),
        ("192.0.2.1", "192.0.2.1", 443, True),
        ("192.0.2.1:443", "192.0.2.1", 443, True),
        ("192.0.2.1:80", "192.0.2.1", 443, False),
        ("2.1", "192.0.2.1", 443, False),
        ("192.0.2.0/24", "192.0.2.77", 443, True),
        ("192.0.2.9/24", "192.0.2.77", 443, True),
        ("192.0.2.0/24", "192.0.3.1", 443, False),
        ("192.0.2.0/24", "api.test", 443, False),
        ("192.0.2.0/99", "192.0.2.0", 443, False),
        ("2001:db8::1", "2001:db8:0::1", 443, True),
        ("[2001:db8::1]:443", "2001:db8::1", 443, True),
        ("[2001:db8::1]:80", "2001:db8::1", 443, False),
        ("2001:db8::/32", "2001:db8::7", 443, True),
        ("2001:db8::/32", "192.0.2.1", 443, False),
        ("", "api.test", 443, False),
        (".", "api.test", 443, False),
        ("other.test", "localhost", 443, True),
        ("other.test", "app.localhost", 443, True),
        ("other.test", "127.9.9.9", 443, True),
        ("other.test", "::1", 443, True),
        ("other.test", "notlocalhost", 443, False),
    ],
)
def test_no_proxy_is_read_as_curl_and_go_do(entry: str, host: str, port: int, direct: bool) -> None:  # noqa: FBT001 -- a case
    assert goes_direct(host, port, [entry]) is direct


@pytest.mark.parametrize("case", ["right", "system", "unknown", "host", "expired", "old"])
async def test_the_server_must_prove_who_it_is(ca: trustme.CA, ca_file: Path, case: str) -> None:
    issuer = trustme.CA() if case == "unknown" else ca
    past = {"not_before": datetime(2020, 1, 1, tzinfo=UTC), "not_after": datetime(2021, 1, 1, tzinfo=UTC)} if case == "expired" else {}
    tls = server_side(issuer, "other.test" if case == "host" else "127.0.0.1", **past)
    if case == "old":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            tls.minimum_version, tls.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        tls.set_ciphers("ALL:@SECLEVEL=0")
    async with vendor(tls) as port:
        job = make_job(f"https://127.0.0.1:{port}", connection=Way(ca_file=None if case == "system" else ca_file))
        if case == "right":
            assert (await poll(job)).quotas
        elif case == "old":  # what the client hears of it, an alert or the end, is a matter of luck
            assert (await failure(job))[0] is Reason.TLS
        else:
            assert await failure(job) == (Reason.TLS, "the server's certificate was refused")


async def test_a_ca_file_may_change_and_break_while_running(ca: trustme.CA, ca_file: Path) -> None:
    other = trustme.CA()
    async with vendor(server_side(ca, "127.0.0.1")) as port, open_session("test") as session:
        client = Client(session, {}, FakeClock().clock)
        job = make_job(f"https://127.0.0.1:{port}", connection=Way(ca_file=ca_file))

        async def told() -> tuple[Reason, str] | None:
            try:
                await client.poll(job)
            except PollError as error:
                return error.reason, str(error)
            return None

        assert await told() is None
        replace(ca_file, other, other)
        assert await told() == (Reason.TLS, "the server's certificate was refused")
        replace(ca_file)
        assert await told() == (Reason.TLS, f"ca_file: the file {ca_file} holds no usable certificates: expected them in PEM form")
        ca_file.unlink()
        assert await told() == (Reason.TLS, f"ca_file: the file {ca_file} cannot be read: No such file or directory")
        replace(ca_file, other, ca)
        assert await told() is None


async def test_a_ca_file_is_read_once_for_all_polls(ca_file: Path) -> None:
    routes = Routes({})
    first, second = [(await routes.options("https://vendor.test", Way(ca_file=ca_file)))["ssl"] for _ in range(2)]
    assert isinstance(first, ssl.SSLContext)
    assert first is second
    assert first.minimum_version is ssl.TLSVersion.TLSv1_2
    replace(ca_file, trustme.CA(), trustme.CA())
    assert (await routes.options("https://vendor.test", Way(ca_file=ca_file)))["ssl"] is not first


@pytest.mark.parametrize("accepts", [True, False], ids=["no handshake", "no connection"])
async def test_patience_with_a_connection_is_apart_from_that_with_the_answer(accepts: bool) -> None:  # noqa: FBT001 -- a case
    with silent(accepts=accepts) as port:
        job = make_job(f"https://127.0.0.1:{port}", timeout=Seconds(60.0), connection=Way(connect_timeout=Seconds(0.2)))
        assert await failure(job) == (Reason.TIMEOUT, "the connection timed out")
    with silent() as port:
        job = make_job(f"http://127.0.0.1:{port}", timeout=Seconds(0.4), connection=Way(connect_timeout=Seconds(0.1)))
        assert await failure(job) == (Reason.TIMEOUT, "no whole answer within 0.4s")


@pytest.mark.parametrize("accepts", [None, False], ids=["refuses", "swallows"])
@pytest.mark.parametrize("host", ["::1", "127.0.0.1"])
async def test_a_dead_first_address_does_not_hold_up_the_second(host: str, accepts: bool | None) -> None:  # noqa: FBT001 -- a case
    with ExitStack() as stack:
        try:
            dead = closed_port(host) if accepts is None else stack.enter_context(silent(host, accepts=accepts))
        except OSError:
            pytest.skip("this machine has no IPv6")
        async with vendor() as port:
            addresses = Directory([(host, dead), ("127.0.0.1", port)])
            assert (await poll(make_job(f"http://{VENDOR}", timeout=Seconds(PATIENCE)), addresses)).quotas


async def test_a_name_that_is_found_again_is_used_at_the_next_poll() -> None:
    async with vendor() as port:
        directory = Directory(socket.gaierror(socket.EAI_AGAIN, "try again"), [("127.0.0.1", port)])
        async with open_session("test", directory) as session:
            client = Client(session, {}, FakeClock().clock)
            with pytest.raises(PollError, match=r"^the host name could not be resolved$") as caught:
                await client.poll(make_job(f"http://{VENDOR}"))
            assert caught.value.reason is Reason.CONNECTION
            assert (await client.poll(make_job(f"http://{VENDOR}"))).quotas


async def test_the_system_s_look_up_finds_this_machine_and_no_impossible_name() -> None:
    found = await Resolver().resolve("localhost", 8080)
    assert {(each["host"], each["port"]) for each in found} <= {("127.0.0.1", 8080), ("::1", 8080)}
    assert found
    async with vendor() as port:
        assert (await poll(make_job(f"http://localhost:{port}"))).quotas
    assert (await failure(make_job(f"http://{'x' * 64}.test")))[0] is Reason.CONNECTION


HANGING = """
import asyncio, socket, threading
from exporter.config.connection import Way
from exporter.errors import PollError
from exporter.client.client import Client, open_session
from exporter.clock import Clock
from tests.support import make_job

socket.getaddrinfo = lambda *_, **__: threading.Event().wait()

async def main():
    async with open_session("test") as session:
        client = Client(session, {}, Clock())
        try:
            await client.poll(make_job("https://vendor.test", timeout=60.0, connection=Way(connect_timeout=0.2)))
        except PollError as error:
            print(error.reason, [thread.daemon for thread in threading.enumerate() if thread.name == "name look-up"])

asyncio.run(main())
"""


def test_a_name_look_up_that_hangs_does_not_keep_the_process_from_ending() -> None:
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=PATIENCE, check=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
    )  # fmt: skip
    assert done.stdout == "timeout [True]\n"
    assert done.stderr == ""


async def test_look_ups_that_hang_leave_room_for_reading_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        *(
            ("proxy_url", url, "expected http://host:port or http://user:password@host:port, with special characters percent-encoded")
            for url in (
                f"https://me:{PASSWORD}@proxy.test:1",
                f"http://me:{PASSWORD}@proxy.test:1/path",
                f"http://me:{PASSWORD}#@proxy.test:1",
                f"http://me:{PASSWORD}/@proxy.test:1",
                f"http://me:{PASSWORD}@proxy.test:{PASSWORD}",
                f"http://me:{PASSWORD}@proxy.test:0",
                f"http://me:{PASSWORD}@:1",
                f"http://me:{PASSWORD}@[::1:1",
                f"http://me:{PASSWORD}@pro xy.test:1",
                f"http://me:{PASSWORD}\n@proxy.test:1",
                f"me:{PASSWORD}@proxy.test:1",
                "",
            )
        ),
        *(
            ("no_proxy", [entry], "expected a host, a .suffix, an address, a network such as 10.0.0.0/8, or *; each is an entry of its own")
            for entry in ("", "a,b", "a b", "10.0.0.0/99", f"http://me:{PASSWORD}@vendor.test")
        ),
        ("no_proxy", "a.test", "should be a valid list"),
        ("ca_file", "none.pem", "the file {folder}/none.pem does not exist"),
        ("ca_file", ".", "the file {folder} is not a regular file"),
        ("ca_file", "config.yaml", "the file {folder}/config.yaml holds no usable certificates: expected them in PEM form"),
        ("connect_timeout", "0s", "expected a duration such as 30s, 5m or 1h30m"),
        ("proxy_from_environment", True, "the environment variable HTTPS_PROXY: expected http://host:port or http://user:password@host:port, "
         "with special characters percent-encoded"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_at_the_start(tmp_path: Path, key: str, value: object, message: str) -> None:
    found = problems(write(tmp_path, with_account(**{key: value})), {**ENVIRON, "HTTPS_PROXY": f"ftp://me:{PASSWORD}@proxy.test"})
    place = f"accounts[0].{key}[0]" if isinstance(value, list) else f"accounts[0].{key}"
    assert found == [f"{place}: {message.format(folder=tmp_path)}"]


def test_two_origins_of_a_proxy_are_one_too_many(tmp_path: Path) -> None:
    found = problems(write(tmp_path, with_account(proxy_url="http://proxy.test:1", proxy_from_environment=True)))
    assert found == ["accounts[0].proxy_from_environment: expected proxy_url or proxy_from_environment, not both"]


@pytest.mark.parametrize(
    ("defaults", "own", "expected"),
    [
        ("{}", {}, Way()),
        ("{connect_timeout: 3s, ca_file: ca.pem}", {}, Way(ca_file=Path("ca.pem"), connect_timeout=Seconds(3.0))),
        ("{connect_timeout: 3s}", {"connect_timeout": "4s"}, Way(connect_timeout=Seconds(4.0))),
        ("{proxy_url: 'http://a:1'}", {"proxy_from_environment": True}, Way(proxy_from_environment=True)),
        ("{proxy_from_environment: true}", {"proxy_url": "http://a:1"}, Way(proxy=Proxy("a", 1))),
        ("{proxy_url: 'http://a'}", {"proxy_from_environment": False}, Way(proxy=Proxy("a", 80))),
        ("{proxy_url: 'http://u:p@[::2]:1', no_proxy: [b]}", {"no_proxy": ["*"]}, Way(proxy=Proxy("::2", 1, "u:p"), no_proxy=("*",))),
        ("{no_proxy: [b]}", {"no_proxy": []}, Way()),
    ],
)
def test_an_account_s_own_way_counts_more(ca_file: Path, defaults: str, own: dict[str, object], expected: Way) -> None:
    config = load(write(ca_file.parent, f"{with_account(**own)[:-1]}, defaults: {defaults}}}"))
    way = resolved(config).connection
    relative = way.ca_file.relative_to(ca_file.parent) if way.ca_file else None
    assert (way.proxy, way.no_proxy, way.proxy_from_environment, relative, way.connect_timeout) == (
        expected.proxy,
        expected.no_proxy,
        expected.proxy_from_environment,
        expected.ca_file,
        expected.connect_timeout,
    )
    assert "u:p" not in repr((config, way))
