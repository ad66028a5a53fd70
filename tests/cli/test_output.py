"""Output that cannot be written: no traceback, and the exit code that the command has anyway."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from exporter.cli.main import main
from exporter.simulator.simulator import Simulator
from tests.support import PATIENCE, secret_of

VALID: Final = "accounts: [{name: 'caf\u00e9 \U0001f3ac', provider: heygen, credentials: {api_key: {file: key}}, base_url: 'URL'}]"
TARGETS: Final = ("full disk", "closed pipe", "closed")


def configure(folder: Path, url: str = "http://127.0.0.1:1") -> Path:
    (folder / "key").write_text(secret_of("heygen"))
    path = folder / "config.yaml"
    path.write_text(VALID.replace("URL", url), encoding="utf-8")
    return path


def run(*arguments: str | Path, out: str = "", err: str = "", encoding: str = "utf-8") -> tuple[int, str, str]:
    """Run a command with such an output; returns the exit code and what was written to the others."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    opened, closed = [], ""
    for name, target, redirection in (("stdout", out, " >&-"), ("stderr", err, " 2>&-")):
        if target == "full disk":
            opened.append(os.open("/dev/full", os.O_WRONLY))
            streams[name] = opened[-1]
        elif target == "closed pipe":
            read_end, write_end = os.pipe()
            os.close(read_end)
            opened.append(write_end)
            streams[name] = write_end
        elif target:
            closed += redirection
    command = ["sh", "-c", f'exec "$@"{closed}', "sh", sys.executable, "-W", "error", "-m", "exporter", *map(str, arguments)]
    environ = {**os.environ, "PYTHONIOENCODING": encoding}
    try:
        done = subprocess.run(command, env=environ, check=False, timeout=PATIENCE, **streams)  # type: ignore[call-overload]  # noqa: S603 -- our own command
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return done.returncode, (done.stdout or b"").decode("latin-1"), (done.stderr or b"").decode("latin-1")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
async def test_names_that_the_terminal_cannot_show_are_escaped(simulator: Simulator, tmp_path: Path, encoding: str) -> None:
    code, out, err = await _in_thread("once", "--config.file", configure(tmp_path, simulator.url), encoding=encoding)
    assert (code, err) == (0, "")
    assert "\\U0001f3ac" in out
    assert "42.5" in out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_failure_is_printed_on_any_terminal(tmp_path: Path, encoding: str) -> None:
    code, out, err = run("once", "--config.file", configure(tmp_path), encoding=encoding)
    assert (code, "Traceback" in err) == (1, False)
    assert "FAILED, connection" in out


@pytest.mark.parametrize(("output", "target"), [("table", "full disk"), ("table", "closed pipe"), ("prometheus", "full disk")])
async def test_once_fails_if_its_result_cannot_be_written(simulator: Simulator, tmp_path: Path, output: str, target: str) -> None:
    code, _, err = await _in_thread("once", "--config.file", configure(tmp_path, simulator.url), "--output", output, out=target)
    assert (code, "Traceback" in err, "Exception" in err) == (1, False, False)


@pytest.mark.parametrize(
    ("arguments", "target"),
    [(["--help"], "closed pipe"), (["serve", "--help"], "full disk"), (["providers"], "full disk"), (["check", "--schema"], "closed pipe")],
)
def test_a_text_that_cannot_be_written_is_exit_code_1(arguments: list[str], target: str) -> None:
    code, _, err = run(*arguments, out=target)
    assert (code, "Traceback" in err, "Exception" in err) == (1, False, False)


@pytest.mark.parametrize("target", TARGETS)
def test_check_needs_no_output_for_its_exit_code(tmp_path: Path, target: str) -> None:
    path = configure(tmp_path)
    code, _, err = run("check", "--config.file", path, out=target)
    assert (code, "Traceback" in err, "Exception" in err) == (0, False, False)
    assert run("check", "--config.file", path, err=target)[0] == 0
    path.write_text("accounts: 5")
    assert run("check", "--config.file", path, err=target)[0] == 2


@pytest.mark.parametrize("target", TARGETS)
def test_wrong_usage_and_healthcheck_need_no_output_for_their_exit_code(target: str) -> None:
    assert run("providers", "--no-such-flag", err=target)[0] == 2
    assert run("healthcheck", "--web.listen-address", "127.0.0.1:1", out=target, err=target)[0] == 1


@pytest.mark.parametrize(
    "arguments", [["demo", "--history", "10m"], ["providers"], ["providers", "openai", "--yaml"], ["examples"]], ids=" ".join
)
def test_an_output_that_is_closed_is_no_failure(arguments: list[str]) -> None:
    assert run(*arguments, out="closed") == (0, "", "")


def test_a_standard_input_that_is_closed_is_reported() -> None:
    command = ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "exporter", "providers", "test", "openai", "--answer", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603 -- our own command
    assert (done.returncode, done.stderr) == (2, "-: standard input is closed\n")


@pytest.mark.parametrize("level", ["debug", "info", "warn", "warning", "error", "DEBUG", "Info", "WARN", "Warning", "ERROR"])
def test_the_log_levels_of_exporters_in_go_are_accepted(tmp_path: Path, level: str) -> None:
    done = CliRunner().invoke(main, ["once", "--config.file", str(configure(tmp_path)), f"--log.level={level}"])
    assert done.exit_code == 1
    assert ("poll failed" in done.stderr) == (level.lower() in {"debug", "warn", "warning"})


async def _in_thread(*arguments: str | Path, out: str = "", encoding: str = "utf-8") -> tuple[int, str, str]:
    return await asyncio.to_thread(run, *arguments, out=out, encoding=encoding)
