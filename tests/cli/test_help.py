"""The help of each command: complete, and within 80 columns."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from exporter.cli.lazy import LazyCommand
from exporter.cli.main import COMMANDS, main
from tests.cli.support import result_of


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


def test_every_command_and_every_option_has_a_help_text() -> None:
    overview = result_of("--help").stdout
    for name in COMMANDS:
        assert re.search(rf"^  {name} +[A-Z]\w+", overview, re.MULTILINE), name
        page = result_of(name, "--help")
        assert page.exit_code == 0
        assert "--help" in page.stdout
        for option in re.findall(r"^  (--[a-z.-]+)", page.stdout, re.MULTILINE):
            assert re.search(rf"{re.escape(option)}[^\n]*(\n\s+)?[^\n]*\w{{4,}}", page.stdout), option


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_of_a_command_is_the_first_sentence_of_its_help(name: str) -> None:
    command = main.commands[name]
    assert isinstance(command, LazyCommand)
    assert command.short_help == command.load().get_short_help_str(limit=200)
