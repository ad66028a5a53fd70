"""The pin files are complete: `pip install --no-deps` installs everything that is needed, in versions that fit together."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"^(\S+?)==(\S+)(?: \\\n +--hash=sha256:[0-9a-f]{64})+$", re.MULTILINE)

Pins = Mapping[str, str]


def read_pins(name: str) -> Pins:
    text = (ROOT / f".ci/pins/{name}.txt").read_text(encoding="utf-8")
    assert re.sub(r"^#.*", "", PIN.sub("", text), flags=re.MULTILINE).strip() == ""  # every line belongs to a pin with hashes
    return {canonicalize_name(found[1]): found[2] for found in PIN.finditer(text)}


def group(name: str) -> Iterator[str]:
    for entry in PROJECT["dependency-groups"][name]:
        yield from [entry] if isinstance(entry, str) else group(entry["include-group"])


WANTED = {"run": [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["otlp"]], "build": [*group("build")]}
WANTED["dev"] = [*WANTED["run"], *group("dev")]
"""The sources of each pin file."""


@cache
def requirements(name: str) -> tuple[Requirement, ...]:
    return tuple(map(Requirement, requires(name) or ()))


def unmet(wanted: Iterable[str], pinned: Pins, python: str) -> set[str]:
    """The requirements that no pin meets on Linux with this Python, requirements of pinned packages included."""
    environment: dict[str, Any] = {**default_environment(), "python_version": python, "python_full_version": f"{python}.0"}
    environment |= {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
    missing, queue = set[str](), [(Requirement(text), "") for text in wanted]
    seen = set[tuple[str, str]]()
    while queue:
        requirement, extra = queue.pop()
        if requirement.marker and not requirement.marker.evaluate({**environment, "extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        if name not in pinned or not requirement.specifier.contains(pinned[name], prereleases=True):
            missing.add(str(requirement))
            continue
        for selected in {"", *requirement.extras}:
            if (name, selected) not in seen:
                seen.add((name, selected))
                queue += [(each, selected) for each in requirements(name)]
    return missing


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("name", WANTED)
def test_every_requirement_is_pinned(name: str, python: str) -> None:
    assert unmet(WANTED[name], read_pins(name), python) == set()


@pytest.mark.parametrize("name", WANTED)
def test_a_pin_that_is_missing_or_too_old_is_found(name: str) -> None:
    pinned = read_pins(name)
    for package in pinned:
        assert unmet(WANTED[name], {other: pinned[other] for other in pinned if other != package}, "3.11"), f"nothing needs {package}"
    for wanted in WANTED[name]:
        if Requirement(wanted).specifier:
            assert wanted in unmet(WANTED[name], {**pinned, canonicalize_name(Requirement(wanted).name): "0.0.1"}, "3.11")


def test_a_requirement_of_an_extra_is_checked_only_with_that_extra() -> None:
    pinned = read_pins("dev")
    assert unmet(["aiohttp"], pinned, "3.11") == set()
    assert any("Brotli" in each or "brotli" in each for each in unmet(["aiohttp[speedups]"], pinned, "3.11"))


def test_what_is_installed_here_is_what_is_pinned() -> None:
    for name in WANTED:
        for package, pinned in read_pins(name).items():
            assert Version(version(package)) == Version(pinned), f"{name}.txt: {package}"


INSTALLERS = (
    "Makefile",
    "Dockerfile",
    ".ci/run",
    *(path.relative_to(ROOT).as_posix() for path in (ROOT / ".github/workflows").glob("*.y*ml")),
)
OFFLINE = ("--no-index", "--no-build-isolation")
"""With one of these and --no-deps, pip downloads nothing."""


@pytest.mark.parametrize("path", INSTALLERS)
def test_nothing_is_installed_that_is_not_pinned(path: str) -> None:
    text = re.sub(r"#.*|\\\n", " ", (ROOT / path).read_text(encoding="utf-8"))
    commands = re.findall(r"(?:\bpip|\$\(PIP\)|\$\(PINNED\))(?: \S+)*? (?:install|wheel|download|-r) [^&\n]*", text)
    pinned = ("--only-binary=:all:", "--no-deps", "--require-hashes")
    assert [
        command
        for command in commands
        if not all(option in command for option in pinned)
        and not ("--no-deps" in command and any(option in command for option in OFFLINE))
        and "$(PINNED)" not in command
        and command != "$(PIP) install pip-tools"  # `make pins` looks for new versions
    ] == []
