"""Accounts whose access tokens are fetched with a refresh token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from exporter.client.client import Client
from exporter.config.credentials import Login, SecretSource
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import Reason
from exporter.providers.library import load_definitions
from exporter.simulator.heygen import Wallet
from exporter.simulator.simulator import SimulatedAccount, Simulator
from exporter.simulator.usage import Balance
from tests.client.token_endpoint import TokenEndpoint
from tests.support import FakeClock, make_job

TOKENS = ("access-1", "access-2", "access-3")


@pytest.fixture
async def vendor() -> AsyncIterator[Simulator]:
    async with Simulator(
        SimulatedAccount("heygen", token, Wallet("demo", Balance(start=42.5, rate=0)), "access_token") for token in TOKENS
    ) as running:
        yield running


@pytest.fixture
async def endpoint() -> AsyncIterator[TokenEndpoint]:
    async with TokenEndpoint("refresh-0", rotates=True) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "refresh"
    path.write_text("refresh-0\n")
    return path


@pytest.fixture
def new_job(vendor: Simulator, endpoint: TokenEndpoint, file: Path) -> Callable[..., Job]:
    def make(account: str = "demo") -> Job:
        definition = load_definitions()["heygen"]
        credential = definition.credentials["access_token"].model_copy(update={"token_url": endpoint.url})
        definition = definition.model_copy(update={"credentials": {**definition.credentials, "access_token": credential}})
        source = SecretSource(oauth2=Login(client_id="exporter", refresh_token_file=file))
        return replace(make_job(vendor.url, "heygen", account=account), definition=definition, credential="access_token", secret=source)

    return make


@pytest.fixture
async def client(session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    made = Client(session, {}, FakeClock().clock)
    yield made
    await made.close()


async def test_a_login_is_sufficient_for_polls(client: Client, new_job: Callable[..., Job], vendor: Simulator, file: Path) -> None:
    reading = await client.poll(new_job())
    assert str(reading.quotas[0].remaining) == "42.5"
    assert [request.headers["Authorization"] for request in vendor.requests] == ["Bearer access-1"]
    assert file.read_text() != "refresh-0\n"


async def test_accounts_of_one_login_fetch_one_token(client: Client, new_job: Callable[..., Job], endpoint: TokenEndpoint) -> None:
    await asyncio.gather(*(client.poll(new_job(f"account {number}")) for number in range(30)))
    assert len(endpoint.requests) == 1


async def test_a_refused_token_is_replaced_once(
    client: Client, new_job: Callable[..., Job], vendor: Simulator, endpoint: TokenEndpoint
) -> None:
    await client.poll(new_job())
    refusal = {"error": {"code": "authentication_failed", "message": "expired"}}
    vendor.set_response("access-1", status=401, body=refusal)
    await client.poll(new_job())
    assert len(endpoint.requests) == 2
    vendor.set_response("access-2", status=401, body=refusal)
    with pytest.raises(PollError) as caught:
        await client.poll(new_job())
    assert caught.value.reason is Reason.UNAUTHORIZED
    assert len(endpoint.requests) == 2


async def test_another_token_is_not_sent_before_the_retry_after_of_the_refusal_ends(
    client: Client, new_job: Callable[..., Job], vendor: Simulator
) -> None:
    vendor.set_response("access-1", status=401, body={}, headers={"Retry-After": "60"})
    with pytest.raises(PollError) as caught:
        await client.poll(new_job())
    assert (caught.value.reason, caught.value.retry_after) == (Reason.UNAUTHORIZED, 60)
    await client.poll(new_job())
    assert [request.headers["Authorization"] for request in vendor.requests] == ["Bearer access-1", "Bearer access-2"]


@pytest.mark.parametrize("status", [402, 403, 429, 500])
async def test_only_a_refused_token_is_replaced(
    client: Client, new_job: Callable[..., Job], vendor: Simulator, endpoint: TokenEndpoint, status: int
) -> None:
    vendor.set_response("access-1", status=status, body={})
    with pytest.raises(PollError):
        await client.poll(new_job())
    assert (len(vendor.requests), len(endpoint.requests)) == (1, 1)


async def test_the_error_of_a_refused_login_says_what_to_do(client: Client, new_job: Callable[..., Job], endpoint: TokenEndpoint) -> None:
    endpoint.set_response(400, {"error": "invalid_grant"})
    with pytest.raises(PollError) as caught:
        await client.poll(new_job())
    assert caught.value.reason is Reason.CREDENTIAL
    assert "log in again" in str(caught.value)


async def test_requests_that_need_a_key_are_not_sent_with_a_login(client: Client, new_job: Callable[..., Job], vendor: Simulator) -> None:
    await client.poll(new_job())
    assert {request.path for request in vendor.requests} == {"/v3/users/me"}
