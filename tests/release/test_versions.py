"""One version, decided in pyproject.toml; whatever repeats it agrees, and a tag that does not is refused."""

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
    """A copy of what is looked at, in the version 1.2.3."""
    for name in ("pyproject.toml", *release.VERSIONS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
        text = (tmp_path / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(release.version_of(ROOT), "1.2.3"), encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n\n### Fixed\n\n- This.\n\n## [1.2.2] - 2026-11-01\n\n- That.\n"
    )
    return tmp_path


def test_what_repeats_the_version_agrees() -> None:
    assert list(release.contradictions(ROOT)) == []


def test_the_changelog_tells_of_this_version_or_is_about_to() -> None:
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
    assert problem.startswith(f"{name} tells 1.2.2")


def test_a_version_without_notes_is_refused(project: Path) -> None:
    (project / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n- This.\n")
    [problem] = release.problems(project, "v1.2.3")
    assert problem.startswith("CHANGELOG.md")


def test_the_notes_are_the_version_s_own(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["notes", "v1.2.3"], project) == 0
    assert capsys.readouterr().out == "### Fixed\n\n- This.\n"


def test_another_use_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main([]) == 2
    assert "check|notes" in capsys.readouterr().err
