"""A configuration that stays invalid is logged again once an hour."""

from __future__ import annotations

from pathlib import Path

from exporter.daemon.reload import Reloader
from exporter.errors import ConfigError, Problem
from tests.accounts.support import Log
from tests.daemon.test_reload import Content
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
