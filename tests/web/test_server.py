"""The responses to Prometheus, browsers and attackers."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from contextlib import AsyncExitStack

import pytest

from exporter.accounts.store import Store
from exporter.metrics.collector import BUCKETS
from exporter.metrics.exposition import MANY
from exporter.metrics.negotiation import negotiate
from exporter.model import AccountKey, Reading, Seconds
from tests.metrics.showcase import NOW, OPENMETRICS
from tests.support import PATIENCE, clock_at, job_of
from tests.web.serving import Client, endpoints, serving, unread

TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def new_store() -> Store:
    return Store((job_of(AccountKey("heygen", name)) for name in ("one", "two")), BUCKETS, clock_at(NOW))


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [({}, TEXT_TYPE), ({"Accept": "*/*"}, TEXT_TYPE), ({"Accept": "text/plain"}, TEXT_TYPE), ({"Accept": OPENMETRICS}, OPENMETRICS_TYPE)],
)
async def test_metrics_have_the_requested_format(client: Client, accept: dict[str, str], content_type: str) -> None:
    async with client.ask("/metrics", **accept) as response:
        assert (response.status, response.headers["Content-Type"]) == (200, content_type)
        assert "Content-Encoding" not in response.headers
        assert (await response.read()) == endpoints().exposition.render(
            endpoints().store.snapshot(), negotiate(accept.get("Accept", ""), "")
        ).body


async def test_metrics_are_compressed_for_clients_that_accept_gzip(client: Client) -> None:
    async with client.ask("/metrics") as plain, client.ask("/metrics", Accept_Encoding="gzip") as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Content-Type"] == TEXT_TYPE
        assert gzip.decompress(await packed.read()) == await plain.read()


async def test_several_accept_headers_are_joined(client: Client) -> None:
    lines = (
        b"GET /metrics HTTP/1.1",
        b"Host: x",
        b"Connection: close",
        b"Accept: text/plain;q=0.5",
        b"Accept: application/openmetrics-text",
    )
    answer = await client.send(b"\r\n".join((*lines, b"", b"")))
    assert f"Content-Type: {OPENMETRICS_TYPE}".encode() in answer


async def test_a_large_page_is_sent_in_blocks_with_its_length() -> None:
    store = Store([job_of(AccountKey("a", str(number))) for number in range(MANY + 1)], BUCKETS, clock_at(NOW))
    expected = endpoints(store).exposition.render(store.snapshot()).body
    async with serving(endpoints(store)) as client:
        for method, body in (("GET", expected), ("HEAD", b"")):
            async with client.ask("/metrics", method) as response:
                assert await response.read() == body
                assert response.content_length == len(expected)


async def test_head_has_the_headers_and_no_body(client: Client) -> None:
    async with client.ask("/metrics") as get, client.ask("/metrics", "HEAD") as head:
        assert (head.status, await head.read()) == (200, b"")
        assert head.headers["Content-Length"] == get.headers["Content-Length"]
        assert head.headers["Content-Type"] == TEXT_TYPE


async def test_the_status_page_links_to_the_other_pages(client: Client) -> None:
    async with client.ask("/") as response:
        page = await response.text()
        assert (response.status, response.content_type) == (200, "text/html")
    for path in ("metrics", "api/v1/accounts", "-/ready"):
        assert f'href="{path}"' in page


async def test_the_status_page_is_filtered(client: Client) -> None:
    async with client.ask("/?provider=elevenlabs") as some, client.ask("/?q=nobody") as none:
        shown, hidden = await some.text(), await none.text()
    assert ("creator" in shown, "creator" in hidden) == (True, False)
    assert "No account matches." in hidden


async def test_the_telemetry_path_can_be_another_one() -> None:
    async with (
        serving(endpoints(telemetry_path="/figures")) as client,
        client.ask("/figures") as here,
        client.ask("/metrics") as there,
        client.ask("/") as landing,
    ):
        assert (here.status, there.status) == (200, 404)
        assert 'href="figures"' in await landing.text()


async def test_the_accounts_are_available_as_json(client: Client) -> None:
    async with client.ask("/api/v1/accounts") as response:
        answer = json.loads(await response.read())
        assert (response.status, response.content_type) == (200, "application/json")
        assert response.headers["Cache-Control"] == "no-store"
    assert answer["summary"]["accounts"] == len(answer["accounts"]) == 7


async def test_only_the_named_families_are_returned(client: Client) -> None:
    async with client.ask("/metrics?name[]=ai_account_up&name[]=ai_account_info") as response:
        lines = (await response.text()).splitlines()
    assert {line.split()[2] for line in lines if line.startswith("# TYPE")} == {"ai_account_up", "ai_account_info"}


@pytest.mark.parametrize("path", ["/metric", "/metrics/", "/metrics/x", "/-/", "/-/nothing", "/favicon.ico", "/../etc/passwd", "//metrics"])
async def test_everything_else_is_not_found(client: Client, path: str) -> None:
    async with client.ask(path) as response:
        assert response.status == 404


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/-/ready"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_only_reading_is_allowed(client: Client, method: str, path: str) -> None:
    async with client.ask(path, method) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET,HEAD"


@pytest.mark.parametrize(("path", "method"), [("/metrics", "GET"), ("/", "GET"), ("/nothing", "GET"), ("/metrics", "POST")])
async def test_no_response_contains_versions_of_python_or_aiohttp(client: Client, path: str, method: str) -> None:
    async with client.ask(path, method) as response:
        assert response.headers["Server"] == "ai-account-exporter"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "accept",
    [
        pytest.param(b"application/openmetrics-text;version=99.0.0;q=1", id="a version of the future"),
        pytest.param(b"application/openmetrics-text;version=not.a.version", id="a version that is none"),
        pytest.param(b"application/openmetrics-text;q=nan", id="a weight that is no number"),
        pytest.param(b"\xff\xfe;version=\x80", id="not UTF-8"),
        pytest.param(b'";,;=;"', id="punctuation"),
        pytest.param(b"a" * 8000, id="8 kB of one word"),
        pytest.param(b"text/plain;q=0," * 500, id="hundreds of refusals"),
        pytest.param(b",".join([b"application/openmetrics-text;q=0"] * 240), id="hundreds more"),
    ],
)
async def test_a_hostile_accept_header_gets_the_text_page(client: Client, accept: bytes) -> None:
    answer = await client.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: " + accept + b"\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"Content-Type: {TEXT_TYPE}".encode() in head
    assert body == endpoints().exposition.render(endpoints().store.snapshot()).body


@pytest.mark.parametrize("expected", [b"100-continue", b"\xff", b"canary", b"100-continue\r\nExpect: \xff"])
@pytest.mark.parametrize(("path", "status"), [(b"/-/healthy", b"200"), (b"/nothing", b"404")])
async def test_what_a_client_expects_does_not_matter(
    client: Client, caplog: pytest.LogCaptureFixture, expected: bytes, path: bytes, status: bytes
) -> None:
    answer = await client.send(b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: %s\r\n\r\n" % (path, expected))
    assert answer.split()[1] == status
    assert b"canary" not in answer
    assert caplog.records == []


async def test_a_huge_accept_header_is_a_bad_request(client: Client) -> None:
    answer = await client.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: " + b"a" * 65_536 + b"\r\n\r\n")
    assert answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))
    async with client.ask("/metrics") as response:
        assert response.status == 200


async def test_fifty_scrapes_at_once_get_the_same_page(client: Client) -> None:
    async def scrape(number: int) -> tuple[bool, bytes]:
        async with client.ask("/metrics", Accept=OPENMETRICS if number % 2 else "") as response:
            return bool(number % 2), await response.read()

    pages = await asyncio.gather(*map(scrape, range(50)))
    assert len(set(pages)) == 2


async def test_a_scrape_contains_the_latest_poll() -> None:
    store = new_store()
    async with serving(endpoints(store)) as client:
        store.record_success(AccountKey("heygen", "one"), Reading(), at=NOW, duration=Seconds(0.5), interval=Seconds(60.0))
        async with client.ask("/metrics") as response:
            assert 'ai_account_up{account="one",provider="heygen"} 1.0\n' in await response.text()


async def test_a_scrape_does_not_wait_for_threads_that_wait_for_a_name_server(client: Client) -> None:
    name_server_answers = threading.Event()
    loop = asyncio.get_running_loop()
    lookups = [loop.run_in_executor(None, name_server_answers.wait) for _ in range(40)]
    try:
        async with asyncio.timeout(PATIENCE), client.ask("/metrics") as response:
            assert response.status == 200
    finally:
        name_server_answers.set()
        await asyncio.gather(*lookups)


@pytest.mark.parametrize(("most", "not_reading", "status"), [(1, 0, 200), (1, 1, 503), (2, 1, 200), (2, 2, 503), (0, 3, 200)])
async def test_scrapes_beyond_the_maximum_are_refused_at_once_and_count_until_they_are_read(
    most: int, not_reading: int, status: int
) -> None:
    keys = [AccountKey("heygen", str(number)) for number in range(300)]
    store = Store((job_of(key, labels={"note": "x" * 2000}) for key in keys), BUCKETS, clock_at(NOW))  # more than a kernel buffers
    async with asyncio.timeout(PATIENCE), serving(endpoints(store, max_requests=most)) as client, AsyncExitStack() as leaving:
        for _ in range(not_reading):
            await leaving.enter_async_context(unread(*client.address, "/metrics"))
        async with client.ask("/metrics") as response:
            assert response.status == status
            assert len(await response.read()) > 8_000_000 or status == 503
        async with client.ask("/-/healthy") as response:
            assert response.status == 200
