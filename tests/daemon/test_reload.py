from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.daemon.reload import WATCH_INTERVAL, Reloader, checksum
from exporter.errors import ConfigError, ExporterError, Problem
from tests.support import FakeClock


@dataclass(frozen=True)
class Note:
    """What a file said, and all files that it names."""

    text: str
    files: tuple[Path, ...]


class Office:
    """Reads one file; what it says is the plan, unless it says that it is wrong."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.applied: list[str] = []
        self.refusals = 0
        self.reloader = Reloader(Note("", (file,)), self.read, self.apply, self.refuse)

    def read(self) -> Note:
        text, *named = self.file.read_text().split()
        if text == "wrong":
            raise ConfigError([Problem("accounts", text)])
        return Note(text, (self.file, *map(Path, named)))

    async def apply(self, note: Note) -> None:
        self.applied.append(note.text)

    def refuse(self) -> None:
        self.refusals += 1


@pytest.fixture
def office(tmp_path: Path) -> Office:
    (tmp_path / "config.yaml").write_text("one")
    return Office(tmp_path / "config.yaml")


async def test_what_is_right_is_taken_over(office: Office) -> None:
    office.file.write_text("two")
    assert await office.reloader.reload() == ()
    assert (office.applied, office.refusals) == (["two"], 0)


async def test_what_is_wrong_is_told_and_changes_nothing(office: Office) -> None:
    office.file.write_text("wrong")
    assert await office.reloader.reload() == (Problem("accounts", "wrong"),)
    assert (office.applied, office.refusals) == ([], 1)


async def test_what_is_right_but_cannot_be_done_now_is_refused_and_tried_again(office: Office, clock: FakeClock) -> None:
    takes_over, obstacles = office.apply, ["no descriptor is left"]

    async def apply(note: Note) -> None:
        if obstacles:
            raise ExporterError(obstacles.pop())
        await takes_over(note)

    office.reloader = Reloader(Note("", (office.file,)), office.read, apply, office.refuse)
    assert await office.reloader.reload() == (Problem("", "no descriptor is left"),)
    assert (office.applied, office.refusals) == ([], 1)
    await watching(office, clock, "")
    assert office.applied == ["one"]


async def test_twenty_requests_at_once_are_answered_one_after_the_other(office: Office) -> None:
    await asyncio.gather(*(office.reloader.reload() for _ in range(20)))
    assert office.applied == ["one"] * 20


async def watching(office: Office, clock: FakeClock, *steps: str) -> None:
    task = asyncio.create_task(office.reloader.watch(clock.clock))
    try:
        await clock.settled(1)
        for text in steps:
            if text:
                office.file.write_text(text)
            await clock.advance(WATCH_INTERVAL, asleep=1)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_changed_file_is_taken_over_within_half_a_minute_and_an_unchanged_one_is_left_alone(
    office: Office, clock: FakeClock
) -> None:
    await watching(office, clock, "", "two", "", "", "three")
    assert office.applied == ["two", "three"]


async def test_a_refused_file_is_tried_again_until_it_is_mended(office: Office, clock: FakeClock) -> None:
    await watching(office, clock, "wrong", "", "four", "")
    assert (office.applied, office.refusals) == (["four"], 2)


async def test_a_file_that_is_gone_is_refused_like_a_wrong_one(tmp_path: Path, clock: FakeClock) -> None:
    office = Office(tmp_path / "config.yaml")
    office.file.write_text("one")

    def read() -> Note:
        if not office.file.exists():
            raise ConfigError([Problem(str(office.file), "no such file")])
        return office.read()

    office.reloader = Reloader(Note("", (office.file,)), read, office.apply, office.refuse)
    office.file.unlink()
    await watching(office, clock, "", "back")
    assert (office.applied, office.refusals) == (["back"], 1)


async def test_a_file_that_a_reload_brought_in_is_watched_from_then_on(office: Office, clock: FakeClock, tmp_path: Path) -> None:
    named = tmp_path / "named.yaml"
    named.write_text("first")
    office.file.write_text(f"two {named}")
    await office.reloader.reload()
    named.write_text("second")
    await watching(office, clock, "", "")
    assert office.applied == ["two", "two"]


async def test_a_swapped_link_is_a_change(tmp_path: Path, clock: FakeClock) -> None:
    """As Kubernetes changes a ConfigMap: the folder is a link, and the link is replaced."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text(name)
    (tmp_path / "data").symlink_to("one")
    (tmp_path / "config.yaml").symlink_to("data/config.yaml")
    office = Office(tmp_path / "config.yaml")
    (tmp_path / "fresh").symlink_to("two")
    (tmp_path / "fresh").replace(tmp_path / "data")
    await watching(office, clock, "", "")
    assert office.applied == ["two"]


def test_the_checksum_sees_content_order_and_absence(tmp_path: Path) -> None:
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
