"""Proxies."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import trustme
from yarl import URL

from exporter.client.client import Client
from exporter.client.proxies import is_direct, proxy_for
from exporter.client.transport import open_session
from exporter.config.connection_settings import ConnectionSettings, Proxy, environment_proxy, parse_proxy
from exporter.model import Reason, Seconds
from tests.client.support import PASSWORD, VENDOR, Directory, closed_port, failure, poll, relay, server_side, vendor
from tests.support import CANARY, PATIENCE, FakeClock, make_job


async def test_the_proxy_does_not_see_the_key(ca: trustme.CA, ca_file: Path) -> None:
    keys: list[str] = []
    async with vendor(server_side(ca), keys) as port, relay(port) as proxy, open_session("test") as session:
        client = Client(session, {}, FakeClock().clock)
        job = make_job(
            f"https://{VENDOR}", secret=CANARY, connection=ConnectionSettings(proxy=Proxy("127.0.0.1", proxy.port), ca_file=ca_file)
        )
        for _ in range(2):
            assert (await client.poll(job)).quotas
    assert keys == [CANARY, CANARY]
    [head] = proxy.heads  # both polls used one tunnel
    assert head.startswith(f"CONNECT {VENDOR}:443 HTTP/1.1\r\n")
    assert CANARY.encode() not in proxy.seen
    assert b"proxy-authorization" not in proxy.seen.lower()


async def test_the_user_and_password_of_a_proxy_are_sent_to_it(ca: trustme.CA, ca_file: Path) -> None:
    async with vendor(server_side(ca)) as port, relay(port, login=f"me@home:{PASSWORD}é/") as proxy:
        known = parse_proxy(f"http://me%40home:{PASSWORD}%C3%A9%2F@127.0.0.1:{proxy.port}")
        job = make_job(f"https://{VENDOR}", connection=ConnectionSettings(proxy=known, ca_file=ca_file))
        assert (await poll(job)).quotas
        assert PASSWORD not in repr(job)
        expected = (Reason.CONNECTION, "the proxy refused to connect: HTTP 407 (it requires a valid user name and password)")
        for wrong in (Proxy("127.0.0.1", proxy.port), Proxy("127.0.0.1", proxy.port, f"you:{PASSWORD}")):
            assert await failure(make_job(f"https://{VENDOR}", connection=ConnectionSettings(proxy=wrong, ca_file=ca_file))) == expected


@pytest.mark.parametrize("status", [401, 402, 403, 429, 500, 502])
async def test_the_status_of_a_proxy_is_not_the_vendor_s(status: int) -> None:
    async with relay(0, answer=b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status) as proxy:
        found = await failure(make_job(f"https://{VENDOR}", connection=ConnectionSettings(proxy=Proxy("127.0.0.1", proxy.port))))
    assert found == (Reason.CONNECTION, f"the proxy refused to connect: HTTP {status}")


async def test_a_proxy_that_cannot_be_reached_is_named_in_the_error() -> None:
    job = make_job(f"https://{VENDOR}", connection=ConnectionSettings(proxy=Proxy("127.0.0.1", closed_port())))
    assert await failure(job) == (Reason.CONNECTION, "proxy: Connection refused")
    job = make_job(f"https://{VENDOR}", connection=ConnectionSettings(proxy=Proxy("proxy.test", 3128)))
    unknown = Directory(socket.gaierror(socket.EAI_NONAME, "unknown"))
    assert await failure(job, unknown) == (Reason.CONNECTION, "the proxy's host name could not be resolved")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, (Reason.TIMEOUT, "the connection timed out, through the proxy")),
        (b"SSH-2.0-x\r\n\r\n", (Reason.CONNECTION, "the response is not HTTP, through the proxy")),
        (b"", (Reason.CONNECTION, "the connection ended before the response was complete, through the proxy")),
    ],
)
async def test_a_broken_proxy_fails_the_poll(answer: bytes | None, expected: tuple[Reason, str]) -> None:
    async with relay(0, answer=answer) as proxy:
        connection = ConnectionSettings(proxy=Proxy("127.0.0.1", proxy.port), connect_timeout=Seconds(0.3 if answer is None else PATIENCE))
        assert await failure(make_job(f"https://{VENDOR}", connection=connection)) == expected


async def test_the_vendor_s_certificate_is_verified_through_a_proxy(ca: trustme.CA, ca_file: Path) -> None:
    async with vendor(server_side(ca, "other.test")) as port, relay(port) as proxy:
        job = make_job(f"https://{VENDOR}", connection=ConnectionSettings(proxy=Proxy("127.0.0.1", proxy.port), ca_file=ca_file))
        assert (await failure(job))[0] is Reason.TLS


async def test_loopback_and_plain_http_bypass_the_proxy() -> None:
    async with vendor() as port, relay(port) as proxy:
        connection = ConnectionSettings(proxy=Proxy("127.0.0.1", proxy.port))
        assert (await poll(make_job(f"http://127.0.0.1:{port}", connection=connection))).quotas
        assert (await poll(make_job(f"http://{VENDOR}:{port}", connection=connection), Directory([("127.0.0.1", 0)]))).quotas
    assert proxy.heads == []


@pytest.mark.parametrize(("name", "used"), [("https_proxy", True), ("HTTPS_PROXY", True), ("http_proxy", False), ("HTTP_PROXY", False)])
def test_the_proxy_of_the_environment_is_used_only_where_it_is_configured(name: str, used: bool) -> None:  # noqa: FBT001 -- a case
    environ = {name: f"me:{PASSWORD}@proxy.test:3128", "NO_PROXY": f"a.test, .b.test {VENDOR}:444"}
    settings = ConnectionSettings(proxy_from_environment=True)
    expected = Proxy("proxy.test", 3128, f"me:{PASSWORD}") if used else None
    assert proxy_for(URL(f"https://{VENDOR}/x"), settings, environ) == expected
    assert proxy_for(URL(f"https://{VENDOR}/x"), ConnectionSettings(), environ) is None
    for exempt in ("a.test", "x.b.test", f"{VENDOR}:444"):
        assert proxy_for(URL(f"https://{exempt}/x"), settings, environ) is None


def test_lower_case_variables_take_precedence_and_empty_ones_are_ignored() -> None:
    assert environment_proxy({"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:2"}) == Proxy("lower", 2)
    assert environment_proxy({"HTTPS_PROXY": " ", "https_proxy": ""}) is None


async def test_an_unusable_proxy_of_the_environment_is_reported_without_its_value() -> None:
    job = make_job(f"https://{VENDOR}", connection=ConnectionSettings(proxy_from_environment=True))
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
def test_no_proxy_is_read_as_by_curl_and_go(entry: str, host: str, port: int, direct: bool) -> None:  # noqa: FBT001 -- a case
    assert is_direct(host, port, [entry]) is direct
