"""Containers without a daemon: a private image store, and commands on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
VERSION: Final[str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
IMAGE: Final = f"localhost/ai-account-exporter:{VERSION}"
BASE: Final = "localhost/python:3.13-slim-trixie"
COMMAND_TIMEOUT: Final = 600.0
CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
PIP_CONFIGURATION: Final = Path("/etc/pip.conf")

_ENGINE: Final = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=2048:2048"]
[network]
network_config_dir = "{folder}/networks"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{folder}/tmp"
"""
_STORAGE: Final = """
[storage]
driver = "overlay"
graphroot = "{folder}/graph"
runroot = "{folder}/run"
"""


def program(name: str, package: str) -> str:
    """The path of a program. Without it, the test fails in CI and is skipped elsewhere."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found:
        return found
    message = f"{name} is not on the PATH: install {package}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


class Engine:
    """A private store of images and containers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "containers.conf").write_text(_ENGINE.format(folder=folder))
        (folder / "storage.conf").write_text(_STORAGE.format(folder=folder))
        self.environ = {
            **os.environ,
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        }

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command, which may fail."""
        environ = {**self.environ, **environ}
        return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=COMMAND_TIMEOUT, check=False)  # noqa: S603 -- our own arguments

    def do(self, *command: str, **environ: str) -> str:
        """Run a command that must succeed, and return its output."""
        done = self.run(*command, **environ)
        assert not done.returncode, f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout.strip()

    def podman(self, *arguments: str) -> str:
        """Run podman, which must succeed."""
        return self.do("podman", *arguments)

    def build(self, tag: str, context: Path, *options: str) -> None:
        """Build an image, with the network and the package indexes of this machine."""
        shared = [f"--volume={path}:{path}:ro" for path in (CERTIFICATES, PIP_CONFIGURATION) if path.exists()]
        self.do(
            "buildah", "build", "--format=docker", "--isolation=chroot", "--network=host", *shared, *options, f"--tag={tag}", str(context)
        )


@contextmanager
def private_engine() -> Iterator[Engine]:
    """A store that is removed at the end, with all of its containers."""
    for name in ("podman", "buildah", "runc", "iptables", "mmdebstrap"):
        program(name, f"Debian's package `{name}`")
    folder = Path(tempfile.mkdtemp(prefix="image-"))  # a short path, as sockets need
    engine = Engine(folder)
    try:
        yield engine
    finally:
        for rest in (("rm", "--all", "--force", "--time=0", "--volumes"), ("volume", "prune", "--force"), ("network", "prune", "--force")):
            engine.run("podman", *rest)
        engine.run("podman", "rmi", "--all", "--force")
        engine.run("umount", "--quiet", str(folder / "graph" / "overlay"))
        shutil.rmtree(folder)


def make_base(engine: Engine) -> None:
    """Create a substitute of python:3.13-slim-trixie from Debian packages. Like the original, it has no bytecode of Python's own modules."""
    archive = engine.folder / "base.tar"
    engine.do(
        "mmdebstrap",
        "--variant=minbase",
        "--include=python3,python3-venv,ca-certificates",
        *(f"--dpkgopt=path-exclude=/usr/share/{unused}/*" for unused in ("doc", "man", "locale")),
        "--customize-hook=find \"$1\"/usr/lib/python3* -name __pycache__ -prune -exec rm -rf '{}' +",
        "trixie",
        str(archive),
    )
    engine.podman("import", str(archive), BASE)
    archive.unlink()
