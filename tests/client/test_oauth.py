"""Access tokens: fetched with a refresh token, shared, and refreshed in time."""

from __future__ import annotations

import asyncio
import io
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from pydantic import SecretStr

from exporter.client.oauth import OAuthLogin, TokenSource
from exporter.client.secret_reader import SecretReader
from exporter.client.transport import Transport
from exporter.config.connection_settings import ConnectionSettings
from exporter.errors import PollError
from exporter.model import Reason, Seconds
from exporter.providers.response import MAX_BODY_BYTES
from tests.client.oauth import CLIENT, FIRST, access, failure, refresh, sent_tokens, text
from tests.client.token_endpoint import TokenEndpoint
from tests.support import CANARY, PATIENCE, FakeClock


async def test_the_request_is_a_form_of_a_public_client(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    assert await text(tokens, login) == access(1)
    [asked] = endpoint.requests
    assert asked.method == "POST"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.headers["Accept"] == "application/json"
    assert "Authorization" not in asked.headers
    assert asked.form == {"grant_type": "refresh_token", "refresh_token": FIRST, "client_id": CLIENT}


async def test_special_characters_of_a_refresh_token_are_encoded(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    odd = "a+b/c=&d%20e?f#g~!'\""
    endpoint.log_in(odd)
    login.refresh_token_file.write_text(odd)
    assert await text(tokens, login) == access(1)


@pytest.mark.parametrize(
    ("body", "token", "life", "kept"),
    [
        ({"token_type": "Bearer", "access_token": "AT", "expires_in": 864000, "refresh_token": "RT"}, "AT", 864_000 - 60, "RT"),
        ({"token_type": "Bearer", "access_token": "AT2", "expires_in": 1800}, "AT2", 1800 - 60, FIRST),
        (
            {"token_type": "Bearer", "access_token": "AT3", "expires_in": "3600", "refresh_token": "RT3", "scope": "openid profile email"},
            "AT3",
            3600 - 60,
            "RT3",
        ),
        ({"access_token": "AT"}, "AT", 3600 - 60, FIRST),
        ({"token_type": "bEARER", "access_token": "AT", "expires_in": None, "refresh_token": None}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": "soon", "refresh_token": ""}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": True}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": [60]}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": "1e999"}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": 10**400}, "AT", 3600 - 60, FIRST),
        ({"access_token": "AT", "expires_in": 119.5}, "AT", 59.75, FIRST),
        ({"access_token": "AT", "expires_in": 100}, "AT", 50, FIRST),
        ({"access_token": "AT", "expires_in": 29}, "AT", 15, FIRST),
        ({"access_token": "AT", "expires_in": 0}, "AT", 15, FIRST),
        ({"access_token": "AT", "expires_in": -5}, "AT", 15, FIRST),
    ],
)
async def test_an_access_token_is_used_until_shortly_before_it_expires(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock, body: Any, token: str, life: float, kept: str
) -> None:
    endpoint.set_response(body=body)
    assert await text(tokens, login) == token
    assert login.refresh_token_file.read_text().strip() == kept
    clock.now = life - 0.01
    assert await text(tokens, login) == token
    assert len(endpoint.requests) == 1
    clock.now = life
    assert await text(tokens, login) == token
    assert sent_tokens(endpoint) == [FIRST, kept]


async def test_the_lifetime_of_a_token_starts_with_the_request(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.before_response = lambda: setattr(clock, "now", 1000.0)
    assert await text(tokens, login) == access(1)
    clock.now = 3540.0
    assert await text(tokens, login) == access(2)


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


async def test_an_html_page_is_no_token(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    endpoint.html()
    assert (await failure(tokens, login)).reason is Reason.INVALID_RESPONSE


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


async def test_a_hundred_callers_share_one_request(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    endpoint.hold()
    callers = [asyncio.create_task(text(tokens, OAuthLogin(login.token_url, CLIENT, login.refresh_token_file))) for _ in range(100)]
    await endpoint.arrived(1)
    endpoint.clear()
    assert await asyncio.gather(*callers) == [access(1)] * 100
    assert len(endpoint.requests) == 1


async def test_accounts_that_connect_in_different_ways_share_the_tokens_of_a_login(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    other = replace(login, connection=ConnectionSettings(connect_timeout=Seconds(3.0)))
    first, second = await asyncio.gather(tokens.access_token(login), tokens.access_token(other))
    assert first == second
    assert len(endpoint.requests) == 1


async def test_different_logins_do_not_share_a_token(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text(FIRST)
    assert await text(tokens, login) == access(1)
    assert await text(tokens, OAuthLogin(login.token_url, CLIENT, other)) == access(2)
    assert await text(tokens, login) == access(1)


async def test_a_cancelled_caller_does_not_cancel_the_refresh_for_the_others(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    endpoint.hold()
    first, second = (asyncio.create_task(text(tokens, login)) for _ in range(2))
    await endpoint.arrived(1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await tokens.access_token(login)
    endpoint.clear()
    assert await second == access(1)
    assert len(endpoint.requests) == 1


async def test_a_refresh_without_callers_still_saves_the_new_refresh_token(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    endpoint.rotates = True
    endpoint.hold()
    caller = asyncio.create_task(text(tokens, login))
    await endpoint.arrived(1)
    caller.cancel()
    endpoint.clear()
    await tokens.close()
    assert login.refresh_token_file.read_text() == refresh(1)
    assert await text(tokens, login) == access(1)
    assert len(endpoint.requests) == 1


async def test_a_failed_refresh_fails_all_callers_and_the_next_call_tries_again(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    endpoint.set_response(503, {})
    endpoint.hold()
    callers = [asyncio.create_task(text(tokens, login)) for _ in range(10)]
    await endpoint.arrived(1)
    endpoint._open.set()
    errors = await asyncio.gather(*callers, return_exceptions=True)
    assert [error.reason for error in errors if isinstance(error, PollError)] == [Reason.SERVER_ERROR] * 10
    assert len({id(error) for error in errors}) == 10
    assert len(endpoint.requests) == 1
    endpoint.clear()
    assert await text(tokens, login) == access(1)


async def test_a_failure_without_callers_is_not_reported(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    endpoint.set_response(503, {})
    endpoint.hold()
    caller = asyncio.create_task(text(tokens, login))
    await endpoint.arrived(1)
    caller.cancel()
    endpoint._open.set()
    await tokens.close()
    assert caller.cancelled()
    assert len(endpoint.requests) == 1


async def test_closing_without_a_running_refresh_returns_at_once(tokens: TokenSource, login: OAuthLogin) -> None:
    await tokens.close()
    await text(tokens, login)
    await tokens.close()


async def test_a_refused_access_token_is_replaced_once_and_not_in_a_loop(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    first = await tokens.access_token(login)
    assert tokens.discard(login, first)
    second = await tokens.access_token(login)
    assert second == SecretStr(access(2))
    for _ in range(5):
        assert not tokens.discard(login, second)
        assert await tokens.access_token(login) == second
    clock.now = 1799.0
    assert not tokens.discard(login, second)
    clock.now = 1800.0
    assert tokens.discard(login, second)
    assert await text(tokens, login) == access(3)
    assert len(endpoint.requests) == 3


async def test_a_long_lived_token_is_refreshed_after_an_hour_of_refusals(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.expires_in = 864_000
    assert tokens.discard(login, await tokens.access_token(login))
    second = await tokens.access_token(login)
    clock.now = 3599.0
    assert not tokens.discard(login, second)
    clock.now = 3600.0
    assert tokens.discard(login, second)


async def test_late_refusals_of_an_old_token_do_not_discard_the_new_one(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    first = await tokens.access_token(login)
    for _ in range(100):
        assert tokens.discard(login, first)
        assert await text(tokens, login) == access(2)
    assert len(endpoint.requests) == 2


async def test_a_new_login_is_used_while_refusals_cause_no_refresh(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint) -> None:
    tokens.discard(login, await tokens.access_token(login))
    second = await tokens.access_token(login)
    endpoint.log_in(f"{CANARY}-again")
    login.refresh_token_file.write_text(f"{CANARY}-again")
    assert await text(tokens, login) == access(2)
    assert not tokens.discard(login, second)
    endpoint.set_response(503, {})
    assert (await failure(tokens, login)).reason is Reason.SERVER_ERROR
    endpoint.clear()
    assert await text(tokens, login) == access(3)
    assert sent_tokens(endpoint)[2:] == [f"{CANARY}-again"] * 2


async def test_no_token_is_logged(tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint, log: io.StringIO) -> None:
    asyncio.get_running_loop().set_debug(True)
    logging.getLogger("asyncio").setLevel(logging.DEBUG)
    endpoint.rotates = True
    for status in (500, 400):
        endpoint.set_response(status, {"error": CANARY})
        await failure(tokens, login)
    endpoint.clear()
    endpoint.log_in("another")
    login.refresh_token_file.write_text("another")
    token = await tokens.access_token(login)
    assert token.get_secret_value() == access(1)
    assert CANARY not in f"{token} {token!r} {login!r} {vars(tokens)!r} {asyncio.all_tasks()!r} {endpoint.requests!r}"
    assert CANARY not in log.getvalue()
