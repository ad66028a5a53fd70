"""Links to the repository and to the site lead to files that exist, wherever the document is shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.release.links import relative_targets, targets
from tools.docs.vendors import SITE

ROOT = Path(__file__).parent.parent.parent
REPOSITORY = "https://github.com/ai-account-exporter/ai-account-exporter"
RAW = "https://raw.githubusercontent.com/ai-account-exporter/ai-account-exporter/main/"
SETTINGS: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
SHOWN_ELSEWHERE = ("README.md", "helm/ai-account-exporter/README.md")
"""Shown on PyPI and on Artifact Hub, too."""
PAGES_OF_GITHUB = {"", "/issues", "/releases", "/security/policy"}
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "helm").rglob("*.md"), *(ROOT / "prometheus").rglob("*.md")]
)
OTHER_FILES = [ROOT / name for name in ("pyproject.toml", "helm/ai-account-exporter/Chart.yaml", "Dockerfile", "mkdocs.yml")]


def sources(url: str) -> list[Path]:
    """The files that an address of the project may be made of; none for another address."""
    path = url.partition("#")[0]
    if path.startswith(f"{SITE}/"):
        page = path.removeprefix(f"{SITE}/").rstrip("/")
        return [ROOT / "docs" / name for name in (f"{page}.md", f"{page}/index.md", f"{page}/README.md", page or "index.md")]
    if found := re.fullmatch(rf"{REPOSITORY}/(?:blob|tree)/main/(.+)|{RAW}(.+)", path):
        return [ROOT / (found[1] or found[2])]
    return [] if path.removeprefix(REPOSITORY) in PAGES_OF_GITHUB else [ROOT / "missing"] * path.startswith(REPOSITORY)


def is_broken(url: str) -> bool:
    places = sources(url)
    return bool(places) and not any(place.exists() for place in places)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_to_the_project_lead_to_files_that_exist(document: Path) -> None:
    assert [url for url in targets(document.read_text(encoding="utf-8")) if is_broken(url)] == []


@pytest.mark.parametrize("file", OTHER_FILES, ids=lambda path: path.name)
def test_addresses_in_other_files_lead_to_files_that_exist(file: Path) -> None:
    urls = re.findall(r"https://[^\s\"'`)]+", file.read_text(encoding="utf-8"))
    assert [url for url in urls if is_broken(url)] == []


def test_a_broken_link_is_found() -> None:
    assert is_broken(f"{SITE}/quickstrat/")
    assert is_broken(f"{REPOSITORY}/blob/main/docs/quickstrat.md")
    assert is_broken(f"{REPOSITORY}/wiki")
    assert not is_broken(f"{SITE}/runbooks/#alerts")
    assert not is_broken("https://prometheus.io/docs/")


@pytest.mark.parametrize("name", SHOWN_ELSEWHERE)
def test_a_document_that_is_shown_elsewhere_has_no_relative_link(name: str) -> None:
    found = targets((ROOT / name).read_text(encoding="utf-8"))
    assert len(found) >= 3
    assert relative_targets((ROOT / name).read_text(encoding="utf-8")) == []


def test_a_relative_link_is_found() -> None:
    assert relative_targets("[a](docs/a.md) ![b](b.png) <img src='c.png'> [d](https://d.example) `[e](e.md)`") == [
        "docs/a.md",
        "b.png",
        "c.png",
    ]


def test_the_addresses_of_the_project_agree() -> None:
    assert SETTINGS["site_url"] == f"{SITE}/"
    assert {"Source": REPOSITORY} in SETTINGS["nav"][-1]["Background"]
