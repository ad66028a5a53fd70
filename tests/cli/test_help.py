"""The help of each command fits a terminal of 80 columns."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from exporter.cli.main import COMMANDS, main


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS), ("providers", "test"), ("providers", "describe")])
def test_the_help_fits_80_columns_and_no_summary_is_cut_off(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*command, "--help"], prog_name="ai-account-exporter", terminal_width=80)
    assert shown.exit_code == 0
    assert [line for line in shown.output.splitlines() if len(line) > 80] == []
    assert [line for line in shown.output.splitlines()[1:] if line.endswith("...")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_shows_each_summary_on_one_line(name: str) -> None:
    shown = CliRunner().invoke(main, ["--help"], prog_name="ai-account-exporter", terminal_width=80)
    assert [line for line in shown.output.splitlines() if line.split()[:1] == [name] and line.endswith(COMMANDS[name])]
