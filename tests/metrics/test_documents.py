"""The generated documents are up to date and complete."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.metrics.catalogue import CATALOGUE
from exporter.model import Reason
from tests.metrics.showcase import STALE_FAMILIES
from tools import generate
from tools.docs.metrics import metrics

ROOT = Path(__file__).parent.parent.parent

REFERENCE = metrics(ROOT / "docs/metrics.md")
DOCUMENTS = {"good.md": lambda _path: "as it was", "docs/figures.md": lambda path: f"{path.name}: ä"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "good.md").write_text("as it was")
    (tmp_path / "docs/figures.md").write_text("old")
    return tmp_path


def rows_of(document: str, heading: str) -> list[list[str]]:
    section = document.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in section.splitlines() if line.startswith("| `")]


def test_the_documents_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, "", "")


def test_check_lists_a_stale_document_and_does_not_write_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"], project, DOCUMENTS) == 1
    assert capsys.readouterr().out == "docs/figures.md: out of date, run: make docs\n"
    assert (project / "docs/figures.md").read_text() == "old"


def test_a_missing_document_is_stale(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "good.md").unlink()
    assert generate.main(["--check"], project, DOCUMENTS) == 1
    assert capsys.readouterr().out.startswith("good.md: out of date")


def test_a_stale_document_is_written_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main([], project, DOCUMENTS) == 0
    assert capsys.readouterr().out == "docs/figures.md: written\n"
    assert (project / "docs/figures.md").read_bytes() == "figures.md: ä".encode()
    assert generate.main([], project, DOCUMENTS) == 0
    assert generate.main(["--check"], project, DOCUMENTS) == 0
    assert capsys.readouterr().out == ""


def test_a_document_that_depends_on_another_is_written_in_the_same_run_and_one_that_depends_on_itself_is_an_error(
    project: Path,
) -> None:
    documents = {
        "second.md": lambda _: (project / "first.md").read_text() if (project / "first.md").exists() else "",
        "first.md": lambda _: "1",
    }
    assert generate.main([], project, documents) == 0
    assert (project / "second.md").read_text() == "1"
    with pytest.raises(SystemExit, match="depends on itself"):
        generate.main([], project, {"growing.md": lambda path: (path.read_text() if path.exists() else "") + "."})


def test_the_reference_has_every_family_with_its_type_labels_and_stability() -> None:
    rows = rows_of(REFERENCE, "Families of accounts") + rows_of(REFERENCE, "Families about the exporter")
    assert [row[1] for row in rows] == [family.help for family in CATALOGUE]
    assert [row[0] for row in rows] == [
        f"`{family.name}`<br>{family.type}, "
        + (f"labels {' '.join(f'`{label}`' for label in family.labels)}, " if family.labels else "")
        + family.stability
        for family in CATALOGUE
    ]


def test_the_reference_explains_every_reason_in_one_sentence() -> None:
    rows = rows_of(REFERENCE, "Reasons")
    assert [reason for reason, _ in rows] == [f"`{reason}`" for reason in Reason]
    assert all(re.fullmatch(r"[A-Z][^.]{20,}\.", sentence) for _, sentence in rows)


def test_the_reference_lists_the_families_that_are_absent_when_stale() -> None:
    listed = re.findall(r"^- `ai_account_([a-z_]+)`$", REFERENCE, re.MULTILINE)
    assert set(listed) == STALE_FAMILIES
