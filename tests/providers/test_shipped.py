"""The folders of definitions that come with the exporter."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from exporter.providers.library import BUILT_IN, SEEN, load_definition

ROOT = BUILT_IN.parent.parent.parent
SHIPPED = sorted([*BUILT_IN.glob("*.yaml"), *SEEN.glob("*.yaml")])

each_definition = pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)


def test_no_name_is_in_both_folders() -> None:
    """Only one of the two would be used."""
    assert {path.stem for path in BUILT_IN.iterdir()} & {path.stem for path in SEEN.iterdir()} == set()


def test_the_folders_contain_only_definitions() -> None:
    assert sorted([*BUILT_IN.iterdir(), *SEEN.iterdir()]) == SHIPPED


@each_definition
def test_the_name_of_a_definition_is_that_of_its_file(path: Path) -> None:
    assert load_definition(path).name == path.stem


@each_definition
def test_every_definition_says_how_far_it_was_verified(path: Path) -> None:
    verified = load_definition(path).verified
    assert verified
    assert (verified.level == "seen") is (path.parent == SEEN)
    assert all(source.startswith("https://") for source in verified.sources)


@each_definition
def test_every_definition_has_a_category(path: Path) -> None:
    """Otherwise it would be among the others in the lists of vendors."""
    assert load_definition(path).category


@each_definition
def test_the_feature_of_auto_reload_has_the_name_that_the_forecast_reads(path: Path) -> None:
    requests = [each for each in load_definition(path).requests if each.auto_reload and each.features]
    assert all("auto_reload" in each.features for each in requests)


def test_the_wheel_contains_every_definition(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert [path.name for path in SHIPPED if path.relative_to(ROOT).as_posix() not in names] == []
