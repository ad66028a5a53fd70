"""`examples`: every file of the repository that a user needs, without a checkout."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exporter.cli.example_files import FOLDER, KINDS, example_names
from exporter.cli.main import main
from exporter.config.loading import load_config

ROOT = Path(__file__).parent.parent.parent
SOURCES = {
    "prometheus/rules": "prometheus/rules",
    "prometheus/templates": "prometheus/templates",
    "grafana": "grafana",
    "systemd": "docs/deployment",
}
"""The folders of the repository that users need as a whole, by the name of the example."""


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["examples", *map(str, arguments)])


def test_every_file_is_listed_once_below_its_meaning() -> None:
    printed = invoke().stdout
    assert [line.strip() for line in printed.splitlines() if line.startswith("  ")] == example_names()
    assert [line.removesuffix(":") for line in printed.splitlines() if not line.startswith("  ")] == list(KINDS.values())
    walked = {
        (Path(folder) / file).relative_to(FOLDER).as_posix() for folder, _, files in os.walk(FOLDER, followlinks=True) for file in files
    }
    assert len(example_names()) == len(walked)
    assert set(example_names()) == walked


@pytest.mark.parametrize(("name", "source"), SOURCES.items())
def test_a_folder_of_examples_is_that_of_the_repository(name: str, source: str) -> None:
    assert (FOLDER / name).resolve() == ROOT / source


def test_the_repository_contains_no_copy_of_a_file() -> None:
    assert [name for name in example_names() if (FOLDER / name).resolve() == FOLDER / name] == []


@pytest.mark.parametrize("name", example_names())
def test_a_file_is_printed_as_it_is(name: str) -> None:
    result = CliRunner().invoke(main, ["examples", name])
    assert (result.exit_code, result.stdout_bytes) == (0, (FOLDER / name).read_bytes())


def test_all_files_are_written_with_their_folders(tmp_path: Path) -> None:
    result = invoke("--output", tmp_path / "new" / "folder")
    assert (result.exit_code, result.stdout) == (0, f"wrote {len(example_names())} files into {tmp_path}/new/folder\n")
    for name in example_names():
        written = tmp_path / "new" / "folder" / name
        assert written.read_bytes() == (FOLDER / name).read_bytes()
        assert not written.is_symlink()


@pytest.mark.parametrize("name", ["prometheus/rules", "prometheus/rules/"])
def test_one_folder_is_written(tmp_path: Path, name: str) -> None:
    assert invoke(name, "--output", tmp_path).exit_code == 0
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")) == [
        "prometheus/rules/alerts.yaml",
        "prometheus/rules/recording.yaml",
    ]


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    (tmp_path / "config.example.yaml").write_text("mine")
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd" / "ai-account-exporter.socket").symlink_to("nowhere")
    result = invoke("--output", tmp_path)
    assert result.exit_code == 1
    assert result.stderr == (
        f"nothing was written, because {tmp_path} already contains config.example.yaml, systemd/ai-account-exporter.socket; "
        "--force overwrites\n"
    )
    assert (tmp_path / "config.example.yaml").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.example.yaml", "systemd"]
    (tmp_path / "systemd" / "ai-account-exporter.socket").unlink()
    assert invoke("--output", tmp_path, "--force").exit_code == 0
    assert (tmp_path / "config.example.yaml").read_bytes() == (ROOT / "config.example.yaml").read_bytes()


def test_a_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "prometheus").write_text("a file")
    result = invoke("prometheus/rules", "--output", tmp_path)
    assert (result.exit_code, result.stderr) == (1, f"cannot write {tmp_path}/prometheus/rules/alerts.yaml: Not a directory\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prometheus/rulez"], "there is no example 'prometheus/rulez'; did you mean 'prometheus/rules'?\n"),
        (["config.yaml"], "there is no example 'config.yaml'; did you mean 'config.example.yaml'?\n"),
        (["prometheus"], "Error: prometheus is a folder: name one of its files, or write all of them with --output\n"),
        (["--force"], "Error: --force requires --output\n"),
        (["../cli"], "there is no example '../cli'; the command `examples` lists all\n"),
    ],
    ids=str,
)
def test_invalid_usage_is_exit_code_2(arguments: list[str], message: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stderr.endswith(message)


def test_the_example_configuration_is_valid_where_it_was_written(tmp_path: Path) -> None:
    assert invoke("config.example.yaml", "--output", tmp_path).exit_code == 0
    assert load_config(tmp_path / "config.example.yaml", {}, check_secrets=False).config.accounts
    assert stat.S_IMODE((tmp_path / "config.example.yaml").stat().st_mode) & stat.S_IWUSR
