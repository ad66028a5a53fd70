"""The wheel works in an empty environment outside of the repository, and the sdist builds the same wheel."""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import tarfile
import time
import tomllib
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.cli.example_files import FOLDER, example_names
from tests.release.links import relative_targets
from tests.support import PATIENCE

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = PROJECT["project"]["version"]
NOT_CODE = ("py.typed", "config/config.schema.json", "providers/definitions/heygen.yaml", "providers/examples/heygen/wallet.json")

pytestmark = pytest.mark.e2e


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "--directory", folder, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def command(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in an environment with only the wheel and the pinned packages."""
    folder = tmp_path_factory.mktemp("user")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    pip = (folder / "venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--no-deps", "--require-hashes", "--requirement", ROOT / ".ci/pins/run.txt", cwd=folder)
    run(*pip, "--no-deps", *dist.glob("*.whl"), cwd=folder)
    return folder / "venv/bin/ai-account-exporter"


@contextmanager
def demo(command: Path) -> Iterator[str]:
    """The URL of a demo that runs outside of the repository."""
    arguments = [str(command), "demo", "--web.listen-address=127.0.0.1:0"]
    process = subprocess.Popen(arguments, cwd=command.parent, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- our own command
    assert process.stdout
    try:
        yield next(found[0] for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:[0-9]+", line)))
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def test_the_wheel_contains_only_the_package(dist: Path) -> None:
    [wheel] = dist.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    walked = [Path(folder, file) for folder, _, files in os.walk(ROOT / "exporter", followlinks=True) for file in files]
    tracked = {path.relative_to(ROOT).as_posix() for path in walked if "__pycache__" not in path.parts}
    assert {name for name in names if ".dist-info/" not in name} == tracked
    assert {f"exporter/{name}" for name in NOT_CODE} <= names
    assert any(name.startswith("exporter/web/status/templates/") for name in names)
    assert {f"exporter/examples/{name}" for name in example_names()} <= names
    assert f"ai_account_exporter-{VERSION}.dist-info/licenses/LICENSE" in names


def test_the_sdist_contains_what_pyproject_lists(dist: Path) -> None:
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [name.removeprefix(f"ai_account_exporter-{VERSION}/") for name in archive.getnames()]
    written = {"PKG-INFO", "pyproject.toml", ".gitignore"}
    listed = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {name.split("/")[0] for name in names} == written | {name.strip("/") for name in listed}
    assert [name for name in names if "__pycache__" in name] == []
    assert {f"exporter/examples/{name}" for name in example_names()} <= set(names)


def test_the_sdist_contains_no_link(dist: Path) -> None:
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        assert [each.name for each in archive if not each.isfile() and not each.isdir()] == []


def test_the_sdist_has_no_tests_because_they_need_the_whole_repository(dist: Path) -> None:
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        assert [name for name in archive.getnames() if re.search(r"/(tests|test_[^/]*)(/|$)", name)] == []


def test_the_unpacked_sdist_builds_the_same_wheel(dist: Path, tmp_path: Path) -> None:
    [sdist], [wheel] = dist.glob("*.tar.gz"), dist.glob("*.whl")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=tmp_path / f"ai_account_exporter-{VERSION}")
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_installed_program_prints_its_version_and_its_vendors(command: Path) -> None:
    assert run(command, "--version", cwd=command.parent).startswith(f"ai-account-exporter, version {VERSION} ")
    assert "heygen" in run(command, "providers", cwd=command.parent)


def test_the_installed_program_writes_the_files_of_the_repository(command: Path, tmp_path: Path) -> None:
    assert set(example_names()) <= set(run(command, "examples", cwd=tmp_path).split())
    run(command, "examples", "--output", tmp_path / "examples", cwd=tmp_path)
    for name in example_names():
        assert (tmp_path / "examples" / name).read_bytes() == (FOLDER / name).read_bytes()
    config = run(command, "examples", "config.example.yaml", cwd=tmp_path)
    assert config == (ROOT / "config.example.yaml").read_text(encoding="utf-8")


def test_the_page_on_pypi_has_links_and_the_readme_without_relative_links(dist: Path) -> None:
    [wheel] = dist.glob("*.whl")
    metadata = email.message_from_bytes(zipfile.ZipFile(wheel).read(f"ai_account_exporter-{VERSION}.dist-info/METADATA"))
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert relative_targets(str(metadata.get_payload())) == []
    urls = dict(url.split(", ", 1) for url in metadata.get_all("Project-URL", []))
    assert urls == PROJECT["project"]["urls"]
    assert {"Homepage", "Documentation", "Source", "Changelog", "Issues"} <= set(urls)


def test_the_installed_demo_serves_metrics_and_a_status_page(command: Path) -> None:
    with demo(command) as address:
        wait_until_polled(address)
        page, metrics = fetch(f"{address}/"), fetch(f"{address}/metrics")
    assert "<title>" in page
    assert re.search(r'^ai_account_quota_remaining\{account="studio",provider="heygen",.*\} [0-9.]+$', metrics, re.MULTILINE)
    assert f'version="{VERSION}"' in metrics


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310 -- our own address
        text: str = answer.read().decode()
    return text


def wait_until_polled(address: str) -> None:
    """Ask until every account was polled: another process's time cannot be an argument."""
    for _ in range(int(PATIENCE / 0.1)):
        try:
            fetch(f"{address}/-/ready")
        except urllib.error.HTTPError as error:
            error.close()
            time.sleep(0.1)
        else:
            return
    raise AssertionError("never ready")
