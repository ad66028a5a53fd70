from __future__ import annotations

import asyncio
import gzip
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from exporter.client.client import Client
from exporter.config.credentials import SecretSource
from exporter.config.job import Job
from exporter.errors import PollError
from exporter.model import Reason, Seconds
from exporter.providers.response import MAX_BODY_BYTES
from exporter.simulator.faults import Fault
from exporter.simulator.simulator import Simulator
from tests.client.support import answering
from tests.support import ACCOUNTS, CANARY, PATIENCE, FakeClock, MakeJob, make_job, secret_of

GOOD = b'{"code":1000,"data":{"credits_left":"7.5"},"message":"ok"}'

EXPECTED: dict[Fault, Reason] = {
    Fault.BAD_KEY: Reason.UNAUTHORIZED,
    Fault.RATE_LIMITED: Reason.RATE_LIMITED,
    Fault.SERVER_ERROR: Reason.SERVER_ERROR,
    Fault.HTML: Reason.SERVER_ERROR,
    Fault.HTML_200: Reason.INVALID_RESPONSE,
    Fault.EMPTY: Reason.INVALID_RESPONSE,
    Fault.NULL: Reason.INVALID_RESPONSE,
    Fault.ARRAY: Reason.INVALID_RESPONSE,
    Fault.NOT_JSON: Reason.INVALID_RESPONSE,
    Fault.INVALID_UTF8: Reason.INVALID_RESPONSE,
    Fault.REDIRECT: Reason.INVALID_RESPONSE,
    Fault.HANG: Reason.TIMEOUT,
    Fault.DRIP: Reason.TIMEOUT,
    Fault.RESET: Reason.CONNECTION,
    Fault.TRUNCATED: Reason.CONNECTION,
    Fault.TRUNCATED_GZIP: Reason.INVALID_RESPONSE,
    Fault.BAD_GZIP: Reason.INVALID_RESPONSE,
    Fault.GZIP_BOMB: Reason.INVALID_RESPONSE,
    Fault.OVERSIZED: Reason.INVALID_RESPONSE,
    Fault.NOT_HTTP: Reason.CONNECTION,
}
PER_VENDOR: dict[tuple[str, Fault], Reason] = {
    ("heygen", Fault.NO_PERMISSION): Reason.FORBIDDEN,
    ("elevenlabs", Fault.NO_PERMISSION): Reason.FORBIDDEN,
    ("liveavatar", Fault.NO_PERMISSION): Reason.UNAUTHORIZED,
    ("heygen", Fault.QUOTA_EXHAUSTED): Reason.QUOTA_EXHAUSTED,
    ("elevenlabs", Fault.QUOTA_EXHAUSTED): Reason.QUOTA_EXHAUSTED,
}
CASES = [(account.provider, fault, reason) for account in ACCOUNTS for fault, reason in EXPECTED.items()]
CASES += [(provider, fault, reason) for (provider, fault), reason in PER_VENDOR.items()]


async def failure(client: Client, job: Job) -> PollError:
    with pytest.raises(PollError) as caught:
        await client.poll(job)
    return caught.value


async def test_a_poll_returns_the_remaining_amount(client: Client, job: MakeJob) -> None:
    reading = await client.poll(job("liveavatar"))
    assert [(quota.resource, quota.unit, quota.remaining) for quota in reading.quotas] == [("credits", "credits", Decimal(1010))]


@pytest.mark.parametrize(("provider", "fault", "reason"), CASES, ids=str)
async def test_every_fault_has_its_reason(
    client: Client, simulator: Simulator, job: MakeJob, provider: str, fault: Fault, reason: Reason
) -> None:
    simulator.set_fault(secret_of(provider), fault)
    patience = Seconds(0.2 if reason is Reason.TIMEOUT else PATIENCE)
    error = await failure(client, job(provider, timeout=patience))
    assert error.reason is reason
    assert CANARY not in str(error)
    assert "127.0.0.1" not in str(error)


async def test_every_fault_has_a_case() -> None:
    assert set(Fault) == {*EXPECTED, Fault.NO_PERMISSION, Fault.QUOTA_EXHAUSTED}


async def test_a_missing_permission_is_named(client: Client, simulator: Simulator, job: MakeJob) -> None:
    simulator.set_fault(secret_of("elevenlabs"), Fault.NO_PERMISSION)
    assert "needs the permission user_read" in str(await failure(client, job("elevenlabs")))


async def test_a_redirect_is_not_followed(client: Client, simulator: Simulator, job: MakeJob) -> None:
    async with Simulator(ACCOUNTS) as elsewhere:
        for account in ACCOUNTS:
            simulator.set_fault(account.secret, Fault.REDIRECT, location=f"{elsewhere.url}/v1/user")
            await failure(client, job(account.provider))
        assert not elsewhere.requests


async def test_the_request_has_the_user_agent_and_the_key_in_its_header(client: Client, simulator: Simulator, job: MakeJob) -> None:
    await client.poll(job("elevenlabs"))
    [request] = simulator.requests
    assert request.headers["User-Agent"] == "ai-account-exporter/test"
    assert request.headers["xi-api-key"] == secret_of("elevenlabs")
    assert request.headers["Accept"] == "application/json"
    assert "Cookie" not in request.headers


async def test_one_account_s_cookie_never_reaches_another(client: Client, simulator: Simulator, job: MakeJob) -> None:
    simulator.set_response(secret_of("liveavatar"), content=GOOD, headers={"Set-Cookie": "la_session=mine"})
    for provider in ("liveavatar", "heygen", "liveavatar"):
        await client.poll(job(provider))
    assert not [request for request in simulator.requests if "Cookie" in request.headers]


@pytest.mark.parametrize("compressed", [False, True])
async def test_the_limit_of_a_body_is_exact(client: Client, simulator: Simulator, job: MakeJob, compressed: bool) -> None:  # noqa: FBT001 -- a case
    def set_response(size: int) -> None:
        content = GOOD + b" " * (size - len(GOOD))
        headers = {"Content-Encoding": "gzip"} if compressed else {}
        simulator.set_response(secret_of("liveavatar"), content=gzip.compress(content) if compressed else content, headers=headers)

    set_response(MAX_BODY_BYTES)
    assert (await client.poll(job())).quotas
    set_response(MAX_BODY_BYTES + 1)
    assert (await failure(client, job())).reason is Reason.INVALID_RESPONSE


async def test_a_wrong_content_type_alone_is_no_fault(client: Client, simulator: Simulator, job: MakeJob) -> None:
    simulator.set_response(secret_of("liveavatar"), content=GOOD, headers={"Content-Type": "text/html"})
    assert (await client.poll(job())).quotas


async def test_a_closed_port_is_a_connection_failure(client: Client, unused_tcp_port: int) -> None:
    error = await failure(client, make_job(f"http://127.0.0.1:{unused_tcp_port}"))
    assert (error.reason, str(error)) == (Reason.CONNECTION, "Connection refused")  # the reason is shown before it


async def test_a_name_that_does_not_resolve_is_a_connection_failure(client: Client) -> None:
    error = await failure(client, make_job("https://no-such-host.invalid"))
    assert (error.reason, str(error)) == (Reason.CONNECTION, "the host name could not be resolved")


async def test_the_timeout_is_on_the_whole_poll(client: Client, job: MakeJob, simulator: Simulator) -> None:
    simulator.set_fault(secret_of("heygen"), Fault.DRIP)
    async with asyncio.timeout(PATIENCE):  # the response never ends
        error = await failure(client, job("heygen", timeout=Seconds(0.3)))
    assert (error.reason, str(error)) == (Reason.TIMEOUT, "no complete response within 0.3s")


async def test_a_secret_file_is_read_for_every_poll(client: Client, job: MakeJob, simulator: Simulator, tmp_path: Path) -> None:
    file = tmp_path / "key"
    source = SecretSource(file=file)
    assert (await failure(client, job(secret=source))).reason is Reason.CREDENTIAL
    file.write_text("wrong\n")
    assert (await failure(client, job(secret=source))).reason is Reason.UNAUTHORIZED
    file.write_text(f"{secret_of('liveavatar')}\n")
    assert (await client.poll(job(secret=source))).quotas
    assert len(simulator.requests) == 2


async def test_a_variable_is_read_from_the_given_environment(session: aiohttp.ClientSession, job: MakeJob) -> None:
    source = SecretSource(env="KEY")
    assert (await Client(session, {"KEY": secret_of("liveavatar")}, FakeClock().clock).poll(job(secret=source))).quotas
    assert (await failure(Client(session, {}, FakeClock().clock), job(secret=source))).reason is Reason.CREDENTIAL


async def test_a_base_url_may_have_a_path(client: Client) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(body=GOOD) if request.path == "/gateway/v1/users/credits" else web.Response(status=404)

    async with answering(answer) as url:
        assert (await client.poll(make_job(f"{url}/gateway"))).quotas
