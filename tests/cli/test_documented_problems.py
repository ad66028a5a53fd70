"""The problems in docs/cli.md are those that `check` prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.support import invoke

PAGE = Path(__file__).parent.parent.parent / "docs" / "cli.md"
CONFIG = """\
defaults:
  timeout: 15s
accounts:
  - name: studio
    provider: heygne
    credentials: {api_key: sk-not-a-real-key}
    interval: 5
"""


def test_the_documented_problems_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG)
    [documented] = re.findall(r"^```text\n(config.yaml cannot be used.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert invoke("check") == (2, "", documented)
