"""What each answer of a receiver means: a success, a failure, and when the next push is due."""

from __future__ import annotations

import io

import pytest

from exporter.push.pusher import PushStatistics
from tests.push.receiver import PROTOBUF, Answer, Receiver
from tests.push.support import MakePusher, errors
from tests.support import CANARY, NOW, FakeClock

RETRIED = (429, 502, 503, 504)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        *((400, "client_error"), (401, "unauthorized"), (403, "forbidden"), (404, "client_error"), (413, "client_error")),
        *((429, "rate_limited"), (500, "server_error"), (501, "server_error"), (502, "server_error"), (503, "server_error")),
        *((504, "server_error"), (301, "invalid_response"), (307, "invalid_response"), (308, "invalid_response")),
    ],
)
async def test_a_failure_is_counted_with_its_reason_and_only_some_are_retried_before_the_interval_ends(
    pusher: MakePusher, receiver: Receiver, statistics: PushStatistics, log: io.StringIO, status: int, reason: str
) -> None:
    receiver.answers = [Answer(status, headers={"Location": receiver.url})]
    assert await pusher().push() == (5 if status in RETRIED else 60)
    assert errors(statistics) == {reason: 1}
    assert f"HTTP {status}" in log.getvalue()
    assert len(receiver.pushes) == 1
    assert statistics.last_success_at is None


@pytest.mark.parametrize(
    ("status", "wanted", "wait"),
    [
        *((429, "120", 120), (503, "2", 2), (429, "0.001", 1), (503, "7200", 3600), (503, "nonsense", 5), (429, "", 5)),
        *((502, "120", 5), (500, "120", 60), (400, "120", 60)),
    ],
)
async def test_retry_after_is_honoured_where_it_may_be_sent(
    pusher: MakePusher, receiver: Receiver, status: int, wanted: str, wait: float
) -> None:
    receiver.answers = [Answer(status, headers={"Retry-After": wanted})]
    assert await pusher().push() == wait


async def test_retry_after_may_be_as_long_as_a_long_interval(pusher: MakePusher, receiver: Receiver) -> None:
    receiver.answers = [Answer(503, headers={"Retry-After": "7200"})] * 2
    assert [await pusher(interval=interval).push() for interval in ("90m", "3h")] == [5400, 7200]


async def test_retries_become_rarer_up_to_the_interval(pusher: MakePusher, receiver: Receiver, clock: FakeClock) -> None:
    clock._chance = 1.0
    receiver.answers = [*[Answer(503)] * 5, Answer(), Answer(503)]
    pushing = pusher()
    assert [await pushing.push() for _ in range(7)] == [10, 20, 40, 60, 60, 60, 10]


async def test_a_short_interval_is_never_exceeded_by_a_retry(pusher: MakePusher, receiver: Receiver) -> None:
    receiver.answers = [Answer(503)]
    assert await pusher(interval="2s").push() == 2


async def test_a_receiver_that_hangs_costs_the_timeout(
    pusher: MakePusher, receiver: Receiver, statistics: PushStatistics, log: io.StringIO
) -> None:
    receiver.held.clear()
    assert await pusher(timeout="50ms").push() == 5
    assert errors(statistics) == {"timeout": 1}
    assert "no complete response within 0.05s" in log.getvalue()


async def test_a_receiver_that_does_not_run_is_tried_again(pusher: MakePusher, receiver: Receiver, statistics: PushStatistics) -> None:
    pushing = pusher()
    await receiver.stop()
    assert await pushing.push() == 5
    assert errors(statistics) == {"connection": 1}


@pytest.mark.parametrize("kind", ["text/html", "Text/HTML; charset=utf-8"])
async def test_a_sign_in_page_is_no_receiver(pusher: MakePusher, receiver: Receiver, statistics: PushStatistics, kind: str) -> None:
    receiver.answers = [Answer(200, b"<html>sign in</html>", {"Content-Type": kind})]
    await pusher().push()
    assert errors(statistics) == {"invalid_response": 1}


@pytest.mark.parametrize(
    "answer",
    [Answer(), Answer(202), Answer(204), Answer(200, b"{}", {"Content-Type": "application/json"}), Answer.rejecting(0, "a warning")],
)
async def test_every_other_success_is_one(pusher: MakePusher, receiver: Receiver, statistics: PushStatistics, answer: Answer) -> None:
    receiver.answers = [answer]
    await pusher().push()
    assert (errors(statistics), statistics.last_success_at) == ({}, NOW)


async def test_rejected_points_are_counted_and_the_receiver_s_text_is_not_shown(
    pusher: MakePusher, receiver: Receiver, statistics: PushStatistics, log: io.StringIO
) -> None:
    receiver.answers = [Answer.rejecting(12, f"the key {CANARY} may not write")]
    assert await pusher().push() == 60
    assert (errors(statistics), statistics.last_success_at) == ({"client_error": 1}, NOW)
    assert "the receiver rejected 12 data points" in log.getvalue()
    assert CANARY not in log.getvalue()


async def test_a_success_whose_body_cannot_be_decompressed_is_a_failure(
    pusher: MakePusher, receiver: Receiver, statistics: PushStatistics
) -> None:
    receiver.answers = [Answer(200, b"not gzip", {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"})]
    await pusher().push()
    assert errors(statistics) == {"invalid_response": 1}


async def test_a_push_to_a_name_that_cannot_be_decoded_is_a_failed_push(
    pusher: MakePusher, statistics: PushStatistics, log: io.StringIO
) -> None:
    await pusher(endpoint="https://xn--/v1/metrics").push()
    assert sum(errors(statistics).values()) == 1
    assert "host=xn--" in log.getvalue()
