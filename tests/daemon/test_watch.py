"""Files of the configuration are watched: a change is applied, and what is refused is tried again."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from exporter.daemon.reload import WATCH_INTERVAL, Reloader, checksum
from exporter.errors import ConfigError, Problem
from tests.daemon.support import Content, Subject, watch
from tests.support import FakeClock


async def test_a_changed_file_is_applied_within_half_a_minute_and_an_unchanged_one_is_not_read(subject: Subject, clock: FakeClock) -> None:
    assert WATCH_INTERVAL <= 30
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
