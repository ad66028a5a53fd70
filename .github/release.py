"""Checks that a tag matches the version in every file, and prints its section of the changelog: `release.py check|notes v1.2.3`."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

VERSIONS = {
    "exporter/daemon/version.py": r"^VERSION = \"(.+)\"",
    "helm/ai-account-exporter/Chart.yaml": r"^(?:appVersion: | *image: \S+:)[\"']?([^\"'\s]+)",
    "Dockerfile": r"org\.opencontainers\.image\.version=[\"']?([^\"'\s]+)",
    "compose.yaml": r"^ *image: \S*/ai-account-exporter:([^\"'\s]+)",
    "docs/docker.md": r"ghcr\.io/\S+/ai-account-exporter:(\S+)",
    "docs/gitops.md": r"^ *(?:tag|targetRevision): (\S+)",
    "docs/install.md": r"^VERSION=(\S+)",
}
"""Files that repeat the version, because they cannot refer to pyproject.toml, or it would take long."""


def version_of(root: Path) -> str:
    """The version in pyproject.toml."""
    return str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def mismatches(root: Path) -> Iterator[str]:
    """A message for each file with another version than pyproject.toml, or with none."""
    wanted = version_of(root)
    for name, pattern in VERSIONS.items():
        found = re.findall(pattern, (root / name).read_text(encoding="utf-8"), re.MULTILINE)
        if set(found) != {wanted}:
            yield f"{name} has {' and '.join(found) or 'no version'}, but pyproject.toml has {wanted}"


def notes(root: Path, version: str) -> str:
    """The changelog's section of a version, or an empty string."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(
        rf"^## \[{re.escape(version)}\] - [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\n(.*?)(?=^## |^\[|\Z)", text, re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""


def problems(root: Path, tag: str) -> Iterator[str]:
    """Every reason why this tag cannot be released."""
    version = version_of(root)
    if tag != f"v{version}":
        yield f"the tag is {tag}, but pyproject.toml has {version}: expected v{version}"
    if not notes(root, version):
        yield f"CHANGELOG.md has no text in a section `## [{version}] - date`"
    yield from mismatches(root)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Run the command. Returns 1 if the tag cannot be released."""
    match arguments:
        case ["check", tag]:
            found = list(problems(root, tag))
            sys.stderr.writelines(f"{each}\n" for each in found)
            return int(bool(found))
        case ["notes", tag]:
            text = notes(root, tag.removeprefix("v"))
            sys.stdout.write(f"{text}\n")
            return int(not text)
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
