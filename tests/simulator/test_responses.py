from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from exporter.simulator.faults import Fault
from exporter.simulator.simulator import Simulator
from tests.simulator.support import ACCOUNTS, CREDITS, NOW, WALLET, Clock, ask, body_of


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(ACCOUNTS, monotonic=Clock(7_000), wall=Clock(NOW)) as simulator:
        yield simulator


async def test_a_set_response_is_sent_until_it_is_cleared(simulator: Simulator) -> None:
    simulator.set_response(CREDITS.secret, status=429, body={"code": 4290}, headers={"Retry-After": "3", "x-ratelimit-remaining": "0"})
    answer = await ask(simulator.url, CREDITS)
    assert (answer.status, answer.body, answer.headers["Retry-After"]) == (429, {"code": 4290}, "3")
    assert [value for name, value in answer.headers.items() if name.lower() == "x-ratelimit-remaining"] == ["0"]
    assert answer.headers["Content-Type"] == "application/json"
    assert (await ask(simulator.url, WALLET)).status == 200
    simulator.clear(CREDITS.secret)
    assert (await ask(simulator.url, CREDITS)).status == 200


async def test_raw_content_is_sent_byte_for_byte(simulator: Simulator) -> None:
    simulator.set_response(WALLET.secret, content=b"\xff\x00" * 400, headers={"content-type": "text/plain"})
    answer = await ask(simulator.url, WALLET, **{"Accept-Encoding": "gzip"})
    assert (answer.status, answer.content) == (200, b"\xff\x00" * 400)
    assert answer.headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize(("body", "content"), [(None, b"null"), ([], b"[]"), ("x", b'"x"'), (..., b"")])
async def test_a_response_can_be_any_json_or_empty(simulator: Simulator, body: object, content: bytes) -> None:
    simulator.set_response(WALLET.secret, body=body)
    assert (await ask(simulator.url, WALLET)).content == content


async def test_the_last_override_is_used(simulator: Simulator) -> None:
    simulator.set_response(WALLET.secret, body={})
    simulator.set_fault(WALLET.secret, Fault.NULL)
    assert (await ask(simulator.url, WALLET)).content == b"null"
    simulator.set_response(WALLET.secret, body={})
    assert (await ask(simulator.url, WALLET)).content == b"{}"
    simulator.set_fault(WALLET.secret, None)
    assert (await ask(simulator.url, WALLET)).body == body_of(WALLET, 0, NOW)


@pytest.mark.parametrize(
    "override",
    [
        lambda it: it.set_fault("typo", Fault.HANG),
        lambda it: it.set_fault("typo", None),
        lambda it: it.set_response("typo"),
        lambda it: it.clear("typo"),
    ],
)
def test_an_override_for_an_unknown_secret_is_refused(override: Callable[[Simulator], None]) -> None:
    with pytest.raises(ValueError, match=r"^no account has this secret$"):
        override(Simulator(ACCOUNTS))
