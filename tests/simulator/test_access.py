from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest

from exporter.simulator.flow import Stock, Usage
from exporter.simulator.heygen import Subscription, Wallet
from exporter.simulator.server import MAX_REQUESTS_KEPT, Player, Simulator
from tests.simulator.audience import CREDITS, KEY_HEADERS, NOW, PATHS, PLAYERS, WALLET, WORKSPACE, Answer, Clock, ask, get
from tests.support import PATIENCE

TOKEN = Player("heygen", "hg-token", Subscription("web", "pro", 600, Usage(0, 1, 500), Stock(5, 0)), bearer=True)
VENDORS = pytest.mark.parametrize("player", PLAYERS, ids=lambda player: player.provider)
BAD_KEY = {
    "heygen": (401, {"error": {"code": "authentication_failed", "message": ..., "param": None, "doc_url": None}}),
    "elevenlabs": (401, {"detail": {"status": "invalid_api_key", "message": ...}}),
    "liveavatar": (401, {"code": 4010, "data": None, "message": ...}),
}
MISSING_KEY = {
    "heygen": BAD_KEY["heygen"],
    "elevenlabs": (401, {"detail": {"status": "missing_api_key", "message": ...}}),
    "liveavatar": (403, {"code": 4003, "data": None, "message": ...}),
}
NOT_FOUND = {
    "/v3/user/me": {"error": {"code": "not_found", "message": ...}},
    "/v1/user/subscription": {"detail": "Not Found"},
    "/v1/users/sessions": {"detail": "Not Found"},
    "/": {"detail": "Not Found"},
}


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator([*PLAYERS, TOKEN], monotonic=Clock(7_000), wall=Clock(NOW)) as simulator:
        yield simulator


def without_message(answer: Answer) -> tuple[int, object]:
    """The status and the body, its human text set aside."""
    body = json.loads(answer.content, object_hook=lambda fields: fields | {"message": ...} if fields.get("message") else fields)
    return answer.status, body


@VENDORS
async def test_each_vendor_answers_its_own_key(simulator: Simulator, player: Player) -> None:
    answer = await ask(simulator.url, player)
    assert (answer.status, answer.body) == (200, player.body(0, NOW))
    assert answer.headers["Content-Type"] == "application/json"


async def test_a_bearer_token_sees_the_web_plan(simulator: Simulator) -> None:
    answer = await get(simulator.url + PATHS["heygen"], {"Authorization": "Bearer hg-token"})
    assert (answer.status, answer.body) == (200, TOKEN.body(0, NOW))


@VENDORS
async def test_an_unknown_key_is_refused_in_the_vendor_s_own_words(simulator: Simulator, player: Player) -> None:
    answer = await get(simulator.url + PATHS[player.provider], {KEY_HEADERS[player.provider]: "nobody"})
    assert without_message(answer) == BAD_KEY[player.provider]


@VENDORS
async def test_a_request_without_a_key_is_refused(simulator: Simulator, player: Player) -> None:
    answer = await get(simulator.url + PATHS[player.provider])
    assert without_message(answer) == MISSING_KEY[player.provider]


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


async def test_a_key_of_heygen_does_not_open_liveavatar(simulator: Simulator) -> None:
    answer = await get(simulator.url + PATHS["liveavatar"], {"X-API-KEY": WALLET.secret})
    assert without_message(answer) == BAD_KEY["liveavatar"]


@pytest.mark.parametrize("path", NOT_FOUND)
async def test_another_path_is_not_found_in_the_vendor_s_own_words(simulator: Simulator, path: str) -> None:
    assert without_message(await get(simulator.url + path, {"X-Api-Key": "hg-key"})) == (404, NOT_FOUND[path])


async def test_another_method_is_not_found(simulator: Simulator) -> None:
    answer = await get(simulator.url + PATHS["heygen"], {"X-Api-Key": "hg-key"}, method="POST")
    assert without_message(answer) == (404, NOT_FOUND["/v3/user/me"])


async def test_answers_carry_the_headers_of_their_vendor(simulator: Simulator) -> None:
    wallet, again, workspace, credits_ = [await ask(simulator.url, player) for player in (WALLET, WALLET, WORKSPACE, CREDITS)]
    assert wallet.headers["X-Request-Id"] != again.headers["X-Request-Id"]
    assert {"request-id", "x-trace-id", "x-region"} <= {name.lower() for name in workspace.headers}
    assert [credits_.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")] == ["10", "9", "1"]


async def test_a_long_answer_is_compressed_for_a_client_that_takes_gzip(simulator: Simulator) -> None:
    answer = await ask(simulator.url, WORKSPACE, **{"Accept-Encoding": "gzip, deflate"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.content)) == WORKSPACE.body(0, NOW)


@pytest.mark.parametrize(("player", "coding"), [(WORKSPACE, "identity"), (WORKSPACE, "deflate"), (CREDITS, "gzip")])
async def test_other_answers_are_plain(simulator: Simulator, player: Player, coding: str) -> None:
    answer = await ask(simulator.url, player, **{"Accept-Encoding": coding})
    assert "Content-Encoding" not in answer.headers
    assert answer.body == player.body(0, NOW)


async def test_the_body_follows_the_clocks() -> None:
    monotonic, wall = Clock(7_000), Clock(NOW)
    async with Simulator(PLAYERS, monotonic=monotonic, wall=wall) as simulator:
        monotonic.now, wall.now = 7_012.5, NOW + 1_000_000
        assert (await ask(simulator.url, CREDITS)).body["data"] == {"credits_left": "1006.88"}
        assert (await ask(simulator.url, WORKSPACE)).body == WORKSPACE.body(12.5, NOW + 1_000_000)


async def test_the_simulator_remembers_what_arrived(simulator: Simulator) -> None:
    await ask(simulator.url, WORKSPACE, Accept="application/json")
    await get(simulator.url + "/metrics", method="POST")
    first, second = simulator.requests
    assert (first.method, first.path, first.provider, first.at) == ("GET", "/v1/user", "elevenlabs", 7_000)
    assert (first.headers["XI-API-KEY"], first.headers["accept"]) == ("el-key", "application/json")
    assert (second.method, second.path, second.provider) == ("POST", "/metrics", "")
    assert simulator.requests.maxlen == MAX_REQUESTS_KEPT == 10_000


async def test_what_is_remembered_shows_no_key_in_its_text(simulator: Simulator) -> None:
    await ask(simulator.url, WORKSPACE)
    assert "el-key" not in repr(simulator.requests) + repr(PLAYERS)


def test_two_accounts_with_one_secret_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^two accounts of heygen have the same secret$"):
        Simulator([WALLET, Player("heygen", "hg-key", CREDITS.body)])


def test_a_vendor_that_nobody_plays_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^the vendor 'acme' cannot be played$"):
        Simulator([Player("acme", "key", CREDITS.body)])


async def test_two_vendors_may_share_a_secret() -> None:
    players = [Player(player.provider, "same", player.body) for player in PLAYERS]
    async with Simulator(players, monotonic=Clock(0), wall=Clock(NOW)) as simulator:
        assert [(await ask(simulator.url, player)).body for player in players] == [player.body(0, NOW) for player in players]


async def test_two_thousand_accounts_are_told_apart() -> None:
    players = [Player("heygen", f"key-{number}", Wallet(str(number), Stock(start=number, rate=0))) for number in range(2_000)]
    async with (
        Simulator(players) as simulator,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=20)) as session,
        asyncio.timeout(PATIENCE),
    ):

        async def number_of(player: Player) -> int:
            async with session.get(simulator.url + PATHS["heygen"], headers={"X-Api-Key": player.secret}) as response:
                return int((await response.json())["data"]["username"])

        assert await asyncio.gather(*map(number_of, players)) == list(range(2_000))


async def test_the_simulator_speaks_tls_when_it_is_asked_to() -> None:
    server, client = (ssl.SSLContext(protocol) for protocol in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    for context in (server, client):  # key exchange without certificates, which only TLS 1.2 has: no key file is needed
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")
    simulator = Simulator(PLAYERS, monotonic=Clock(0))
    url = await simulator.start(ssl_context=server)
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(url + PATHS["liveavatar"], headers={"X-API-KEY": "la-key"}, ssl=client) as r,
        ):
            assert (url.partition(":")[0], await r.json()) == ("https", CREDITS.body(0, NOW))
    finally:
        await simulator.stop()
