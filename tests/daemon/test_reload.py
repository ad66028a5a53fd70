"""Reloads: what is applied, what is refused, and how requests share a reload."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from exporter.daemon.reload import WATCH_INTERVAL
from exporter.errors import ExporterError, Problem
from exporter.model import Seconds
from exporter.validation.file_threads import FileThreads
from tests.daemon.support import Content, Subject, watch
from tests.support import PATIENCE, FakeClock, no_threads


def failing(error: BaseException) -> Callable[..., Content]:
    def fail() -> Content:
        raise error

    return fail


async def test_a_valid_file_is_applied(subject: Subject) -> None:
    subject.file.write_text("two")
    assert await subject.reloader.reload() == ()
    assert (subject.applied, subject.refusals) == (["two"], 0)


async def test_an_invalid_file_is_reported_and_changes_nothing(subject: Subject) -> None:
    subject.file.write_text("wrong")
    assert await subject.reloader.reload() == (Problem("accounts", "wrong"),)
    assert (subject.applied, subject.refusals) == ([], 1)


async def test_a_valid_file_that_cannot_be_applied_now_is_refused_and_tried_again(subject: Subject, clock: FakeClock) -> None:
    apply, obstacles = subject.apply, ["no file descriptor is free"]

    async def apply_later(content: Content) -> None:
        if obstacles:
            raise ExporterError(obstacles.pop())
        await apply(content)

    subject.apply = apply_later  # type: ignore[method-assign]
    with structlog.testing.capture_logs() as logs:
        assert await subject.reloader.reload() == (Problem("", "no file descriptor is free"),)
    assert [each["problems"] for each in logs] == ["no file descriptor is free"], "text, and not a list of Python"
    assert (subject.applied, subject.refusals) == ([], 1)
    await watch(subject, clock, "")
    assert subject.applied == ["one"]


SECRET = "canary-5eC7et"
DEFECTS = [
    OSError(40, SECRET),
    RuntimeError(f"Symlink loop from {SECRET}"),
    RecursionError(SECRET),
    UnicodeEncodeError("utf-8", SECRET, 0, 1, SECRET),
    ZeroDivisionError(SECRET),
    MemoryError(SECRET),
]


@pytest.mark.parametrize("error", DEFECTS, ids=lambda error: type(error).__name__)
async def test_any_exception_while_reading_is_a_refusal_without_its_text(
    subject: Subject, error: Exception, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    read = subject.read
    subject.read = failing(error)  # type: ignore[method-assign]
    [problem] = await subject.reloader.reload()
    assert type(error).__name__ in str(problem)
    assert (subject.applied, subject.refusals) == ([], 1)
    assert SECRET not in f"{problem}{caplog.text}{capsys.readouterr()}"
    subject.read = read  # type: ignore[method-assign]
    assert await subject.reloader.reload() == ()


@pytest.mark.parametrize("error", DEFECTS, ids=lambda error: type(error).__name__)
async def test_any_exception_while_applying_is_a_refusal_without_its_text(subject: Subject, error: Exception) -> None:
    async def fail(content: Content) -> None:
        raise error

    apply, subject.apply = subject.apply, fail  # type: ignore[method-assign]
    [problem] = await subject.reloader.reload()
    assert SECRET not in str(problem)
    assert subject.refusals == 1
    subject.apply = apply  # type: ignore[method-assign]
    assert await subject.reloader.reload() == ()


@pytest.mark.parametrize("content", ["two", "wrong"])
async def test_while_one_reload_runs_one_waits_and_all_other_requests_share_its_result(subject: Subject, content: str) -> None:
    release, read = threading.Event(), subject.read

    def slow() -> Content:
        release.wait(PATIENCE)
        return read()

    subject.read = slow  # type: ignore[method-assign]
    first = asyncio.create_task(subject.reloader.reload())
    while not subject.reloader._threads.is_waiting(subject.file):  # noqa: ASYNC110 -- a thread sets no event
        await asyncio.sleep(0)
    others = [asyncio.create_task(subject.reloader.reload()) for _ in range(60)]
    await asyncio.sleep(0)
    subject.file.write_text(content)
    release.set()
    results = await asyncio.gather(first, *others)
    assert subject.reads == 2
    assert len({id(result) for result in results[1:]} | {id(results[1])}) == 1
    assert (results[1] == ()) == (content == "two")


async def test_a_request_that_is_cancelled_does_not_end_the_reload_of_the_others(subject: Subject) -> None:
    requests = [asyncio.create_task(subject.reloader.reload()) for _ in range(3)]
    await asyncio.sleep(0)
    requests[0].cancel()
    results = await asyncio.gather(*requests, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [(), ()]
    assert subject.applied == ["one"]


async def test_a_file_that_does_not_answer_is_refused_in_bounded_time_and_read_once_it_does(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "config.yaml").write_text("one")
    subject, release = Subject(tmp_path / "config.yaml", clock), threading.Event()
    subject.reloader._threads = FileThreads(Seconds(0.05))
    read = subject.read

    def hang() -> Content:
        release.wait(PATIENCE)
        return read()

    subject.read = hang  # type: ignore[method-assign]
    before = set(threading.enumerate())
    for _ in range(3):
        [problem] = await subject.reloader.reload()
        assert "could not be read within" in str(problem)
    assert len(set(threading.enumerate()) - before) == 1
    assert (subject.applied, subject.refusals) == ([], 3)
    release.set()
    async with asyncio.timeout(PATIENCE):
        while await subject.reloader.reload():
            pass
    assert subject.applied == ["one"]


async def test_a_lack_of_threads_is_a_refusal_and_ends_no_loop(subject: Subject, clock: FakeClock) -> None:
    task = asyncio.create_task(subject.reloader.watch())
    await clock.settled(1)
    with no_threads():
        await clock.advance(WATCH_INTERVAL, asleep=1)
        assert subject.refusals == 1
    await clock.advance(WATCH_INTERVAL, asleep=1)
    assert (subject.applied, task.done()) == (["one"], False)
    task.cancel()
    await asyncio.wait([task])


async def test_nothing_is_applied_after_close(subject: Subject) -> None:
    request = asyncio.create_task(subject.reloader.reload())
    await asyncio.sleep(0)
    subject.reloader.close()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert subject.applied == []
    assert [str(problem) for problem in await subject.reloader.reload()] == ["the exporter is stopping"]
    assert subject.applied == []
