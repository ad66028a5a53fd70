"""Which requests are admitted, and the headers of every response."""

from __future__ import annotations

import asyncio

import pytest

from exporter.model import Seconds
from exporter.web.limits import RateLimiter
from exporter.web.web_config.password_checker import PasswordChecker
from exporter.web.web_config.web_config import WebConfig
from tests.support import PATIENCE
from tests.web.web_config.support import ALICE, BOB, EMPTY, Protected, basic, protected

USERS = {"alice": ALICE, "bob": BOB, "nobody": EMPTY, "élise": ALICE}
GOOD = basic("alice", "wonderland")
HEADERS = {"X-Frame-Options": "deny", "Content-Security-Policy": "default-src 'none'"}


async def send(server: Protected, request: str) -> bytes:
    """Send text as it is, and read until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request.replace("\n", "\r\n").encode("latin-1"))
    answer = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "line",
    [
        "GET / HTTP/1.1",
        "GET / HTTP/1.0",
        "HEAD / HTTP/1.1",
        "POST / HTTP/1.1",
        "OPTIONS / HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "TRACE / HTTP/1.1",
        "PROPFIND / HTTP/1.1",
        "GET // HTTP/1.1",
        "GET /. HTTP/1.1",
        "GET /%2e%2e/ HTTP/1.1",
        "GET /%2F HTTP/1.1",
        "GET /?user=alice HTTP/1.1",
        "GET /nowhere HTTP/1.1",
        "GET /-/healthy HTTP/1.1",
        "GET http://alice:wonderland@127.0.0.1/ HTTP/1.1",
        "GET http://127.0.0.1/nowhere HTTP/1.1",
        "CONNECT 127.0.0.1:80 HTTP/1.1",
    ],
)
async def test_no_request_is_admitted_without_credentials(line: str) -> None:
    async with protected(WebConfig(users=USERS, headers=HEADERS)) as server:
        answer = await send(server, f"{line}\nHost: a\nConnection: close\n\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.split()[1] == b"401"
        assert b'WWW-Authenticate: Basic realm="ai-account-exporter", charset="UTF-8"' in head.split(b"\r\n")
        assert b"X-Frame-Options: deny" in head.split(b"\r\n")
        assert body == (b"" if line.startswith("HEAD") else b"user name and password required\n")
        assert server.seen == []


@pytest.mark.parametrize(
    "header",
    [
        "Authorization:",
        "Authorization: Basic",
        "Authorization: Basic ",
        "Authorization: Basic Og==",
        "Authorization: Basic YWxpY2U=",
        "Authorization: Basic YWxpY2U6d29uZGVybGFuZ",
        "Authorization: Basic YWxpY2U6d29uZGVybGFuZA==!",
        "Authorization: Basic YWxp Y2U6d29uZGVybGFuZA==",
        "Authorization: Basic \xff\xfe",
        "Authorization: Basic /////w==",
        "Authorization: Bearer YWxpY2U6d29uZGVybGFuZA==",
        "Authorization: Basicly YWxpY2U6d29uZGVybGFuZA==",
        "Authorization: Basic,YWxpY2U6d29uZGVybGFuZA==",
        f"Authorization: {GOOD}\nAuthorization: {GOOD}",
        f"Authorization: Basic Og==\nAuthorization: {GOOD}",
        f"Authorization: {GOOD}, {GOOD}",
        f"Proxy-Authorization: {GOOD}",
        f"X-Authorization: {GOOD}",
        f"Authorization: {basic('alice', 'rubble')}",
        f"Authorization: {basic('alice', '')}",
        f"Authorization: {basic('', 'wonderland')}",
        f"Authorization: {basic('', '')}",
        f"Authorization: {basic('Alice', 'wonderland')}",
        f"Authorization: {basic('alice ', 'wonderland')}",
        f"Authorization: {basic('alice', 'wonderland:')}",
        f"Authorization: {basic('alice', 'wonderland' + chr(0))}",
        f"Authorization: {basic('alice', ALICE)}",
        f"Authorization: {basic('mallory', 'wonderland')}",
        f"Authorization: {basic('alice', 'wonderland' + 'x' * 80)}",
        f"Authorization: {basic('nobody', 'x' * 73)}",
        "Authorization: Basic bm9ib2R5",
        "Expect: 100-continue",
    ],
)
async def test_wrong_credentials_are_refused(header: str) -> None:
    async with protected(WebConfig(users=USERS)) as server:
        answer = await send(server, f"GET / HTTP/1.1\nHost: a\nConnection: close\n{header}\n\n")
        assert b"HTTP/1.1 401 " in answer
        assert b"secret page" not in answer
        assert server.seen == []


@pytest.mark.parametrize("expected", ["miracles", "100-continue"])
async def test_an_expectation_gets_no_response_before_the_access_control(expected: str) -> None:
    async with protected(WebConfig(users=USERS, headers=HEADERS)) as server:
        answer = await send(server, f"GET / HTTP/1.1\nHost: a\nConnection: close\nExpect: {expected}\n\n")
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"X-Frame-Options: deny" in answer
        assert server.seen == []


@pytest.mark.parametrize(
    "login",
    [
        GOOD,
        GOOD.replace("Basic", "bAsIc"),
        GOOD.replace(" ", "   "),
        basic("bob", "rubble"),
        basic("nobody", ""),
        basic("élise", "wonderland"),
    ],
)
async def test_correct_credentials_are_admitted_everywhere(login: str) -> None:
    async with protected(WebConfig(users=USERS)) as server:
        statuses = [
            await server.status(path, method, Authorization=login) for path, method in (("/", "GET"), ("/x", "GET"), ("/", "DELETE"))
        ]
        assert statuses == [200, 404, 405]


async def test_without_users_no_credentials_are_needed() -> None:
    async with protected(WebConfig()) as server:
        assert [await server.status(), await server.status(Authorization="nonsense")] == [200, 200]


async def test_the_configured_headers_are_on_every_answer_and_replace_those_of_the_page() -> None:
    asked = [
        ("/", "GET", GOOD),
        ("/nowhere", "GET", GOOD),
        ("/", "POST", GOOD),
        ("/broken", "GET", GOOD),
        ("/", "GET", ""),
        ("/", "GET", GOOD),
    ]
    found = []
    async with protected(WebConfig(users=USERS, headers=HEADERS, rate_limit=(Seconds(1.0), 5)), clock=lambda: 0.0) as server:
        for path, method, login in asked:
            async with server.ask(path, method, Authorization=login) as response:
                found.append(response.status)
                assert {name: response.headers.getall(name) for name in HEADERS} == {name: [value] for name, value in HEADERS.items()}
    assert found == [200, 404, 405, 500, 401, 429]


async def test_new_headers_apply_at_once() -> None:
    async with protected(WebConfig(headers=HEADERS)) as server:
        server.apply(WebConfig(headers={"X-XSS-Protection": "0"}))
        async with server.ask() as response:
            assert response.headers["X-XSS-Protection"] == "0"
            assert response.headers["X-Frame-Options"] == "allow"
            assert "Content-Security-Policy" not in response.headers


async def test_a_burst_is_admitted_and_then_one_request_for_each_interval() -> None:
    now = 100.0
    async with protected(WebConfig(rate_limit=(Seconds(2.5), 2)), clock=lambda: now) as server:
        assert [await server.status() for _ in range(3)] == [200, 200, 429]
        async with server.ask("/nowhere") as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "3")
        now += 2.4
        assert await server.status() == 429
        now += 0.1
        assert [await server.status(), await server.status()] == [200, 429]
        now += 1000
        assert [await server.status() for _ in range(3)] == [200, 200, 429]
        assert server.seen == ["/"] * 5


def test_rounding_of_times_refuses_no_request() -> None:
    limiter = RateLimiter(Seconds(0.1), 3)
    assert [limiter.take(0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert limiter.take(0.0) == pytest.approx(0.1)
    assert [limiter.take(0.1), limiter.take(0.2), limiter.take(0.3)] == [0.0, 0.0, 0.0]


async def test_the_rate_limit_applies_before_passwords_are_checked() -> None:
    checked = []

    def check(password: bytes, _stored: bytes) -> bool:
        checked.append(password)
        return False

    async with protected(WebConfig(users=USERS, rate_limit=(Seconds(1.0), 1)), PasswordChecker(check), clock=lambda: 0.0) as server:
        assert [await server.status(Authorization=basic("alice", str(guess))) for guess in range(4)] == [401, 429, 429, 429]
    assert checked == [b"0"]


async def test_a_reload_keeps_the_tokens_unless_the_limit_has_changed() -> None:
    async with protected(WebConfig(rate_limit=(Seconds(60.0), 1)), clock=lambda: 0.0) as server:
        assert await server.status() == 200
        server.apply(WebConfig(rate_limit=(Seconds(60.0), 1)))
        assert await server.status() == 429
        server.apply(WebConfig(rate_limit=(Seconds(60.0), 2)))
        assert await server.status() == 200
        server.apply(WebConfig())
        assert [await server.status() for _ in range(3)] == [200, 200, 200]


async def test_probes_do_not_use_up_the_rate_limit() -> None:
    config = WebConfig(rate_limit=(Seconds(60.0), 1))
    async with protected(config, clock=lambda: 0.0) as server:
        assert [await server.status("/-/healthy") for _ in range(3)] == [200, 200, 200]
        assert [await server.status() for _ in range(2)] == [200, 429]
        assert await server.status("/-/healthy") == 200


async def test_a_probe_counts_against_the_rate_limit_while_its_password_must_be_checked() -> None:
    config = WebConfig(users=USERS, rate_limit=(Seconds(60.0), 2))
    async with protected(config, clock=lambda: 0.0) as server:
        assert await server.status("/-/healthy", Authorization=GOOD) == 200
        assert await server.status("/-/healthy", Authorization=basic("alice", "guess")) == 401
        assert await server.status("/-/healthy", Authorization=basic("alice", "another guess")) == 429
        assert await server.status("/-/healthy") == 429
        assert await server.status("/-/healthy", Authorization=GOOD) == 200
