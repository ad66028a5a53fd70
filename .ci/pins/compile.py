"""Pin the dependencies of pyproject.toml with hashes: `make pins`. The files name no address, so any mirror serves them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HEADS = {
    "run": "What the exporter runs on, OTLP included: the image is built from this.",
    "dev": "What developing, testing and CI add to it.",
    "build": "What builds the package.",
}
OPTIONS = (
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--strip-extras",
    "--no-header",
    "--no-annotate",
    "--upgrade",
)


def requirements(project: dict[str, Any], name: str) -> list[str]:
    """The lines of one dependency group, those that it includes among them; `run` is the project itself, with OTLP."""
    if name == "run":
        return [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["otlp"]]
    lines: list[str] = []
    for entry in project["dependency-groups"][name]:
        lines += [entry] if isinstance(entry, str) else requirements(project, entry["include-group"])
    return [*lines, *(requirements(project, "run") if name == "dev" else [])]


def main() -> None:
    """Compile the three files, each held to the versions of the one before."""
    project = tomllib.loads((HERE.parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    constraints: list[str] = []
    for name in ("run", "dev", "build"):
        with tempfile.NamedTemporaryFile("w", suffix=".in") as wanted, tempfile.NamedTemporaryFile("r", suffix=".txt") as pinned:
            wanted.write("\n".join(requirements(project, name)))
            wanted.flush()
            command = [sys.executable, "-m", "piptools", "compile", "--quiet", *OPTIONS, *constraints, wanted.name, "-o", pinned.name]
            subprocess.run(command, check=True)  # noqa: S603 -- our own arguments
            head = f"# {HEADS[name]}\n# Written by `make pins`; every file is held by its hashes.\n"
            (HERE / f"{name}.txt").write_text(head + Path(pinned.name).read_text(encoding="utf-8"), encoding="utf-8")
        if name != "build":
            constraints = ["--constraint", str(HERE / f"{name}.txt")]


if __name__ == "__main__":
    main()
