"""Checks that a tag is the version that is written everywhere, and cuts its part from the changelog: `release.py check|notes v1.2.3`."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

VERSIONS = {
    "helm/ai-account-exporter/Chart.yaml": r"^(?:appVersion: | *image: \S+:)[\"']?([^\"'\s]+)",
    "Dockerfile": r"org\.opencontainers\.image\.version=[\"']?([^\"'\s]+)",
    "compose.yaml": r"^ *image: \S*/ai-account-exporter:([^\"'\s]+)",
}
"""Where the version stands again, since nothing there can refer to pyproject.toml."""


def version_of(root: Path) -> str:
    """The version in the one place where it is decided."""
    return str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def contradictions(root: Path) -> Iterator[str]:
    """The places that tell another version than pyproject.toml, or none."""
    wanted = version_of(root)
    for name, pattern in VERSIONS.items():
        found = re.findall(pattern, (root / name).read_text(encoding="utf-8"), re.MULTILINE)
        if set(found) != {wanted}:
            yield f"{name} tells {' and '.join(found) or 'no version'}, and pyproject.toml {wanted}"


def notes(root: Path, version: str) -> str:
    """The changelog's section of a version; empty where it has none."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(
        rf"^## \[{re.escape(version)}\] - [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\n(.*?)(?=^## |^\[|\Z)", text, re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""


def problems(root: Path, tag: str) -> Iterator[str]:
    """Everything that forbids to release under this tag."""
    version = version_of(root)
    if tag != f"v{version}":
        yield f"the tag is {tag}, and pyproject.toml says {version}: expected v{version}"
    if not notes(root, version):
        yield f"CHANGELOG.md has no section `## [{version}] - date` that says something"
    yield from contradictions(root)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Check or print; 1 where the tag cannot be released."""
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
