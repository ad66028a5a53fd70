"""Unusual and malformed requests: each is answered or refused, and none is repeated or logged."""

from __future__ import annotations

import io
import ssl
from typing import Final

import pytest

from exporter.log import configure_log
from exporter.web.web_config.web_config import WebConfig
from tests.web.serving import (
    GET,
    is_answered,
    serving,
    serving_texts,
)


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving() as client, client.connect() as connection:
        connection.send(GET + b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        answers = [await connection.answer() for _ in range(4)]
    assert [answers[0], answers[2], answers[3]] == [b"healthy\n", b"404: Not Found", b"healthy\n"]
    assert answers[1].startswith(b"# HELP ")


@pytest.mark.parametrize("path", [b"/-/healthy", b"/metrics", b"/"])
async def test_a_client_that_sends_no_more_gets_its_responses(path: bytes) -> None:
    async with serving() as client, client.connect() as connection:
        connection.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path + GET)
        connection.writer.write_eof()
        assert await connection.answer()
        assert await connection.answer() == b"healthy\n"
        assert await connection.rest() == b""


@pytest.mark.parametrize("sent", [b"", b"GET /metrics HTTP/1.1\r\nHost:"], ids=["nothing", "half a request"])
async def test_a_client_that_sends_no_more_without_a_request_is_disconnected(sent: bytes) -> None:
    async with serving() as client, client.connect() as connection:
        connection.send(sent)
        connection.writer.write_eof()
        assert await connection.rest() == b""


async def test_a_client_that_sends_no_more_over_tls_is_disconnected(
    tls: tuple[WebConfig, ssl.SSLContext], caplog: pytest.LogCaptureFixture
) -> None:
    config, context = tls
    async with serving(config=config) as client:
        async with client.connect(context) as connection:
            connection.send(GET)
        assert await is_answered(client, context)
    assert caplog.records == []


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate", b"br", b"zstd", b"unknown"])
async def test_the_encoding_of_a_body_does_not_matter(encoding: bytes, caplog: pytest.LogCaptureFixture) -> None:
    request = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Encoding: %s\r\nContent-Length: 3\r\n\r\n" % encoding
    async with serving() as client, client.connect() as connection:
        connection.send(request + b"abc" + GET)
        assert [await connection.answer(), await connection.answer()] == [b"healthy\n", b"healthy\n"]
        connection.send(request)
        assert await connection.answer() == b"healthy\n"
        connection.send(b"abc" + GET)
        assert await connection.answer() == b"healthy\n"
    assert caplog.records == []


async def test_a_client_that_disconnects_during_an_answer_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with serving_texts() as (client, _):
        for _ in range(3):
            async with client.connect(limit=1024) as connection:
                connection.send(b"GET /big/20000000 HTTP/1.1\r\nHost: x\r\n\r\n")
                await connection.reader.readexactly(1024)
        assert await is_answered(client)
    assert caplog.records == []


HEADERS: Final = {"X-Frame-Options": "deny", "Strict-Transport-Security": "max-age=1"}


CANARY: Final = b"canary"


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"canary\r\n\r\n", id="not HTTP"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00canary\r\n\r\n", id="TLS"),
        pytest.param(b"CANARY / HTTP/1.1\r\nHost: x\r\n\r\n", id="unknown method"),
        pytest.param(b"GET /canary HTTP/9\r\nHost: x\r\n\r\n", id="unknown version"),
        pytest.param(b"GET /canary\x01 HTTP/1.1\r\nHost: x\r\n\r\n", id="control character"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\ncanary\r\n\r\n", id="header without colon"),
        pytest.param(b"GET / HTTP/1.1\r\ncanary: 1\r\n\r\n", id="no Host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: canary\r\n\r\n", id="bad length"),
        pytest.param(b"GET /" + b"canary" * 2_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", id="long request line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"canary" * 7_000 + b"\r\n\r\n", id="long header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"canary: 1\r\n" * 300 + b"\r\n", id="many headers"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"canary" * 1_000) for n in range(10)), id="too much"
        ),
    ],
)
async def test_a_bad_request_is_answered_without_repeating_it_and_with_all_headers(request_bytes: bytes) -> None:
    async with serving(config=WebConfig(headers=HEADERS)) as client:
        answer = await client.send(request_bytes)
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0].split()[1] == b"400"
    assert [line for line in lines if line.lower().startswith(b"server:")] == [b"Server: ai-account-exporter"]
    assert {f"{name}: {value}".encode() for name, value in HEADERS.items()} <= set(lines)
    assert body == b"bad request: malformed, or its headers are too large\n"
    for word in (CANARY, b"ython", b"aiohttp", b"HTTP/9"):
        assert word not in answer


async def test_a_bad_request_is_not_in_the_log() -> None:
    stream = io.StringIO()
    configure_log("debug", "logfmt", stream)
    async with serving() as client:
        assert (await client.send(b"canary\r\n\r\n")).startswith(b"HTTP/1.0 400")
    assert "canary" not in stream.getvalue()


async def test_a_failing_handler_gets_a_response_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    async with serving_texts() as (client, _), client.ask("/broken", Accept="text/html") as response:
        assert (response.status, await response.text()) == (500, "internal server error\n")
        assert response.headers["Server"] == "ai-account-exporter"
    assert len(caplog.records) == 1


@pytest.mark.parametrize("lines", [1, 2, 16])
async def test_sixteen_kilobytes_of_cookies_are_accepted(lines: int) -> None:
    cookies = "".join(f"Cookie: c{number}={'x' * (16_384 // lines)}\r\n" for number in range(lines))
    async with serving() as client, client.connect() as connection:
        for _ in range(2):
            connection.send(f"GET /-/healthy HTTP/1.1\r\nHost: x\r\n{cookies}\r\n".encode())
            assert await connection.answer() == b"healthy\n"


async def test_a_small_body_is_ignored_and_a_large_one_ends_the_connection() -> None:
    head = b"POST /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    async with serving() as client, client.connect() as connection:
        connection.send(head % 1_000 + b"x" * 1_000 + GET)
        assert await connection.answer() == b"405: Method Not Allowed"
        assert await connection.answer() == b"healthy\n"
        connection.send(head % 10_000_000)
        assert await connection.answer() == b"405: Method Not Allowed"
        connection.send(b"x" * 100_000)
        assert await connection.rest() == b""
