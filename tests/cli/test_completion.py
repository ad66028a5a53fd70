"""Shell completion works for commands that are imported when they are used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.cli.main import COMMANDS, main

PROGRAM = Path(sys.executable).with_name("ai-account-exporter")
VARIABLE = "_AI_ACCOUNT_EXPORTER_COMPLETE"

SHELLS = ("bash", "zsh", "fish")


def in_process(environ: dict[str, str]) -> str:
    """Run the program with these variables as a process, and return its output."""
    done = subprocess.run([PROGRAM], env=os.environ | environ, capture_output=True, text=True, check=True)  # noqa: S603 -- our own program
    assert done.stderr == ""
    return done.stdout


def here(environ: dict[str, str]) -> str:
    """Run the program with these variables in this process, which is faster, and return its output."""
    done = CliRunner().invoke(main, env=environ, prog_name=PROGRAM.name)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def completed(run: Callable[[dict[str, str]], str], shell: str, *words: str) -> set[str]:
    """What the last word is completed to."""
    line = " ".join((PROGRAM.name, *words))
    environ = {"COMP_WORDS": line, "COMP_CWORD": words[-1] if shell == "fish" else str(len(words))}
    lines = run(environ | {VARIABLE: f"{shell}_complete"}).splitlines()
    if shell == "zsh":  # type, value and help, a line each
        return set(lines[1::3])
    return {line.partition(",")[2].partition("\t")[0] for line in lines}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("",), set(COMMANDS)),
        (("se",), {"serve"}),
        (("serve", "--log.level", ""), {"debug", "info", "warn", "error"}),
        (("once", "--output", "j"), {"json"}),
        (("check", "--web."), {"--web.config.file"}),
        (("healthcheck", "--t"), {"--timeout"}),
        (("providers", "te"), {"test"}),
        (("providers", "heyg"), {"heygen"}),
        (("providers", "test", "live"), {"liveavatar"}),
        (("providers", "test", "--ans"), {"--answer"}),
    ],
)
def test_a_word_is_completed(shell: str, words: tuple[str, ...], expected: set[str]) -> None:
    assert completed(here, shell, *words) == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_a_new_process_completes_the_options_of_a_command_in_a_group(shell: str) -> None:
    assert completed(in_process, shell, "providers", "test", "--st") == {"--status"}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_calls_the_program(shell: str) -> None:
    script = in_process({VARIABLE: f"{shell}_source"})
    assert "ai-account-exporter" in script
    assert f"{VARIABLE}={shell}_complete" in script


def test_bash_completes_with_the_script() -> None:
    bash = shutil.which("bash")
    assert bash
    code = (
        f'eval "$({VARIABLE}=bash_source ai-account-exporter)"; COMP_WORDS=(ai-account-exporter providers heyg); COMP_CWORD=2; '
        '_ai_account_exporter_completion ai-account-exporter; echo "${COMPREPLY[@]}"; complete -p ai-account-exporter'
    )
    environ = {**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
    done = subprocess.run([bash, "-c", code], env=environ, capture_output=True, text=True, check=True)  # noqa: S603 -- our own code
    assert done.stdout.splitlines() == ["heygen", "complete -o nosort -F _ai_account_exporter_completion ai-account-exporter"]
