"""Failures of the token endpoint: none is a token, none changes the file, and each has its reason and its wait."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Final

import aiohttp
import pytest

from exporter.client.oauth import OAuthLogin, TokenSource
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import Transport
from exporter.config.connection_settings import ConnectionSettings
from exporter.model import Reason, Seconds
from exporter.providers.response import MAX_BODY_BYTES
from tests.client.oauth import CLIENT, FIRST, access, failure, text
from tests.client.token_endpoint import TokenEndpoint
from tests.support import CANARY, PATIENCE, FakeClock

INVALID: Final[list[tuple[str, dict[str, Any]]]] = [
    ("html", {"content": f"<!DOCTYPE html>{CANARY}".encode(), "headers": {"Content-Type": "text/html"}}),
    ("nothing", {"content": b""}),
    ("no content", {"status": 204, "content": b""}),
    ("null", {"body": None}),
    ("array", {"body": [CANARY]}),
    ("text", {"body": CANARY}),
    ("cut off", {"content": b'{"access_token": "' + CANARY.encode()}),
    ("deep", {"content": b"[" * 60_000}),
    ("latin-1", {"content": b'{"access_token": "caf\xe9"}'}),
    ("no token", {"body": {"token_type": "Bearer", "refresh_token": f"{CANARY}-new"}}),
    ("empty token", {"body": {"access_token": ""}}),
    ("number for a token", {"body": {"access_token": 7}}),
    ("space in the token", {"body": {"access_token": f"{CANARY} x"}}),
    ("line break in the token", {"body": {"access_token": f"{CANARY}\r\nX-Other: 1"}}),
    ("line break after the token", {"body": {"access_token": f"{CANARY}\n"}}),
    ("letters beyond ASCII", {"body": {"access_token": f"{CANARY}ü"}}),
    ("other kind", {"body": {"token_type": "mac", "access_token": CANARY}}),
    ("kind is no text", {"body": {"token_type": ["Bearer"], "access_token": CANARY}}),
    ("bad new refresh token", {"body": {"access_token": CANARY, "refresh_token": f"{CANARY} x"}}),
    ("list for a refresh token", {"body": {"access_token": CANARY, "refresh_token": [CANARY]}}),
    ("too large", {"content": b'{"access_token": "' + CANARY.encode() + b'"}' + b" " * MAX_BODY_BYTES}),
    ("called compressed", {"content": b'{"access_token": "AT"}', "headers": {"Content-Encoding": "zstd"}}),
    ("redirect", {"status": 302, "content": b"", "headers": {"Location": f"/elsewhere?{CANARY}"}}),
    ("redirect that keeps the form", {"status": 307, "content": b"", "headers": {"Location": f"/elsewhere?{CANARY}"}}),
]


@pytest.mark.parametrize("answer", [answer for _, answer in INVALID], ids=[name for name, _ in INVALID])
async def test_an_invalid_response_is_no_token_and_changes_no_file(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, answer: dict[str, Any]
) -> None:
    endpoint.set_response(**answer)
    error = await failure(tokens, login)
    assert error.reason is Reason.INVALID_RESPONSE
    assert login.refresh_token_file.read_text() == f"{FIRST}\n"
    assert len(endpoint.requests) == 1
    endpoint.clear()
    assert await text(tokens, login) == access(1)


@pytest.mark.parametrize(
    ("status", "headers", "reason", "wait"),
    [
        (429, {}, Reason.RATE_LIMITED, None),
        (429, {"Retry-After": "120"}, Reason.RATE_LIMITED, 120.0),
        (500, {"Retry-After": "120"}, Reason.SERVER_ERROR, 120.0),
        (502, {}, Reason.SERVER_ERROR, None),
        (503, {"Retry-After": "7"}, Reason.SERVER_ERROR, 7.0),
        (403, {}, Reason.FORBIDDEN, None),
        (404, {}, Reason.CLIENT_ERROR, None),
    ],
)
async def test_after_other_errors_the_next_call_tries_again(
    tokens: TokenSource,
    login: OAuthLogin,
    endpoint: TokenEndpoint,
    clock: FakeClock,
    status: int,
    headers: dict[str, str],
    reason: Reason,
    wait: float | None,
) -> None:
    endpoint.set_response(status, {"error": "invalid_grant", "error_description": CANARY}, headers=headers)
    error = await failure(tokens, login)
    assert (error.reason, error.retry_after) == (reason, wait)
    assert str(status) in str(error)
    endpoint.clear()
    clock.now += wait or 0
    assert await text(tokens, login) == access(1)


async def test_no_account_of_a_login_asks_before_the_retry_after_of_the_token_endpoint_ends(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.set_response(429, {}, headers={"Retry-After": "120"})
    assert (await failure(tokens, login)).retry_after == 120
    endpoint.clear()
    clock.now += 50
    other = await failure(tokens, replace(login, connection=ConnectionSettings(connect_timeout=Seconds(3.0))))
    assert (other.reason, str(other), other.retry_after) == (Reason.RATE_LIMITED, "token endpoint: HTTP 429", 70)
    assert len(endpoint.requests) == 1
    clock.now += 70
    assert await text(tokens, login) == access(1)


@pytest.mark.parametrize(
    "answer", [{"status": 400, "body": {}}, {"status": 401, "body": {}}, {"content": b"busy"}, {"body": {"error": "slow_down"}}], ids=str
)
async def test_the_retry_after_of_a_refusal_and_of_an_invalid_response_is_kept_too(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock, answer: dict[str, Any]
) -> None:
    endpoint.set_response(**answer, headers={"Retry-After": "120"})
    assert (await failure(tokens, login)).retry_after == 120
    endpoint.clear()
    endpoint.log_in("another-login")
    login.refresh_token_file.write_text("another-login")
    clock.now += 119
    assert (await failure(tokens, login)).retry_after == 1
    assert len(endpoint.requests) == 1
    clock.now += 1
    assert await text(tokens, login) == access(1)


async def test_the_wait_of_a_login_is_limited(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock) -> None:
    login = replace(login, max_retry_after=Seconds(60.0))
    endpoint.set_response(429, {}, headers={"Retry-After": "120"})
    await failure(tokens, login)
    endpoint.clear()
    clock.now += 60
    assert await text(tokens, login) == access(1)


async def test_a_connection_fault_has_the_same_reason_as_in_a_poll(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    await endpoint.stop()
    error = await failure(tokens, OAuthLogin(f"{login.token_url}?secret={CANARY}", CLIENT, login.refresh_token_file))
    assert error.reason is Reason.CONNECTION
    assert str(error) == "token endpoint: Connection refused"


async def test_a_hanging_endpoint_times_out(
    session: aiohttp.ClientSession, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    tokens = TokenSource(Transport(session, {}, clock.clock), SecretReader({}), timeout=Seconds(0.1))
    endpoint.hold()
    async with asyncio.timeout(PATIENCE):
        error = await failure(tokens, login)
    assert (error.reason, str(error)) == (Reason.TIMEOUT, "token endpoint: no complete response within 0.1s")
