"""An operator's own definitions, listed by paths and patterns."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.config.loading import load_config
from exporter.config.warnings import warnings_of
from tests.config.support import ACCOUNT, ENVIRON, HERE, load, problems, write

DEFINITION: Final = HERE / "good" / "definitions" / "acme.yaml"
OWN: Final = {"name": "balance", "provider": "acme", "credentials": {"token": {"env": "ACME_TOKEN"}}}


def with_definitions(folder: Path, patterns: list[str], *accounts: Any) -> Path:
    (folder / "definitions").mkdir(exist_ok=True)
    shutil.copy(DEFINITION, folder / "definitions" / "acme.yaml")
    return write(folder, json.dumps({"provider_files": patterns, "accounts": accounts or (OWN,)}))


@pytest.mark.parametrize("pattern", ["definitions/acme.yaml", "definitions/*.yaml", "./definitions/a?me.y*", "{folder}/definitions/*.yaml"])
def test_a_path_or_a_pattern_names_definitions_from_the_folder_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    monkeypatch.chdir("/")
    path = with_definitions(tmp_path, [pattern.replace("{folder}", str(tmp_path))])
    assert load(path).accounts[0].provider == "acme"


@pytest.mark.parametrize(
    "patterns",
    [
        ["definitions/*.yaml", "definitions/acme.yaml"],
        ["definitions/acme.yaml", "definitions/acme.yaml"],
        ["definitions/*.yaml", "./definitions/a*"],
        ["definitions/*.yaml", "{folder}/definitions/*.yaml"],
    ],
)
def test_patterns_that_overlap_name_a_definition_once(tmp_path: Path, patterns: list[str]) -> None:
    path = with_definitions(tmp_path, [pattern.replace("{folder}", str(tmp_path)) for pattern in patterns])
    assert problems(path) == []
    (tmp_path / "definitions" / "acme.yaml").write_text("name: [\n")
    assert [problem.split(":")[0] for problem in problems(path)] == [f"{tmp_path}/definitions/acme.yaml"]


def test_a_definition_that_no_pattern_names_is_not_known(tmp_path: Path) -> None:
    [problem] = problems(with_definitions(tmp_path, []))
    assert problem.startswith("accounts[0].provider: no such provider; ")


def test_an_operators_definition_defines_credentials_and_regions(tmp_path: Path) -> None:
    account = {**OWN, "credentials": {"key": {"env": "ACME_TOKEN"}}, "region": "south"}
    assert problems(with_definitions(tmp_path, ["definitions/*.yaml"], account)) == [
        "accounts[0].credentials.key: acme has no credential of that name; expected token",
        "accounts[0].region: acme has no such region; it has north",
    ]


def test_an_invalid_definition_is_reported_with_the_problems_of_the_configuration(tmp_path: Path) -> None:
    path = with_definitions(tmp_path, ["definitions/*.yaml"], {**ACCOUNT, "name": ""})
    (tmp_path / "definitions" / "b.yaml").write_text("name: [\n")
    name, broken = problems(path)
    assert broken.startswith(f"{tmp_path}/definitions/b.yaml:2:1: is not valid YAML: ")
    assert name.startswith("accounts[0].name: ")


def test_an_invalid_definition_does_not_affect_a_valid_one(tmp_path: Path) -> None:
    path = with_definitions(tmp_path, ["definitions/*.yaml"])
    (tmp_path / "definitions" / "b.yaml").write_text("name: [\n")
    [problem] = problems(path)
    assert problem.startswith(f"{tmp_path}/definitions/b.yaml:2:1: ")


def test_an_account_uses_the_definition_that_replaces_a_built_in_one(tmp_path: Path) -> None:
    path = with_definitions(tmp_path, ["definitions/*.yaml"], {**OWN, "provider": "heygen"})
    own = tmp_path / "definitions" / "own.yaml"
    own.write_text(DEFINITION.read_text().replace("name: acme", "name: heygen"))
    loaded = load_config(path, ENVIRON)
    assert loaded.definitions["heygen"].title == loaded.definitions["acme"].title
    assert "heygen: your definition replaces the built-in one: remove it when a release contains what you need" in warnings_of(loaded)


@pytest.mark.parametrize(
    "pattern", ["nowhere/*.yaml", "definitions/none.yaml", "", "a\0b", "a\ud800*", "sk_live_made_up", "[", "{folder}/none"]
)
def test_a_pattern_that_matches_nothing_is_reported(tmp_path: Path, pattern: str) -> None:
    pattern = pattern.replace("{folder}", str(tmp_path))
    path = with_definitions(tmp_path, ["definitions/*.yaml", pattern])
    assert problems(path) == [f"provider_files[1]: no file matches, relative to {tmp_path}"]


def test_an_impossible_pattern_is_reported(tmp_path: Path) -> None:
    assert len(problems(with_definitions(tmp_path, ["definitions/*.yaml", "\0/*"]))) == 1


def test_a_pattern_with_a_superscript_digit_is_reported(tmp_path: Path) -> None:
    path = with_definitions(tmp_path, ["definitions/*.yaml", "1²1"])
    assert problems(path) == [f"provider_files[1]: no file matches, relative to {tmp_path}"]


@pytest.mark.parametrize("broken", ["name: acme\ntitle: Acme\n", "name: [\n", "[]\n", ""])
def test_an_invalid_definition_is_one_problem_however_many_accounts_use_it(tmp_path: Path, broken: str) -> None:
    account = {**OWN, "thresholds": {"balance": {"warning": 1}}, "region": "north", "credentials": {"token": {"env": "ACME_TOKEN"}}}
    path = with_definitions(tmp_path, ["definitions/*.yaml"], account)
    limited = json.loads(path.read_text()) | {"providers": {"acme": {"max_requests_per_minute": 5}}}
    path.write_text(json.dumps(limited))
    (tmp_path / "definitions" / "acme.yaml").write_text(broken)
    found = problems(path)
    assert found
    assert all(problem.startswith(f"{tmp_path}/definitions/acme.yaml") for problem in found)


def test_an_unknown_provider_is_reported_with_an_invalid_definition_of_another_name(tmp_path: Path) -> None:
    path = with_definitions(tmp_path, ["definitions/*.yaml"], {**ACCOUNT, "provider": "heygem"})
    (tmp_path / "definitions" / "acme.yaml").write_text("name: acme\n")
    assert any(problem.startswith("accounts[0].provider: no such provider") for problem in problems(path))


def test_a_loop_of_links_or_a_named_pipe_is_a_problem(tmp_path: Path) -> None:
    path = with_definitions(tmp_path, ["definitions/*.yaml"], ACCOUNT)
    (tmp_path / "definitions" / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(tmp_path / "definitions" / "pipe.yaml")
    assert problems(path) == [
        f"{tmp_path}/definitions/loop.yaml: cannot be read: Too many levels of symbolic links",
        f"{tmp_path}/definitions/pipe.yaml: cannot be read: not a regular file",
    ]


def test_a_folder_is_no_definition(tmp_path: Path) -> None:
    path = with_definitions(tmp_path, ["definitions"], ACCOUNT)
    assert problems(path) == [f"{tmp_path}/definitions: cannot be read: Is a directory"]
