from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from exporter.simulator.faults import Fault
from exporter.simulator.server import Simulator
from tests.simulator.audience import CREDITS, NOW, PLAYERS, WALLET, Clock, ask


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(PLAYERS, monotonic=Clock(7_000), wall=Clock(NOW)) as simulator:
        yield simulator


async def test_a_canned_answer_is_sent_as_it_is_until_it_is_cleared(simulator: Simulator) -> None:
    simulator.reply(CREDITS.secret, status=429, body={"code": 4290}, headers={"Retry-After": "3", "x-ratelimit-remaining": "0"})
    answer = await ask(simulator.url, CREDITS)
    assert (answer.status, answer.body, answer.headers["Retry-After"]) == (429, {"code": 4290}, "3")
    assert [value for name, value in answer.headers.items() if name.lower() == "x-ratelimit-remaining"] == ["0"]
    assert answer.headers["Content-Type"] == "application/json"
    assert (await ask(simulator.url, WALLET)).status == 200
    simulator.clear(CREDITS.secret)
    assert (await ask(simulator.url, CREDITS)).status == 200


async def test_canned_content_is_sent_byte_for_byte(simulator: Simulator) -> None:
    simulator.reply(WALLET.secret, content=b"\xff\x00" * 400, headers={"content-type": "text/plain"})
    answer = await ask(simulator.url, WALLET, **{"Accept-Encoding": "gzip"})
    assert (answer.status, answer.content) == (200, b"\xff\x00" * 400)
    assert answer.headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize(("body", "content"), [(None, b"null"), ([], b"[]"), ("x", b'"x"'), (..., b"")])
async def test_any_json_can_be_canned_and_no_body_is_an_empty_one(simulator: Simulator, body: object, content: bytes) -> None:
    simulator.reply(WALLET.secret, body=body)
    assert (await ask(simulator.url, WALLET)).content == content


async def test_the_last_order_counts(simulator: Simulator) -> None:
    simulator.reply(WALLET.secret, body={})
    simulator.misbehave(WALLET.secret, Fault.NULL)
    assert (await ask(simulator.url, WALLET)).content == b"null"
    simulator.reply(WALLET.secret, body={})
    assert (await ask(simulator.url, WALLET)).content == b"{}"
    simulator.misbehave(WALLET.secret, None)
    assert (await ask(simulator.url, WALLET)).body == WALLET.body(0, NOW)


@pytest.mark.parametrize(
    "order",
    [
        lambda it: it.misbehave("typo", Fault.HANG),
        lambda it: it.misbehave("typo", None),
        lambda it: it.reply("typo"),
        lambda it: it.clear("typo"),
    ],
)
def test_orders_for_a_stranger_are_refused(order: Callable[[Simulator], None]) -> None:
    with pytest.raises(ValueError, match=r"^no account has this secret$"):
        order(Simulator(PLAYERS))
