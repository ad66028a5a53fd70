"""How responses are read: the sizes of headers and bodies, and content codings."""

from __future__ import annotations

import asyncio
import gzip
import threading
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.client.client import Client
from exporter.client.compression import codings_of, decompress
from exporter.client.transport import open_session
from exporter.config.connection_settings import ConnectionSettings, Proxy
from exporter.errors import PollError
from exporter.model import Reason, Seconds
from exporter.providers.response import MAX_BODY_BYTES
from tests.client.support import GOOD, VENDOR, failure, poll, relay
from tests.client.wire import Wire
from tests.support import FakeClock, make_job

KIB = 1024


def response(headers: bytes = b"", body: bytes = GOOD, status: bytes = b"200 OK") -> Callable[[bytes], bytes]:
    return lambda _: b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body)


def line(size: int) -> bytes:
    return b"X-Long: " + b"x" * (size - 8) + b"\r\n"


LARGE: dict[str, bytes] = {
    "a line of 100 KiB": line(100 * KIB - 100),
    "150 headers": b"".join(b"X-More-%d: more\r\n" % number for number in range(150)),
    "4,000 headers": b"X-More: more\r\n" * 4_000,
    "290 KiB in lines of 8 KiB": line(8 * KIB) * 36,
    "a reason phrase of 50 KiB": b"",
}
TOO_LARGE: dict[str, bytes] = {
    "a line of 110 KiB": line(110 * KIB),
    "a line of 1 MiB": line(1024 * KIB),
    "10,000 headers": b"X-More: more\r\n" * 10_000,
    "1 MiB in lines of 8 KiB": line(8 * KIB) * 128,
}


@pytest.mark.parametrize("case", LARGE)
async def test_large_headers_are_read_as_by_curl(case: str) -> None:
    status = b"200 " + b"x" * 50 * KIB if "reason" in case else b"200 OK"
    with Wire(answer=response(LARGE[case], status=status)) as wire:
        assert (await poll(make_job(wire.url))).quotas


@pytest.mark.parametrize("headers", TOO_LARGE.values(), ids=TOO_LARGE)
async def test_headers_beyond_the_limits_are_named(headers: bytes) -> None:
    with Wire(answer=response(headers)) as wire:
        assert await failure(make_job(wire.url)) == (Reason.CONNECTION, "the headers of the response are too large")


async def test_endless_headers_are_refused_by_size() -> None:
    def endless(_: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\n" + line(KIB) * 700

    with Wire(answer=endless) as wire:
        assert await failure(make_job(wire.url, timeout=Seconds(60.0))) == (Reason.CONNECTION, "the headers of the response are too large")


async def test_a_body_that_is_too_large_is_refused_before_it_ends() -> None:
    def unfinished(_: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b" " * (MAX_BODY_BYTES + 1)

    with Wire(answer=unfinished) as wire:
        reason, _ = await failure(make_job(wire.url, timeout=Seconds(60.0)))
    assert reason is Reason.INVALID_RESPONSE


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        *((headers, "the proxy refused to connect: HTTP 403") for headers in (LARGE["a line of 100 KiB"], LARGE["150 headers"])),
        (TOO_LARGE["a line of 110 KiB"], "the headers of the response are too large, through the proxy"),
    ],
    ids=["long line", "many headers", "too large"],
)
async def test_the_headers_of_a_proxy_may_be_as_large(headers: bytes, message: str) -> None:
    async with relay(0, answer=b"HTTP/1.1 403 No\r\n" + headers + b"Content-Length: 0\r\n\r\n") as proxy:
        job = make_job(f"https://{VENDOR}", connection=ConnectionSettings(proxy=Proxy("127.0.0.1", proxy.port)))
        assert await failure(job) == (Reason.CONNECTION, message)


def raw_deflate(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(content) + compressor.flush()


MEMBERS = gzip.compress(GOOD[:9]) + gzip.compress(b"") + gzip.compress(GOOD[9:])
READ: list[tuple[str, bytes]] = [
    ("gzip", gzip.compress(GOOD)),
    ("GZip", gzip.compress(GOOD)),
    ("x-gzip", gzip.compress(GOOD)),
    ("gzip", MEMBERS),
    ("gzip", b"".join(gzip.compress(GOOD[at : at + 1]) for at in range(len(GOOD)))),
    ("gzip", gzip.compress(GOOD) + bytes(100)),
    ("gzip", gzip.compress(GOOD) + b"trailing bytes"),
    ("deflate", zlib.compress(GOOD)),
    ("deflate", zlib.compress(GOOD, wbits=9)),
    ("deflate", raw_deflate(GOOD)),
    ("gzip, gzip", gzip.compress(gzip.compress(GOOD))),
    ("deflate, gzip", gzip.compress(zlib.compress(GOOD))),
    ("identity, gzip", gzip.compress(GOOD)),
    ("gzip, identity", gzip.compress(GOOD)),
    ("gzip,", gzip.compress(GOOD)),
    ("gzip\r\nContent-Encoding: gzip", gzip.compress(gzip.compress(GOOD))),
    *((name, GOOD) for name in ("", "identity", "none", "None", "utf-8", "UTF-8", "utf8", "identity, identity", "binary")),
]


@pytest.mark.parametrize(("coding", "body"), READ, ids=[f"{number} {coding[:20]!r}" for number, (coding, _) in enumerate(READ)])
async def test_content_codings_are_decoded(coding: str, body: bytes) -> None:
    with Wire(answer=response(b"Content-Encoding: %s\r\n" % coding.encode(), body)) as wire:
        [quota] = (await poll(make_job(wire.url))).quotas
        assert str(quota.remaining) == "7.5"


UNREADABLE: list[tuple[str, bytes, str]] = [
    ("br", GOOD, "the response has a content encoding that was not requested (not gzip or deflate)"),
    ("zstd, gzip", gzip.compress(GOOD), "the response has a content encoding that was not requested (not gzip or deflate)"),
    ("gzip", GOOD, "the response cannot be decompressed as gzip"),
    ("gzip", gzip.compress(GOOD)[:-4], "the compressed response is cut off"),
    ("gzip", MEMBERS[:-4], "the compressed response is cut off"),
    ("gzip", gzip.compress(GOOD) + MEMBERS[:12], "the compressed response is cut off"),
    ("gzip", gzip.compress(GOOD)[:-8] + bytes(8), "the response cannot be decompressed as gzip"),
    ("deflate", b"\x78\x9c" + GOOD, "the response cannot be decompressed as deflate"),
    ("gzip, gzip", gzip.compress(GOOD), "the response cannot be decompressed as gzip"),
    (", ".join(["gzip"] * 6), gzip.compress(GOOD), "the response has more than 5 content encodings"),
    ("gzip", gzip.compress(GOOD + bytes(MAX_BODY_BYTES)), f"the body of the response is larger than {MAX_BODY_BYTES} bytes"),
    (
        "gzip, gzip",
        gzip.compress(gzip.compress(bytes(100 * MAX_BODY_BYTES))),
        f"the body of the response is larger than {MAX_BODY_BYTES} bytes",
    ),
    ("identity", GOOD + b" " * MAX_BODY_BYTES, f"the body of the response is larger than {MAX_BODY_BYTES} bytes"),
]


@pytest.mark.parametrize(("coding", "body", "message"), UNREADABLE, ids=range(len(UNREADABLE)))
async def test_a_body_that_cannot_be_read_is_named(coding: str, body: bytes, message: str) -> None:
    headers = b"Content-Encoding: %s\r\n" % coding.encode()
    with Wire(answer=response(headers, body)) as wire:
        assert await failure(make_job(wire.url)) == (Reason.INVALID_RESPONSE, message)
    with Wire(answer=response(headers, body, b"401 No")) as wire:
        assert (await failure(make_job(wire.url)))[0] is Reason.UNAUTHORIZED
    with Wire(answer=response(headers, body, b"302 Found")) as wire:
        assert "redirect" in (await failure(make_job(wire.url)))[1]


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=8), st.sampled_from(["gzip", "deflate", "raw deflate"]), st.integers(0, 400))
@example([b"x" * 5000] * 3, "gzip", 400)
def test_decompression_is_exact_up_to_the_limit(parts: list[bytes], coding: str, limit: int) -> None:
    whole = b"".join(parts)
    compressed = {"gzip": b"".join(map(gzip.compress, parts)), "deflate": zlib.compress(whole), "raw deflate": raw_deflate(whole)}[coding]
    try:
        assert decompress(compressed, [coding.removeprefix("raw ")], limit) == whole
        assert len(whole) <= limit
    except PollError:
        assert len(whole) > limit


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "x-gzip"]))
def test_any_bytes_are_a_body_or_a_poll_error(content: bytes, coding: str) -> None:
    try:
        decompress(content, [coding], 100)
    except PollError as error:
        assert error.reason is Reason.INVALID_RESPONSE  # noqa: PT017 -- most are no error


@given(st.lists(st.text()))
def test_any_content_encoding_is_a_list_of_names(headers: list[str]) -> None:
    assert all(name and name == name.strip().lower() for name in codings_of(headers))


MORE = ",".join(map(str, range(30_000))).encode()
NUMBERS = gzip.compress(b'{"data":{"wallet":{"currency":"usd","remaining_balance":5}},"more":[' + MORE + b"]}")


@pytest.fixture
async def numbers() -> AsyncIterator[Wire]:
    with Wire(answer=response(b"Content-Encoding: gzip\r\n", NUMBERS)) as wire:
        yield wire


async def test_large_bodies_of_many_accounts_need_the_memory_of_one(numbers: Wire) -> None:
    async def peak(accounts: int) -> int:
        async with open_session("test") as session:
            client = Client(session, {}, FakeClock().clock)
            tracemalloc.start()
            jobs = [make_job(numbers.url, "heygen", account=str(number), timeout=Seconds(60.0)) for number in range(accounts)]
            await asyncio.gather(*(client.poll(job) for job in jobs))
            _, highest = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            await client.close()
            return highest

    await peak(1)
    assert await peak(6) < 2 * await peak(1)


async def test_only_large_bodies_are_decoded_in_a_thread(numbers: Wire) -> None:
    threads: list[threading.Thread] = []
    async with open_session("test") as session:
        client = Client(session, {}, FakeClock().clock, on_reading=lambda *_: threads.append(threading.current_thread()))
        with Wire(answer=response()) as small:
            await client.poll(make_job(small.url))
        await client.poll(make_job(numbers.url, "heygen", timeout=Seconds(60.0)))
        await client.close()
    small_body, *large_bodies = [thread is threading.main_thread() for thread in threads]
    assert small_body
    assert large_bodies
    assert not any(large_bodies)


@pytest.mark.parametrize("status", [b"429 Too Many Requests", b"503 Unavailable"])
async def test_a_large_error_is_read_like_a_small_one(status: bytes) -> None:
    body = b'{"code": 4000, "more": "' + b"x" * 200_000 + b'"}'
    with Wire(answer=response(b"Retry-After: 7\r\n", body, status)) as wire:
        with pytest.raises(PollError) as caught:
            await poll(make_job(wire.url))
        assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("headers", "body"),
    [(b"", b"{" + b"x" * MAX_BODY_BYTES), (b"Content-Encoding: gzip\r\n", b"no gzip"), (b"Content-Encoding: br\r\n", b"{}")],
    ids=["too large", "not as declared", "another encoding"],
)
async def test_an_error_whose_body_cannot_be_read_is_reported_with_a_body(headers: bytes, body: bytes) -> None:
    with Wire(answer=response(headers, body, b"500 Error")) as wire, pytest.raises(PollError) as caught:
        await poll(make_job(wire.url))
    assert (caught.value.reason, str(caught.value)) == (Reason.SERVER_ERROR, "HTTP 500 with a body that is not JSON")
