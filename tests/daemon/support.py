"""A reloader of one file, and the watching of that file."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from exporter.daemon.reload import WATCH_INTERVAL, Reloader
from exporter.errors import ConfigError, Problem
from tests.support import FakeClock


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
