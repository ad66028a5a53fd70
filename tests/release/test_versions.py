"""Every file has the version of pyproject.toml, and a tag with another version is refused."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / ".github" / "release.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


release = script()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the files with the version 1.2.3."""
    for name in ("pyproject.toml", *release.VERSIONS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
        text = (tmp_path / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(release.version_of(ROOT), "1.2.3"), encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n\n### Fixed\n\n- This.\n\n## [1.2.2] - 2026-11-01\n\n- That.\n"
    )
    return tmp_path


def test_every_file_has_the_same_version() -> None:
    assert list(release.mismatches(ROOT)) == []


def test_the_changelog_has_this_version_or_is_unreleased() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert heads[0] == "Unreleased" or heads[0] == release.version_of(ROOT)
    assert release.version_of(ROOT) in heads or len(heads) == 1


def test_a_tag_of_the_version_can_be_released(project: Path) -> None:
    assert list(release.problems(project, "v1.2.3")) == []


def test_a_tag_of_another_version_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["check", "v1.2.4"], project) == 1
    assert "the tag is v1.2.4" in capsys.readouterr().err


@pytest.mark.parametrize("name", release.VERSIONS)
def test_a_file_of_another_version_is_refused(project: Path, name: str) -> None:
    text = (project / name).read_text(encoding="utf-8")
    (project / name).write_text(text.replace("1.2.3", "1.2.2"), encoding="utf-8")
    [problem] = release.problems(project, "v1.2.3")
    assert problem.startswith(f"{name} has 1.2.2")


def test_a_version_without_notes_is_refused(project: Path) -> None:
    (project / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n- This.\n")
    [problem] = release.problems(project, "v1.2.3")
    assert problem.startswith("CHANGELOG.md")


def test_the_notes_are_those_of_the_version(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["notes", "v1.2.3"], project) == 0
    assert capsys.readouterr().out == "### Fixed\n\n- This.\n"


def test_a_wrong_command_prints_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main([]) == 2
    assert "check|notes" in capsys.readouterr().err
