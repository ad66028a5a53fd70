"""Access tokens: requested with a refresh token, used until they expire, and replaced when the vendor refuses them."""

from __future__ import annotations

import asyncio
import io
import logging
from typing import Any

import pytest
from pydantic import SecretStr

from exporter.client.oauth import OAuthLogin, TokenSource
from exporter.model import Reason
from tests.client.oauth import CLIENT, FIRST, access, failure, sent_tokens, text
from tests.client.token_endpoint import TokenEndpoint
from tests.support import CANARY, FakeClock


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
    assert not tokens.discard(login, second)
    endpoint.log_in(f"{CANARY}-again")
    login.refresh_token_file.write_text(f"{CANARY}-again")
    endpoint.set_response(503, {})
    assert (await failure(tokens, login)).reason is Reason.SERVER_ERROR
    endpoint.clear()
    assert await text(tokens, login) == access(3)
    assert sent_tokens(endpoint)[2:] == [f"{CANARY}-again"] * 2


async def test_a_valid_access_token_is_used_while_the_file_cannot_be_read(
    tokens: TokenSource, login: OAuthLogin, endpoint: TokenEndpoint
) -> None:
    first = await text(tokens, login)
    login.refresh_token_file.unlink()
    assert await text(tokens, login) == first
    login.refresh_token_file.write_text("")
    assert await text(tokens, login) == first
    assert len(endpoint.requests) == 1


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
