"""Reloads of one file: what is applied, what is refused, how requests share a reload, and how files are watched."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from exporter.daemon.reload import WATCH_INTERVAL, Reloader, checksum
from exporter.errors import ConfigError, ExporterError, Problem
from exporter.model import Seconds
from exporter.validation.file_threads import FileThreads
from tests.support import PATIENCE, FakeClock, no_threads


@dataclass(frozen=True)
class Content:
    """The first word of a file, and the files that its other words name."""

    text: str
    files: tuple[Path, ...]


class Subject:
    """A reloader of one file; the word `wrong` is an invalid configuration."""

    def __init__(self, file: Path, clock: FakeClock) -> None:
        self.file = file
        self.reads = 0
        self.applied: list[str] = []
        self.refusals = 0
        self.reloader = Reloader(Content("", (file,)), lambda: self.read(), lambda content: self.apply(content), self.refuse, clock.clock)  # noqa: PLW0108 -- tests replace them

    def read(self) -> Content:
        self.reads += 1
        text, *named = self.file.read_text().split()
        if text == "wrong":
            raise ConfigError([Problem("accounts", text)])
        return Content(text, (self.file, *map(Path, named)))

    async def apply(self, content: Content) -> None:
        self.applied.append(content.text)

    def refuse(self) -> None:
        self.refusals += 1


@pytest.fixture
def subject(tmp_path: Path, clock: FakeClock) -> Subject:
    (tmp_path / "config.yaml").write_text("one")
    return Subject(tmp_path / "config.yaml", clock)


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


async def watch(subject: Subject, clock: FakeClock, *steps: str) -> None:
    """Write each text, if there is one, and let the watch interval pass."""
    task = asyncio.create_task(subject.reloader.watch())
    try:
        await clock.settled(1)
        for text in steps:
            if text:
                subject.file.write_text(text)
            await clock.advance(WATCH_INTERVAL, asleep=1)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_changed_file_is_applied_within_half_a_minute_and_an_unchanged_one_is_not_read(subject: Subject, clock: FakeClock) -> None:
    await watch(subject, clock, "", "two", "", "", "three")
    assert subject.applied == ["two", "three"]


async def test_a_refused_file_is_tried_again_until_it_is_valid(subject: Subject, clock: FakeClock) -> None:
    await watch(subject, clock, "wrong", "", "four", "")
    assert (subject.applied, subject.refusals) == (["four"], 2)


async def test_a_missing_file_is_refused_and_applied_when_it_is_back(subject: Subject, clock: FakeClock) -> None:
    read = subject.read

    def read_if_there() -> Content:
        if not subject.file.exists():
            raise ConfigError([Problem(str(subject.file), "no such file")])
        return read()

    subject.read = read_if_there  # type: ignore[method-assign]
    task = asyncio.create_task(subject.reloader.watch())
    await clock.settled(1)
    subject.file.unlink()
    await clock.advance(WATCH_INTERVAL, asleep=1)
    subject.file.write_text("back")
    await clock.advance(WATCH_INTERVAL, asleep=1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (subject.applied, subject.refusals) == (["back"], 1)


async def test_a_file_that_a_reload_added_is_watched(subject: Subject, clock: FakeClock, tmp_path: Path) -> None:
    named = tmp_path / "named.yaml"
    named.write_text("first")
    subject.file.write_text(f"two {named}")
    await subject.reloader.reload()
    named.write_text("second")
    await watch(subject, clock, "", "")
    assert subject.applied == ["two", "two"]


async def test_a_replaced_link_is_a_change(tmp_path: Path, clock: FakeClock) -> None:
    """As Kubernetes changes a ConfigMap: the folder is a link, and the link is replaced."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text(name)
    (tmp_path / "data").symlink_to("one")
    (tmp_path / "config.yaml").symlink_to("data/config.yaml")
    subject = Subject(tmp_path / "config.yaml", clock)
    task = asyncio.create_task(subject.reloader.watch())
    await clock.settled(1)
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(tmp_path / "data")
    await clock.advance(WATCH_INTERVAL, asleep=1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert subject.applied == ["two"]


def test_the_checksum_depends_on_content_order_and_absence(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("ab")
    seen = {checksum([one, two])}
    two.write_text("")
    seen.add(checksum([one, two]))
    two.write_text("b")
    seen.add(checksum([one, two]))
    one.write_text("a")
    two.write_text("bb")
    seen |= {checksum([one, two]), checksum([two, one])}
    assert len(seen) == 5


def test_the_checksum_accepts_named_pipes_loops_of_links_and_impossible_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(Path, "is_file", lambda _: True)  # as if it became a pipe just now
    (tmp_path / "circle").symlink_to("circle")
    assert checksum([tmp_path / "pipe", tmp_path / "circle", Path("/run/\ud800"), Path("/run/\0"), Path("/dev/zero")])


class Pattern:
    """A configuration whose pattern matches the files of a folder."""

    def __init__(self, main: Path) -> None:
        self.main = main

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.main, *sorted(self.main.parent.glob("more/*.yaml")))


async def test_a_file_that_a_pattern_matches_now_is_a_change(tmp_path: Path, clock: FakeClock) -> None:
    main = tmp_path / "config.yaml"
    main.write_text("one")
    (tmp_path / "more").mkdir()
    applied: list[int] = []

    async def apply(config: Pattern) -> None:
        applied.append(len(config.files))

    reloader = Reloader(Pattern(main), lambda: Pattern(main), apply, lambda: None, clock.clock)
    watching = asyncio.create_task(reloader.watch())
    await clock.settled(1)
    await clock.advance(WATCH_INTERVAL, asleep=1)
    assert applied == []
    (tmp_path / "more" / "a.yaml").write_text("a")
    await clock.advance(WATCH_INTERVAL, asleep=1)
    assert applied == [2]
    await clock.advance(WATCH_INTERVAL, asleep=1)
    assert applied == [2]
    (tmp_path / "more" / "a.yaml").unlink()
    await clock.advance(WATCH_INTERVAL, asleep=1)
    assert applied == [2, 1]
    watching.cancel()
