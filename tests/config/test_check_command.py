"""`check`: exit codes, its output, and what it never shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exporter.cli.main import main
from tests.config.support import CANARY, ENVIRON, HERE, with_account, write


def check(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", f"--config.file={path}", *arguments], env=dict(ENVIRON))


def test_a_valid_file_is_reported_in_one_line_with_the_number_of_accounts(tmp_path: Path) -> None:
    path = HERE / "good" / "same-name-at-two-providers.yaml"
    result = check(path)
    assert (result.exit_code, result.stdout) == (0, f"{path} is valid: 2 accounts at heygen, liveavatar\n")
    assert [line.partition(": ")[::2] for line in result.stderr.splitlines()] == [
        ("  heygen and liveavatar", "nobody has tried the definition: compare the output of `once` with the vendor's dashboard")
    ]


def test_one_account_is_reported_in_the_singular(tmp_path: Path) -> None:
    path = write(tmp_path, with_account())
    assert check(path).stdout == f"{path} is valid: 1 account at heygen\n"


def test_every_problem_of_an_invalid_file_is_reported_on_standard_error(tmp_path: Path) -> None:
    path = write(tmp_path, with_account(name="", interval="x", colour="red"))
    result = check(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        f"{path} cannot be used; 3 problems:",
        f"  {path}:1: accounts[0].colour: unknown key; remove it or correct its name",
        f"  {path}:1: accounts[0].interval: expected a duration such as 30s, 5m or 1h30m",
        f"  {path}:1: accounts[0].name: expected text, found none",
    ]


def test_one_problem_is_reported_in_the_singular(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    result = check(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[:2] == [f"{path} cannot be used; 1 problem:", f"  {path}: no such file"]


@pytest.mark.parametrize("command", ["check", "once", "serve"])
def test_a_missing_configuration_is_reported_with_how_to_get_one(tmp_path: Path, command: str) -> None:
    result = CliRunner().invoke(main, [command, "--config.file", str(tmp_path / "config.yaml")])
    assert result.exit_code == 2
    assert result.stderr.splitlines()[2:] == [
        "  name your file with --config.file, or write an example: ai-account-exporter examples config.example.yaml > config.yaml"
    ]


def test_the_problems_of_all_named_files_are_reported(tmp_path: Path) -> None:
    path = write(tmp_path, with_account(interval="x"))
    web, definition = tmp_path / "web.yaml", tmp_path / "acme.yaml"
    web.write_text("tls_config: {}")
    definition.write_text("name: acme")
    result = check(path, "--web.config.file", str(web), "--provider-file", str(definition))
    assert result.exit_code == 2
    assert [line.split(" cannot be used")[0] for line in result.stderr.splitlines() if "cannot be used" in line] == [
        str(web), str(definition), str(path)
    ]  # fmt: skip
    path = write(tmp_path, with_account())
    result = check(path, "--web.config.file", str(web))
    assert (result.exit_code, result.stdout) == (2, f"{path} is valid: 1 account at heygen\n")


def test_a_secret_in_the_file_is_valid_and_causes_a_warning_that_does_not_show_it(tmp_path: Path) -> None:
    result = check(write(tmp_path, with_account(credentials={"api_key": {"value": CANARY}})))
    assert result.exit_code == 0
    assert "heygen/studio" in result.stderr
    assert "use env or file" in result.stderr
    assert "canary" not in result.output


def test_the_problems_of_an_invalid_file_do_not_show_its_secret(tmp_path: Path) -> None:
    result = check(write(tmp_path, with_account(credentials={"api_key": {"value": CANARY}}, interval=CANARY, colour=CANARY)))
    assert result.exit_code == 2
    assert "canary" not in result.output


@pytest.mark.parametrize("arguments", [["--config.file"], ["--config.fil=x"], ["config.yaml"], ["--config.file=/"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["check", *arguments]).exit_code == 2


def test_the_command_works_as_a_process_in_the_current_folder(tmp_path: Path) -> None:
    write(tmp_path, with_account(credentials={"api_key": {"env": "CHECKED_KEY"}}))
    command = [sys.executable, "-m", "exporter", "check"]
    environ = {**os.environ, "PYTHONPATH": str(HERE.parent.parent)}
    wrong = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    right = subprocess.run(command, cwd=tmp_path, env={**environ, "CHECKED_KEY": CANARY}, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.splitlines()[1] == (
        '  config.yaml:1: account "studio": accounts[0].credentials.api_key: the environment variable CHECKED_KEY is not set'
    )
    assert right.returncode == 0
    [warning] = right.stderr.splitlines()
    assert warning.startswith("  heygen: nobody has tried the definition")
    assert right.stdout.startswith("config.yaml is valid: 1 account")
    assert "canary" not in right.stdout + right.stderr


def test_a_file_with_unusable_secrets_only_is_reported_as_valid_except_for_them(tmp_path: Path) -> None:
    path = write(tmp_path, with_account(credentials={"api_key": {"file": "secrets/openai"}}))
    result = check(path)
    assert result.exit_code == 2
    first, problem, title, warning = result.stderr.splitlines()
    assert first == f"{path} is valid except for its secrets: `serve` starts, and polls the other accounts; 1 problem:"
    assert title == "Warnings:"
    assert warning.startswith("  heygen: nobody has tried the definition")
    assert problem.endswith("the file secrets/openai does not exist; a relative path begins at the folder of the file that contains it")
    path = write(tmp_path, with_account(credentials={"api_key": {"file": "secrets/openai"}}, interval="x"))
    assert check(path).stderr.splitlines()[0] == f"{path} cannot be used; 2 problems:"


def test_a_place_below_a_login_is_shown(tmp_path: Path) -> None:
    path = write(tmp_path, with_account(credentials={"access_token": {"oauth2": {"refresh_token_file": "x"}}}))
    assert "accounts[0].credentials.access_token.oauth2.client_id: is required" in check(path).stderr


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (
            {"thresholds": {"\u201cwallet\u201d": {"warning": 5}}},
            "heygen has no such resource; the name contains a quotation mark that YAML does not accept",
        ),
        ({"\u00a0interval": "5m"}, "unknown key; the name contains a space that is not a plain one"),
        ({"provider": "\u2018heygen\u2019"}, "no such provider; the name contains a quotation mark"),
        ({"budgets": {"spend\u200b": {"usd": 1}}}, "heygen has no such resource; the name contains a space"),
    ],
)
def test_characters_that_only_look_like_those_of_yaml_are_reported(tmp_path: Path, own: dict[str, object], expected: str) -> None:
    assert expected in check(write(tmp_path, with_account(**own))).stderr
