"""The site contains every document, and its pages load nothing from other servers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
SETTINGS: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
DOCUMENTS = sorted((ROOT / "docs").rglob("*.md"))
LOADED = re.compile(r"<(?:script|img|iframe|source|video)\b[^>]*?\ssrc=[\"']?(?:https?:)?//")
LINKED = re.compile(r"<link\b(?![^>]*\brel=[\"']?(?:canonical|next|prev)\b)[^>]*?\shref=[\"']?(?:https?:)?//")


def entries(nav: Any) -> Iterator[str]:
    """The targets of the navigation, at any depth."""
    if isinstance(nav, str):
        yield nav
    else:
        for below in nav.values() if isinstance(nav, dict) else nav:
            yield from entries(below)


def test_the_navigation_contains_every_document_and_no_other_file() -> None:
    targets = [target for target in entries(SETTINGS["nav"]) if not target.startswith("https://")]
    documents = {path.relative_to(ROOT / "docs").as_posix() for path in DOCUMENTS}
    assert (set(targets) - documents, documents - set(targets)) == (set(), set())
    assert len(targets) == len(set(targets))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_outside_the_site_are_full_urls(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8"))
    relative = [target for target in targets if not target.startswith("http")]
    assert [target for target in relative if not (document.parent / target).resolve().is_relative_to(ROOT / "docs")] == []


def test_the_theme_loads_nothing_from_other_servers() -> None:
    assert SETTINGS["theme"]["font"] is False
    assert "repo_url" not in SETTINGS, "the theme would request the number of stars from GitHub in every reader's browser"
    assert "analytics" not in SETTINGS.get("extra", {})
    assert [
        each for each in SETTINGS.get("extra_css", []) + SETTINGS.get("extra_javascript", []) if not (ROOT / "docs" / each).is_file()
    ] == []


@pytest.mark.e2e
def test_the_site_builds_without_warnings_and_loads_nothing_from_other_servers(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    command, plain = [sys.executable, "-m", "zensical", "build", "--strict"], os.environ | {"NO_COLOR": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=plain, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(DOCUMENTS)
    texts = {page.relative_to(tmp_path): page.read_text(encoding="utf-8") for page in pages}
    assert [page for page, text in texts.items() if LOADED.search(text) or LINKED.search(text)] == []
    assert list((tmp_path / "site").rglob("*.py")) == []
