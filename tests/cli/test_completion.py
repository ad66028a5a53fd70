"""Shell completion works for commands that are imported when they are used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli.main import COMMANDS

PROGRAM = Path(sys.executable).with_name("ai-account-exporter")
VARIABLE = "_AI_ACCOUNT_EXPORTER_COMPLETE"

SHELLS = ("bash", "zsh", "fish")


def run(shell: str, instruction: str, line: str = "", word: str = "0") -> str:
    environ = {**os.environ, VARIABLE: f"{shell}_{instruction}", "COMP_WORDS": line, "COMP_CWORD": word}
    done = subprocess.run([PROGRAM], env=environ, capture_output=True, text=True, check=True)  # noqa: S603 -- our own program
    assert done.stderr == ""
    return done.stdout


def completed(shell: str, *words: str) -> set[str]:
    """What the last word is completed to."""
    line = " ".join(("ai-account-exporter", *words))
    output = run(shell, "complete", line, words[-1] if shell == "fish" else str(len(words)))
    lines = output.splitlines()
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
        (("providers", "test", "--st"), {"--status"}),
    ],
)
def test_a_word_is_completed(shell: str, words: tuple[str, ...], expected: set[str]) -> None:
    assert completed(shell, *words) == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_calls_the_program(shell: str) -> None:
    script = run(shell, "source")
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
