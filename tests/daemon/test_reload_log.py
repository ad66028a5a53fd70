"""A configuration that stays invalid is logged again once an hour."""

from __future__ import annotations

from pathlib import Path

from exporter.daemon.reload import Reloader
from exporter.errors import ConfigError, Problem
from tests.accounts.support import Log
from tests.daemon.support import Content
from tests.support import FakeClock


async def test_a_refused_configuration_is_logged_when_its_problems_change_and_once_an_hour(tmp_path: Path) -> None:
    file, time = tmp_path / "config.yaml", FakeClock()
    file.write_text("wrong")

    def read() -> Content:
        text = file.read_text()
        if text.startswith("wrong"):
            raise ConfigError([Problem("accounts", text)])
        return Content(text, (file,))

    async def apply(_content: Content) -> None:
        """Accept it."""

    log = Log()
    reloader = Reloader(Content("", (file,)), read, apply, lambda: None, time.clock)
    for _ in range(121):
        await reloader.reload()
        time.now += 30.0
    file.write_text("wrong again")
    await reloader.reload()
    file.write_text("right")
    await reloader.reload()
    file.write_text("wrong again")
    await reloader.reload()
    assert [line.get("problems", line["event"]) for line in log.lines()] == [
        "accounts: wrong",
        "accounts: wrong",
        "accounts: wrong again",
        "config reloaded",
        "accounts: wrong again",
    ]


async def test_thousands_of_problems_are_one_line_of_moderate_length(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    problems = [Problem(f"accounts[{number}].interval", "expected a duration such as 30s, 5m or 1h30m") for number in range(10_000)]

    def read() -> Content:
        raise ConfigError(problems)

    async def apply(_content: Content) -> None:
        """Accept it."""

    log = Log()
    assert await Reloader(Content("", (file,)), read, apply, lambda: None, FakeClock().clock).reload() == tuple(problems)
    [line] = log.lines()
    assert line["problems"].startswith("accounts[0].interval: expected")
    assert line["problems"].endswith("; 9950 more: `check` prints all")
    assert len(line["problems"]) < 10_000
