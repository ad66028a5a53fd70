"""All commands: the version, names that cannot be used, and the warnings of `check`."""

from __future__ import annotations

import json
import platform
import re
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.cli.main import main
from tests.cli.support import result_of

LONG = "n" * 300


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["providers", LONG], 2),
        (["check", "--config.file", LONG], 2),
        (["providers", "test", "openai", "--answer", LONG], 2),
        (["providers", "test", "openai", "--answer", __file__, "--write-example", LONG], 1),
        (["examples", "--output", LONG], 1),
    ],
    ids=str,
)
def test_a_name_that_the_system_refuses_is_reported(arguments: list[str], code: int) -> None:
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, type(result.exception)) == (code, SystemExit)
    assert "no provider" in result.stderr or "File name too long" in result.stderr


def test_an_unknown_command_is_exit_code_2() -> None:
    assert result_of("server").exit_code == 2


def test_the_version_is_that_of_the_package_with_revision_and_python(monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.fullmatch(r"ai-account-exporter, version (.+) \(revision: (.+)\)\n  python version:   (.+)\n", result_of("--version").stdout)
    assert found
    assert found.groups() == (metadata.version("ai-account-exporter"), "unknown", platform.python_version())
    monkeypatch.setenv("AI_ACCOUNT_EXPORTER_REVISION", "4f2a1c9")
    assert "(revision: 4f2a1c9)" in result_of("--version").stdout


def test_check_prints_warnings_and_succeeds(tmp_path: Path) -> None:
    account = {"name": "prod", "provider": "openai", "credentials": {"admin_key": {"env": "A_KEY"}}, "interval": "30s"}
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps({"accounts": [account]}))
    result = CliRunner(env={"A_KEY": "made-up"}).invoke(main, ["check", f"--config.file={path}"])
    assert result.exit_code == 0
    assert "is valid: 1 account at openai" in result.stdout
    assert "  openai/prod: the interval of 30s is shorter than the 1m that the vendor allows" in result.stderr
    assert "  openai: nobody has tried the definition" in result.stderr
