from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from exporter.errors import PollError
from exporter.model import Reason
from exporter.providers.library import load_definitions
from exporter.providers.response import accept
from exporter.simulator.faults import NETWORK_FAULTS, Fault
from exporter.simulator.simulator import SimulatedAccount, Simulator
from exporter.simulator.vendor import packaged_vendor
from tests.simulator.support import ACCOUNTS, CREDITS, KEY_HEADERS, PATHS, TIMEOUT, WALLET, WORKSPACE, ask
from tests.support import PATIENCE, pass_time, until

REFUSALS: list[tuple[SimulatedAccount, Fault, int, Any, Reason]] = [
    (WALLET, Fault.BAD_KEY, 401, "authentication_failed", Reason.UNAUTHORIZED),
    (WALLET, Fault.NO_PERMISSION, 403, "insufficient_api_key_scope", Reason.FORBIDDEN),
    (WALLET, Fault.RATE_LIMITED, 429, "rate_limit_exceeded", Reason.RATE_LIMITED),
    (WALLET, Fault.QUOTA_EXHAUSTED, 402, "insufficient_credit", Reason.QUOTA_EXHAUSTED),
    (WALLET, Fault.SERVER_ERROR, 500, "internal_error", Reason.SERVER_ERROR),
    (WORKSPACE, Fault.BAD_KEY, 401, "invalid_api_key", Reason.UNAUTHORIZED),
    (WORKSPACE, Fault.NO_PERMISSION, 401, "missing_permissions", Reason.FORBIDDEN),
    (WORKSPACE, Fault.RATE_LIMITED, 429, "rate_limit_exceeded", Reason.RATE_LIMITED),
    (WORKSPACE, Fault.QUOTA_EXHAUSTED, 401, "quota_exceeded", Reason.QUOTA_EXHAUSTED),
    (WORKSPACE, Fault.SERVER_ERROR, 500, None, Reason.SERVER_ERROR),
    (CREDITS, Fault.BAD_KEY, 401, 4010, Reason.UNAUTHORIZED),
    (CREDITS, Fault.NO_PERMISSION, 403, 4003, Reason.UNAUTHORIZED),
    (CREDITS, Fault.RATE_LIMITED, 429, 4290, Reason.RATE_LIMITED),
    (CREDITS, Fault.SERVER_ERROR, 500, None, Reason.SERVER_ERROR),
]
RETRY_AFTER = {"heygen": "7", "elevenlabs": None, "liveavatar": "1"}
SIMPLE = [
    (Fault.NULL, 200, b"null"),
    (Fault.ARRAY, 200, b"[]"),
    (Fault.NOT_JSON, 200, b'{"data": {"username": '),
    (Fault.INVALID_UTF8, 200, b'{"data": {"username": "caf\xe9"}}'),
]


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(ACCOUNTS) as simulator:
        yield simulator


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False, headers={KEY_HEADERS["heygen"]: WALLET.secret}, timeout=TIMEOUT) as session:
        yield session


async def raw(simulator: Simulator) -> bytes:
    """Send a request on a socket, and read until the server closes it."""
    host, port = simulator.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(b"GET /v3/users/me HTTP/1.1\r\nHost: loopback\r\nX-Api-Key: hg-key\r\n\r\n")
        return await asyncio.wait_for(reader.read(), PATIENCE)
    finally:
        writer.close()


def code_of(body: Any) -> Any:
    """The vendor's error code; None where the vendor has no example of this error."""
    fault = body.get("error") or body.get("detail") or body
    return fault.get("status") or fault.get("code")


@pytest.mark.parametrize("provider", PATHS)
def test_every_fault_has_exactly_one_handler_or_response_at_each_vendor(provider: str) -> None:
    assert sorted([*NETWORK_FAULTS, *packaged_vendor(provider).refusals]) == sorted(Fault)


@pytest.mark.parametrize(("account", "fault", "status", "code", "reason"), REFUSALS)
async def test_a_refusal_has_the_vendor_s_format_and_the_expected_reason(
    simulator: Simulator, account: SimulatedAccount, fault: Fault, status: int, code: object, reason: Reason
) -> None:
    simulator.set_fault(account.secret, fault)
    answer = await ask(simulator.url, account)
    assert (answer.status, code_of(answer.body)) == (status, code)
    definition = load_definitions()[account.provider]
    with pytest.raises(PollError) as caught:
        accept(definition, definition.requests[0], answer.status, answer.content)
    assert caught.value.reason is reason


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.provider)
async def test_a_rate_limited_client_gets_retry_after_if_the_vendor_sends_it(simulator: Simulator, account: SimulatedAccount) -> None:
    simulator.set_fault(account.secret, Fault.RATE_LIMITED)
    answer = await ask(simulator.url, account)
    assert answer.headers.get("Retry-After") == RETRY_AFTER[account.provider]


async def test_a_rate_limited_client_of_liveavatar_gets_no_remaining_requests(simulator: Simulator) -> None:
    simulator.set_fault(CREDITS.secret, Fault.RATE_LIMITED)
    answer = await ask(simulator.url, CREDITS)
    assert [answer.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")] == ["10", "0", "1"]


async def test_an_empty_balance_of_liveavatar_is_no_error(simulator: Simulator) -> None:
    simulator.set_fault(CREDITS.secret, Fault.QUOTA_EXHAUSTED)
    answer = await ask(simulator.url, CREDITS)
    assert (answer.status, answer.body) == (200, {"code": 1000, "data": {"credits_left": "0"}, "message": "done"})


async def test_a_fault_affects_one_account_only(simulator: Simulator) -> None:
    simulator.set_fault(WALLET.secret, Fault.SERVER_ERROR)
    assert [(await ask(simulator.url, account)).status for account in ACCOUNTS] == [500, 200, 200]


@pytest.mark.parametrize(("fault", "status"), [(Fault.HTML, 502), (Fault.HTML_200, 200)])
async def test_an_html_page_is_sent_instead_of_json(simulator: Simulator, fault: Fault, status: int) -> None:
    simulator.set_fault(WALLET.secret, fault)
    answer = await ask(simulator.url, WALLET)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert answer.content.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(("fault", "status", "content"), SIMPLE)
async def test_an_invalid_body_is_sent_byte_for_byte(simulator: Simulator, fault: Fault, status: int, content: bytes) -> None:
    simulator.set_fault(WALLET.secret, fault)
    answer = await ask(simulator.url, WALLET, **{"Accept-Encoding": "gzip"})
    assert (answer.status, answer.content, answer.headers["Content-Type"]) == (status, content, "application/json")


async def test_a_response_can_be_empty(simulator: Simulator) -> None:
    simulator.set_fault(WALLET.secret, Fault.EMPTY)
    answer = await ask(simulator.url, WALLET)
    assert (answer.status, answer.content) == (204, b"")


async def test_invalid_json_cannot_be_decoded(simulator: Simulator) -> None:
    for fault in (Fault.NOT_JSON, Fault.INVALID_UTF8, Fault.HTML_200):
        simulator.set_fault(WALLET.secret, fault)
        with pytest.raises(ValueError, match=r"codec|column"):
            json.loads((await ask(simulator.url, WALLET)).content)


async def test_a_redirect_has_the_given_location(simulator: Simulator) -> None:
    simulator.set_fault(WALLET.secret, Fault.REDIRECT, location="http://127.0.0.1:9/trap")
    answer = await ask(simulator.url, WALLET)
    assert (answer.status, answer.headers["Location"]) == (302, "http://127.0.0.1:9/trap")


async def test_a_client_that_follows_a_redirect_sends_the_key_again(simulator: Simulator, session: aiohttp.ClientSession) -> None:
    simulator.set_fault(WALLET.secret, Fault.REDIRECT)
    async with session.get(simulator.url + PATHS["heygen"]) as response:
        assert response.status == 404
    assert [(seen.path, seen.headers["X-Api-Key"]) for seen in simulator.requests] == [
        (PATHS["heygen"], "hg-key"),
        ("/elsewhere", "hg-key"),
    ]


async def test_a_hanging_account_sends_no_response(simulator: Simulator, session: aiohttp.ClientSession) -> None:
    simulator.set_fault(WALLET.secret, Fault.HANG)
    asking = asyncio.ensure_future(session.get(simulator.url + PATHS["heygen"], timeout=aiohttp.ClientTimeout(total=PATIENCE)))
    await until(lambda: simulator.requests, "the request")
    pass_time(PATIENCE + 1)
    with pytest.raises(TimeoutError):
        await asking


async def test_a_dripping_response_is_sent_byte_by_byte(simulator: Simulator, session: aiohttp.ClientSession) -> None:
    simulator.set_fault(WALLET.secret, Fault.DRIP)
    async with session.get(simulator.url + PATHS["heygen"]) as response:
        chunks = [await anext(response.content.iter_any()) for _ in range(3)]
        assert (response.status, b"".join(chunks)) == (200, b"{  ")


async def test_a_reset_connection_ends_without_a_byte(simulator: Simulator) -> None:
    simulator.set_fault(WALLET.secret, Fault.RESET)
    with pytest.raises(ConnectionResetError):
        await raw(simulator)


async def test_a_truncated_body_is_shorter_than_announced(simulator: Simulator, session: aiohttp.ClientSession) -> None:
    simulator.set_fault(WALLET.secret, Fault.TRUNCATED)
    async with session.get(simulator.url + PATHS["heygen"]) as response:
        assert (response.status, response.headers["Content-Length"]) == (200, "4096")
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    assert (await raw(simulator)).endswith(b'\r\n\r\n{"data": ')


async def test_truncated_gzip_is_complete_as_http(simulator: Simulator) -> None:
    simulator.set_fault(WALLET.secret, Fault.TRUNCATED_GZIP)
    answer = await ask(simulator.url, WALLET)
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
    with pytest.raises(EOFError):
        gzip.decompress(answer.content)


async def test_bad_gzip_cannot_be_decompressed(simulator: Simulator) -> None:
    simulator.set_fault(WALLET.secret, Fault.BAD_GZIP)
    answer = await ask(simulator.url, WALLET)
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(answer.content)


async def test_a_gzip_bomb_is_small_until_it_is_decompressed(simulator: Simulator) -> None:
    simulator.set_fault(WALLET.secret, Fault.GZIP_BOMB)
    answer = await ask(simulator.url, WALLET)
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
    assert len(answer.content) < 100_000
    assert inflated_size(answer.content) == 64 * 1024 * 1024


def inflated_size(content: bytes) -> int:
    """The size after decompression, without keeping the content in memory."""
    decompressor, size = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    while not decompressor.eof:
        size += len(decompressor.decompress(content, 1_000_000))
        content = decompressor.unconsumed_tail
    return size


async def test_an_oversized_response_has_8_mib(simulator: Simulator) -> None:
    simulator.set_fault(WALLET.secret, Fault.OVERSIZED)
    answer = await ask(simulator.url, WALLET)
    assert (answer.status, len(answer.content)) == (200, 8 * 1024 * 1024)
    assert "Content-Encoding" not in answer.headers


async def test_not_http_sends_the_greeting_of_another_protocol(simulator: Simulator, session: aiohttp.ClientSession) -> None:
    simulator.set_fault(WALLET.secret, Fault.NOT_HTTP)
    assert await raw(simulator) == b"220 mail.example.com ESMTP\r\n"
    with pytest.raises(aiohttp.ClientResponseError):
        await session.get(simulator.url + PATHS["heygen"])


@pytest.mark.parametrize("fault", Fault)
async def test_no_fault_writes_to_the_log_or_affects_the_next_response(
    simulator: Simulator, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    simulator.set_fault(WALLET.secret, fault)
    async with aiohttp.ClientSession(headers={"X-Api-Key": "hg-key"}) as session:
        with suppress(aiohttp.ClientError, TimeoutError):
            async with session.get(simulator.url + PATHS["heygen"], timeout=aiohttp.ClientTimeout(total=0.5)) as response:
                await response.content.readany()
    simulator.clear(WALLET.secret)
    assert (await ask(simulator.url, WALLET)).status == 200
    assert caplog.messages == []
