"""When the metrics are pushed, what is sent, and what is logged."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.accounts.store import Store
from exporter.client.client import Client
from exporter.log import REMIND_AFTER
from exporter.metrics.exposition import Exposition
from exporter.model import Reason
from exporter.push.pusher import Pusher, PushStatistics
from tests.metrics.showcase import STAGE
from tests.push.receiver import PROTOBUF, Answer, Receiver, page_series
from tests.push.support import MakePusher, errors
from tests.support import CANARY, NOW, FakeClock, clock_at, until


async def test_a_push_contains_the_page_and_the_resource(
    pusher: MakePusher, receiver: Receiver, store: Store, exposition: Exposition, log: io.StringIO
) -> None:
    assert await pusher(interval="5m", resource={"service.name": "accounts", "team": "video"}).push() == 300
    [pushed] = receiver.pushes
    changing = ("process_", "python_", "ai_account_exporter_push_")
    expected = page_series(exposition.render(store.snapshot()).body.decode())
    stored = pushed.series()
    assert {series: value for series, value in stored.items() if not series[0].startswith(changing)} == {
        series: value for series, value in expected.items() if not series[0].startswith(changing)
    }
    assert expected.keys() - stored.keys() == {("ai_account_exporter_push_last_success_timestamp_seconds", frozenset())}
    assert pushed.resource == {"service.name": "accounts", "service.instance.id": "host:9893", "team": "video"}
    assert pushed.headers["Accept"] == PROTOBUF
    assert pushed.headers["User-Agent"] == "ai-account-exporter/test"
    assert log.getvalue().count("push succeeded") == 1


async def test_the_page_shows_how_pushes_went(pusher: MakePusher, receiver: Receiver, store: Store, exposition: Exposition) -> None:
    receiver.answers = [Answer(500)]
    pushing = pusher()
    await pushing.push()
    page = page_series(exposition.render(store.snapshot()).body.decode())
    name = "ai_account_exporter_push_errors_total"
    assert {dict(labels)["reason"]: value for (family, labels), value in page.items() if family == name} == {
        reason.value: float(reason is Reason.SERVER_ERROR) for reason in Reason
    }
    assert "ai_account_exporter_push_last_success_timestamp_seconds" not in dict(page)
    await pushing.push()
    page = page_series(exposition.render(store.snapshot()).body.decode())
    assert page["ai_account_exporter_push_last_success_timestamp_seconds", frozenset()] == NOW


async def test_a_header_is_read_for_each_push(pusher: MakePusher, receiver: Receiver, tmp_path: Path) -> None:
    file = tmp_path / "header"
    file.write_text("Bearer one\n")
    pushing = pusher({"TENANT": "team-a"}, headers={"Authorization": {"file": str(file)}, "X-Scope-OrgID": {"env": "TENANT"}})
    await pushing.push()
    file.write_text("Bearer two\n")
    await pushing.push()
    assert [pushed.headers["Authorization"] for pushed in receiver.pushes] == ["Bearer one", "Bearer two"]
    assert receiver.pushes[0].headers["X-Scope-OrgID"] == "team-a"


@pytest.mark.parametrize("source", [{"env": "MISSING"}, {"file": "/nowhere/header"}])
async def test_without_the_header_nothing_is_sent(
    pusher: MakePusher, receiver: Receiver, statistics: PushStatistics, source: dict[str, str]
) -> None:
    assert await pusher(headers={"Authorization": source}).push() == 60
    assert errors(statistics) == {"credential": 1}
    assert receiver.pushes == []


async def test_a_defect_costs_one_push_and_its_text_is_not_shown(
    pusher: MakePusher, receiver: Receiver, statistics: PushStatistics, log: io.StringIO
) -> None:
    pushing = pusher()
    families = pushing._families

    def defective(*_: object) -> Any:
        raise LookupError(CANARY)

    pushing._families = defective
    assert await pushing.push() == 60
    assert errors(statistics) == {"internal": 1}
    assert "LookupError" in log.getvalue()
    assert CANARY not in log.getvalue()
    pushing._families = families
    await pushing.push()
    assert len(receiver.pushes) == 1


async def test_a_counter_begins_with_the_first_push_that_arrived(pusher: MakePusher, receiver: Receiver, clock: FakeClock) -> None:
    pushing = pusher()
    pushing._snapshot = _moving(pushing, clock)
    receiver.answers = [Answer(503)]
    for _ in range(3):
        await pushing.push()
        clock.now += 60
    starts = [{point.start_time_unix_nano for point in pushed.points("ai_account_scrapes_total").values()} for pushed in receiver.pushes]
    times = [{point.time_unix_nano for point in pushed.points("ai_account_scrapes_total").values()} for pushed in receiver.pushes]
    assert starts[1] == times[1] != times[0]
    assert starts[2] == times[1]


def _moving(pushing: Pusher, clock: FakeClock) -> Callable[[], Any]:
    store: Store = pushing._snapshot.__self__  # type: ignore[attr-defined]  # a bound method

    def snapshot() -> Any:
        store._clock = clock_at(clock.wall())
        return store.snapshot()

    return snapshot


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({"interval": "2m", "timeout": "30s"}, True),
        ({"resource": {"service.name": "other"}}, False),
        ({"headers": {"X-Scope-OrgID": {"env": "TENANT"}}}, False),
    ],
    ids=["interval", "resource", "tenant"],
)
async def test_other_settings_for_the_same_receiver_end_the_series_that_it_has(
    pusher: MakePusher, receiver: Receiver, store: Store, *, changes: dict[str, Any], is_same: bool
) -> None:
    former = pusher()
    await former.push()
    store.configure([job for job in store.snapshot().jobs if job.key != STAGE])
    await pusher({"TENANT": "b"}, former, **changes).push()
    ended = [series for series, value in receiver.pushes[1].series().items() if value is None]
    assert {dict(labels)["account"] for _, labels in ended} == ({"stage"} if is_same else set())


async def test_series_of_a_push_that_was_accepted_in_part_are_ended_too(pusher: MakePusher, receiver: Receiver, store: Store) -> None:
    receiver.answers = [Answer.rejecting(1)]
    pushing = pusher()
    await pushing.push()
    store.configure([job for job in store.snapshot().jobs if job.key != STAGE])
    await pushing.push()
    ended = [series for series, value in receiver.pushes[1].series().items() if value is None]
    assert {dict(labels)["account"] for _, labels in ended} == {"stage"}


async def test_the_end_of_a_series_is_pushed_until_it_arrives(pusher: MakePusher, receiver: Receiver, store: Store) -> None:
    pushing = pusher()
    await pushing.push()
    store.configure([job for job in store.snapshot().jobs if job.key != STAGE])
    receiver.answers = [Answer(503)]
    for _ in range(3):
        await pushing.push()
    ended = [{series for series, value in pushed.series().items() if value is None} for pushed in receiver.pushes]
    assert ended[0] == ended[3] == set()
    assert ended[1] == ended[2]
    assert {dict(labels)["account"] for _, labels in ended[1]} == {"stage"}


async def test_a_failure_is_logged_when_it_changes_and_once_an_hour(
    pusher: MakePusher, receiver: Receiver, clock: FakeClock, log: io.StringIO
) -> None:
    receiver.answers = [*[Answer(503)] * 3, Answer(401), *[Answer(401)] * 3, Answer(), Answer(), Answer(401)]
    pushing = pusher()
    lines = []
    for _ in range(10):
        await pushing.push()
        lines.append([line.partition("event=")[2] for line in log.getvalue().splitlines()])
        log.truncate(log.seek(0))
        clock.now += REMIND_AFTER / 2
    shown = [line[0] if line else "" for line in lines]
    assert ["503" in line for line in shown] == [True, False, True, *[False] * 7]
    assert ["401" in line for line in shown] == [False] * 3 + [True, False, True, False] + [False] * 2 + [True]
    assert ["push succeeded" in line for line in shown] == [False] * 7 + [True, False, False]


async def test_one_push_runs_at_a_time_and_the_interval_follows_it(pusher: MakePusher, receiver: Receiver, clock: FakeClock) -> None:
    receiver.held.clear()
    pushing = pusher()
    pushing.start()
    await until(lambda: receiver.pushes, "the first push")
    clock.now += 600
    assert len(receiver.pushes) == 1
    receiver.held.set()
    await clock.settled(1)
    await clock.advance(59, asleep=1)
    assert len(receiver.pushes) == 1
    await clock.advance(1, asleep=0)
    await until(lambda: len(receiver.pushes) == 2, "the second push")
    pushing.stop()


async def test_the_end_ends_a_push_that_hangs_and_pushes_once_more(pusher: MakePusher, receiver: Receiver) -> None:
    receiver.held.clear()
    pushing = pusher()
    pushing.start()
    await until(lambda: receiver.pushes, "the first push")
    receiver.held.set()
    await pushing.close()
    assert len(receiver.pushes) == 2
    assert pushing._task
    assert pushing._task.done()


async def test_no_answer_shows_the_header(
    pusher: MakePusher, receiver: Receiver, store: Store, exposition: Exposition, log: io.StringIO, client: Client
) -> None:
    """The receiver repeats the header in every answer, and some pushes do not arrive."""
    echo = {"Content-Type": PROTOBUF, "X-Echo": f"Bearer {CANARY}", "Location": f"{receiver.url}?{CANARY}", "Retry-After": CANARY}
    statuses = (200, 204, 301, 400, 401, 403, 404, 413, 429, 500, 502, 503, 504)
    receiver.answers = [Answer(status, f"Bearer {CANARY}".encode(), echo) for status in statuses]
    pushing = pusher({"OTLP": f"Bearer {CANARY}"}, headers={"Authorization": {"env": "OTLP"}})
    for _ in statuses:
        await pushing.push()
    await receiver.stop()
    await pushing.push()
    assert receiver.pushes[0].headers["Authorization"] == f"Bearer {CANARY}"
    shown = log.getvalue() + exposition.render(store.snapshot()).body.decode() + repr(pushing.settings)
    assert CANARY not in shown
    assert "push failed" in shown
