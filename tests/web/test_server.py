"""What the server answers to Prometheus, to probes, to people, and to those who mean it harm."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from exporter.accounts.store import Store
from exporter.errors import PollError
from exporter.metrics.collector import BUCKETS
from exporter.metrics.negotiation import negotiate
from exporter.model import AccountKey, Reading, Reason, Seconds
from tests.metrics.showcase import NOW, OPENMETRICS
from tests.support import PATIENCE, clock_at, job_of
from tests.web.serving import Visitor, deaf, serving, site

TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with serving() as visitor:
        yield visitor


def new_store() -> Store:
    return Store((job_of(AccountKey("heygen", name)) for name in ("one", "two")), BUCKETS, clock_at(NOW))


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [({}, TEXT_TYPE), ({"Accept": "*/*"}, TEXT_TYPE), ({"Accept": "text/plain"}, TEXT_TYPE), ({"Accept": OPENMETRICS}, OPENMETRICS_TYPE)],
)
async def test_metrics_come_in_the_format_that_was_asked_for(visitor: Visitor, accept: dict[str, str], content_type: str) -> None:
    async with visitor.ask("/metrics", **accept) as response:
        assert (response.status, response.headers["Content-Type"]) == (200, content_type)
        assert "Content-Encoding" not in response.headers
        assert (await response.read()) == site().exposition.render(site().store.snapshot(), negotiate(accept.get("Accept", ""), "")).body


async def test_metrics_are_packed_for_those_who_take_gzip(visitor: Visitor) -> None:
    async with visitor.ask("/metrics") as plain, visitor.ask("/metrics", Accept_Encoding="gzip") as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Content-Type"] == TEXT_TYPE
        assert gzip.decompress(await packed.read()) == await plain.read()


async def test_several_accept_headers_read_as_one(visitor: Visitor) -> None:
    lines = (
        b"GET /metrics HTTP/1.1",
        b"Host: x",
        b"Connection: close",
        b"Accept: text/plain;q=0.5",
        b"Accept: application/openmetrics-text",
    )
    answer = await visitor.say(b"\r\n".join((*lines, b"", b"")))
    assert f"Content-Type: {OPENMETRICS_TYPE}".encode() in answer


async def test_head_has_the_headers_and_no_body(visitor: Visitor) -> None:
    async with visitor.ask("/metrics") as get, visitor.ask("/metrics", "HEAD") as head:
        assert (head.status, await head.read()) == (200, b"")
        assert head.headers["Content-Length"] == get.headers["Content-Length"]
        assert head.headers["Content-Type"] == TEXT_TYPE


async def test_healthy_says_so_before_any_poll() -> None:
    async with serving(site(new_store())) as visitor, visitor.ask("/-/healthy") as response:
        assert (response.status, await response.text()) == (200, "healthy\n")


async def test_ready_waits_for_the_first_poll_of_every_account_well_or_badly() -> None:
    store = new_store()
    answers = []
    async with serving(site(store)) as visitor:
        for step in range(3):
            async with visitor.ask("/-/ready") as response:
                answers.append((response.status, await response.text()))
            if step == 0:
                store.record_success(AccountKey("heygen", "one"), Reading(), at=NOW, duration=Seconds(0.5), interval=Seconds(60.0))
            if step == 1:
                error = PollError(Reason.TLS, "no luck")
                store.record_failure(AccountKey("heygen", "two"), error, at=NOW, duration=Seconds(0.5), interval=Seconds(60.0))
    assert answers == [
        (503, "waiting for the first poll of 2 of 2 accounts\n"),
        (503, "waiting for the first poll of 1 of 2 accounts\n"),
        (200, "2 accounts polled\n"),
    ]


async def test_the_page_for_people_links_to_the_rest(visitor: Visitor) -> None:
    async with visitor.ask("/") as response:
        page = await response.text()
        assert (response.status, response.content_type) == (200, "text/html")
    for path in ("metrics", "api/v1/accounts", "-/ready"):
        assert f'href="{path}"' in page


async def test_the_page_for_people_shows_what_is_wished(visitor: Visitor) -> None:
    async with visitor.ask("/?filter=elevenlabs") as some, visitor.ask("/?filter=nobody") as none:
        assert "elevenlabs" in await some.text()
        assert "characters" not in await none.text()


async def test_the_telemetry_path_can_be_another_one() -> None:
    async with (
        serving(site(telemetry_path="/figures")) as visitor,
        visitor.ask("/figures") as here,
        visitor.ask("/metrics") as there,
        visitor.ask("/") as landing,
    ):
        assert (here.status, there.status) == (200, 404)
        assert 'href="figures"' in await landing.text()


async def test_the_accounts_come_as_json(visitor: Visitor) -> None:
    async with visitor.ask("/api/v1/accounts") as response:
        answer = json.loads(await response.read())
        assert (response.status, response.content_type) == (200, "application/json")
        assert response.headers["Cache-Control"] == "no-store"
    assert answer["summary"]["accounts"] == len(answer["accounts"]) == 7


async def test_only_the_families_come_that_are_named(visitor: Visitor) -> None:
    async with visitor.ask("/metrics?name[]=ai_account_up&name[]=ai_account_info") as response:
        lines = (await response.text()).splitlines()
    assert {line.split()[2] for line in lines if line.startswith("# TYPE")} == {"ai_account_up", "ai_account_info"}


async def test_a_loop_that_has_ended_makes_the_process_unhealthy() -> None:
    dead: list[str] = []
    async with serving(site(dead=lambda: dead)) as visitor:
        async with visitor.ask("/-/healthy") as response:
            assert response.status == 200
        dead.append("poll heygen/studio")
        async with visitor.ask("/-/healthy") as response:
            assert (response.status, await response.text()) == (503, "ended though it should not have: poll heygen/studio\n")


@pytest.mark.parametrize("path", ["/metric", "/metrics/", "/metrics/x", "/-/", "/-/nothing", "/favicon.ico", "/../etc/passwd", "//metrics"])
async def test_everything_else_is_not_found(visitor: Visitor, path: str) -> None:
    async with visitor.ask(path) as response:
        assert response.status == 404


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/-/ready"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_only_reading_is_allowed(visitor: Visitor, method: str, path: str) -> None:
    async with visitor.ask(path, method) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET,HEAD"


@pytest.mark.parametrize(("path", "method"), [("/metrics", "GET"), ("/", "GET"), ("/nothing", "GET"), ("/metrics", "POST")])
async def test_no_answer_tells_the_versions_of_what_it_is_made_with(visitor: Visitor, path: str, method: str) -> None:
    async with visitor.ask(path, method) as response:
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
async def test_a_hostile_accept_header_gets_the_text_page(visitor: Visitor, accept: bytes) -> None:
    answer = await visitor.say(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: " + accept + b"\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"Content-Type: {TEXT_TYPE}".encode() in head
    assert body == site().exposition.render(site().store.snapshot()).body


async def test_an_accept_header_beyond_all_measure_is_a_bad_request_and_the_server_lives_on(visitor: Visitor) -> None:
    answer = await visitor.say(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: " + b"a" * 65_536 + b"\r\n\r\n")
    assert answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))
    async with visitor.ask("/metrics") as response:
        assert response.status == 200


async def test_fifty_scrapes_at_once_get_the_same_page(visitor: Visitor) -> None:
    async def scrape(number: int) -> tuple[bool, bytes]:
        async with visitor.ask("/metrics", Accept=OPENMETRICS if number % 2 else "") as response:
            return bool(number % 2), await response.read()

    pages = await asyncio.gather(*map(scrape, range(50)))
    assert len(set(pages)) == 2


async def test_a_scrape_sees_what_was_polled_a_moment_ago() -> None:
    store = new_store()
    async with serving(site(store)) as visitor:
        store.record_success(AccountKey("heygen", "one"), Reading(), at=NOW, duration=Seconds(0.5), interval=Seconds(60.0))
        async with visitor.ask("/metrics") as response:
            assert 'ai_account_up{account="one",provider="heygen"} 1.0\n' in await response.text()


async def test_a_scrape_does_not_wait_for_threads_that_wait_for_a_name_server(visitor: Visitor) -> None:
    name_server_answers = threading.Event()
    loop = asyncio.get_running_loop()
    lookups = [loop.run_in_executor(None, name_server_answers.wait) for _ in range(40)]
    try:
        async with asyncio.timeout(PATIENCE), visitor.ask("/metrics") as response:
            assert response.status == 200
    finally:
        name_server_answers.set()
        await asyncio.gather(*lookups)


@pytest.mark.parametrize(("most", "deaf_ones", "status"), [(1, 0, 200), (1, 1, 503), (2, 1, 200), (2, 2, 503), (0, 3, 200)])
async def test_scrapes_that_are_still_being_read_count_and_those_beyond_the_most_are_turned_away_at_once(
    most: int, deaf_ones: int, status: int
) -> None:
    keys = [AccountKey("heygen", str(number)) for number in range(300)]
    store = Store((job_of(key, labels={"note": "x" * 2000}) for key in keys), BUCKETS, clock_at(NOW))  # more than a kernel takes
    async with asyncio.timeout(PATIENCE), serving(site(store, max_requests=most)) as visitor, AsyncExitStack() as leaving:
        for _ in range(deaf_ones):
            await leaving.enter_async_context(deaf(*visitor.address, "/metrics"))
        async with visitor.ask("/metrics") as response:
            assert response.status == status
            assert len(await response.read()) > 8_000_000 or status == 503
        async with visitor.ask("/-/healthy") as response:
            assert response.status == 200
