from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest

from exporter.simulator.heygen import Subscription, Wallet
from exporter.simulator.simulator import MAX_REQUESTS_KEPT, SimulatedAccount, Simulator
from exporter.simulator.usage import Balance, Usage
from tests.simulator.support import ACCOUNTS, CREDITS, KEY_HEADERS, NOW, PATHS, WALLET, WORKSPACE, Clock, Response, ask, body_of, get
from tests.support import PATIENCE

TOKEN = SimulatedAccount("heygen", "hg-token", Subscription("web", "pro", 600, Usage(0, 1, 500), Balance(5, 0)), "access_token")
VENDORS = pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.provider)
BAD_KEY = {
    "heygen": (401, {"error": {"code": "authentication_failed", "message": ..., "param": None, "doc_url": None}}),
    "elevenlabs": (401, {"detail": {"status": "invalid_api_key", "message": ...}}),
    "liveavatar": (401, {"code": 4010, "data": None, "message": ...}),
}
NOT_FOUND = (404, {"error": {"code": "not_found", "message": ...}})


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator([*ACCOUNTS, TOKEN], monotonic=Clock(7_000), wall=Clock(NOW)) as simulator:
        yield simulator


def without_message(answer: Response) -> tuple[int, object]:
    """The status and the body, without the message text."""
    body = json.loads(answer.content, object_hook=lambda fields: fields | {"message": ...} if fields.get("message") else fields)
    return answer.status, body


@VENDORS
async def test_each_vendor_answers_its_own_key(simulator: Simulator, account: SimulatedAccount) -> None:
    answer = await ask(simulator.url, account)
    assert (answer.status, answer.body) == (200, body_of(account, 0, NOW))
    assert answer.headers["Content-Type"] == "application/json"


async def test_a_bearer_token_sees_the_web_plan(simulator: Simulator) -> None:
    answer = await get(simulator.url + PATHS["heygen"], {"Authorization": "Bearer hg-token"})
    assert (answer.status, answer.body) == (200, body_of(TOKEN, 0, NOW))


@VENDORS
async def test_an_unknown_key_gets_the_error_body_of_the_vendor(simulator: Simulator, account: SimulatedAccount) -> None:
    answer = await get(simulator.url + PATHS[account.provider], {KEY_HEADERS[account.provider]: "unknown"})
    assert without_message(answer) == BAD_KEY[account.provider]


@VENDORS
async def test_a_request_without_a_key_is_refused(simulator: Simulator, account: SimulatedAccount) -> None:
    answer = await get(simulator.url + PATHS[account.provider])
    assert without_message(answer) == BAD_KEY[account.provider]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer hg-key"},
        {"X-Api-Key": "hg-token"},
        {"Authorization": "Basic hg-token"},
        {"Authorization": "hg-token"},
        {"Authorization": "Bearer "},
        {"X-Api-Key": "la-key"},
        {"xi-api-key": "hg-key"},
    ],
)
async def test_a_secret_in_the_wrong_place_is_refused(simulator: Simulator, headers: dict[str, str]) -> None:
    answer = await get(simulator.url + PATHS["heygen"], headers)
    assert without_message(answer) == BAD_KEY["heygen"]


async def test_a_key_of_heygen_is_not_accepted_by_liveavatar(simulator: Simulator) -> None:
    answer = await get(simulator.url + PATHS["liveavatar"], {"X-API-KEY": WALLET.secret})
    assert without_message(answer) == BAD_KEY["liveavatar"]


@pytest.mark.parametrize("path", ["/v3/user/me", "/"])
async def test_an_unknown_path_gets_the_404_of_the_vendor_whose_key_it_carries(simulator: Simulator, path: str) -> None:
    assert without_message(await get(simulator.url + path, {"X-Api-Key": "hg-key"})) == NOT_FOUND
    assert without_message(await get(simulator.url + path, {"xi-api-key": "el-key"})) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": "unknown"}])
async def test_an_unknown_path_without_a_known_key_is_not_found(simulator: Simulator, headers: dict[str, str]) -> None:
    assert without_message(await get(simulator.url + "/v3/user/me", headers)) == (404, {"detail": "Not Found"})


async def test_another_method_is_not_found(simulator: Simulator) -> None:
    answer = await get(simulator.url + PATHS["heygen"], {"X-Api-Key": "hg-key"}, method="POST")
    assert without_message(answer) == NOT_FOUND


async def test_a_long_response_is_compressed_for_a_client_that_accepts_gzip(simulator: Simulator) -> None:
    answer = await ask(simulator.url, WORKSPACE, **{"Accept-Encoding": "gzip, deflate"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.content)) == body_of(WORKSPACE, 0, NOW)


@pytest.mark.parametrize(("account", "coding"), [(WORKSPACE, "identity"), (WORKSPACE, "deflate"), (CREDITS, "gzip")])
async def test_other_responses_are_not_compressed(simulator: Simulator, account: SimulatedAccount, coding: str) -> None:
    answer = await ask(simulator.url, account, **{"Accept-Encoding": coding})
    assert "Content-Encoding" not in answer.headers
    assert answer.body == body_of(account, 0, NOW)


async def test_the_body_follows_the_clocks() -> None:
    monotonic, wall = Clock(7_000), Clock(NOW)
    async with Simulator(ACCOUNTS, monotonic=monotonic, wall=wall) as simulator:
        monotonic.now, wall.now = 7_012.5, NOW + 1_000_000
        assert (await ask(simulator.url, CREDITS)).body["data"] == {"credits_left": "1006.88"}
        assert (await ask(simulator.url, WORKSPACE)).body == body_of(WORKSPACE, 12.5, NOW + 1_000_000)


async def test_the_simulator_records_requests(simulator: Simulator) -> None:
    await ask(simulator.url, WORKSPACE, Accept="application/json")
    await get(simulator.url + "/metrics", method="POST")
    first, second = simulator.requests
    assert (first.method, first.path, first.provider, first.at) == ("GET", "/v1/user", "elevenlabs", 7_000)
    assert (first.headers["XI-API-KEY"], first.headers["accept"]) == ("el-key", "application/json")
    assert (second.method, second.path, second.provider) == ("POST", "/metrics", "")
    assert simulator.requests.maxlen == MAX_REQUESTS_KEPT == 10_000


async def test_recorded_requests_do_not_show_keys(simulator: Simulator) -> None:
    await ask(simulator.url, WORKSPACE)
    assert "el-key" not in repr(simulator.requests) + repr(ACCOUNTS)


def test_two_accounts_with_one_secret_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^two accounts of heygen have the same secret$"):
        Simulator([WALLET, SimulatedAccount("heygen", "hg-key", CREDITS.body)])


def test_an_unknown_vendor_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^the vendor 'acme' is not simulated$"):
        Simulator([SimulatedAccount("acme", "key", CREDITS.body)])


async def test_two_vendors_may_share_a_secret() -> None:
    accounts = [SimulatedAccount(account.provider, "same", account.body) for account in ACCOUNTS]
    async with Simulator(accounts, monotonic=Clock(0), wall=Clock(NOW)) as simulator:
        assert [(await ask(simulator.url, account)).body for account in accounts] == [body_of(account, 0, NOW) for account in accounts]


async def test_two_thousand_accounts_get_their_own_responses() -> None:
    accounts = [SimulatedAccount("heygen", f"key-{number}", Wallet(str(number), Balance(start=number, rate=0))) for number in range(2_000)]
    async with (
        Simulator(accounts) as simulator,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=20)) as session,
        asyncio.timeout(PATIENCE),
    ):

        async def number_of(account: SimulatedAccount) -> int:
            async with session.get(simulator.url + PATHS["heygen"], headers={"X-Api-Key": account.secret}) as response:
                return int((await response.json())["data"]["username"])

        assert await asyncio.gather(*map(number_of, accounts)) == list(range(2_000))


async def test_the_simulator_serves_tls() -> None:
    server, client = (ssl.SSLContext(protocol) for protocol in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    for context in (server, client):  # key exchange without certificates, which only TLS 1.2 has: no key file is needed
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")
    simulator = Simulator(ACCOUNTS, monotonic=Clock(0))
    url = await simulator.start(ssl_context=server)
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(url + PATHS["liveavatar"], headers={"X-API-KEY": "la-key"}, ssl=client) as r,
        ):
            assert (url.partition(":")[0], await r.json()) == ("https", body_of(CREDITS, 0, NOW))
    finally:
        await simulator.stop()
