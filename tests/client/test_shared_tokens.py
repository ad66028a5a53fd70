"""Accounts of one login share its tokens and each refresh; a caller that leaves ends it for no other."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.client.oauth import OAuthLogin, TokenSource
from exporter.config.connection_settings import ConnectionSettings
from exporter.errors import PollError
from exporter.model import Reason, Seconds
from tests.client.oauth import CLIENT, FIRST, access, refresh, text
from tests.client.token_endpoint import TokenEndpoint


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
