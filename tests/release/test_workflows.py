"""The workflows pin actions by commit, limit permissions per job, and publish only tags."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)

WRITES = {
    "chart": {"publish": {"packages", "id-token"}},
    "image": {"publish": {"packages", "id-token"}},
    "release": {"pypi": {"id-token"}, "github": {"contents"}},
    "site": {"publish": {"pages", "id-token"}},
}
"""The write permissions of each job."""


def read(path: Path) -> dict[str, Any]:
    """A workflow with text for every key; YAML takes a bare `on` for a boolean."""
    workflow: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 -- it builds texts, lists and mappings only
    return workflow


@each_workflow
def test_every_action_is_pinned_by_its_commit_and_names_its_version(path: Path) -> None:
    lines = [line.strip(" -") for line in path.read_text(encoding="utf-8").splitlines() if line.strip(" -").startswith("uses:")]
    assert [line for line in lines if not re.fullmatch(r"uses: [\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+", line)] == []


def test_one_action_has_one_commit_everywhere() -> None:
    found = {use for path in WORKFLOWS for use in re.findall(r"uses: (\S+@\S+)", path.read_text(encoding="utf-8"))}
    names = [use.partition("@")[0] for use in found]
    assert len(names) == len(set(names))


@each_workflow
def test_a_workflow_can_read_and_only_listed_jobs_can_write(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    jobs = {
        name: {scope for scope, level in job.get("permissions", {}).items() if level == "write"} for name, job in workflow["jobs"].items()
    }
    assert {name: scopes for name, scopes in jobs.items() if scopes} == WRITES.get(path.stem, {})


@each_workflow
def test_no_job_with_write_permission_runs_for_a_pull_request(path: Path) -> None:
    workflow = read(path)
    for name in WRITES.get(path.stem, {}):
        condition = workflow["jobs"][name].get("if", "")
        assert "pull_request" not in workflow["on"] or condition in {"github.ref_type == 'tag'", "github.ref == 'refs/heads/main'"}


@each_workflow
def test_runs_of_a_branch_do_not_overlap_and_every_job_has_a_timeout(path: Path) -> None:
    workflow = read(path)
    assert workflow["concurrency"]["group"] == f"{path.stem}-${{{{ github.ref }}}}"
    assert {name for name, job in workflow["jobs"].items() if "timeout-minutes" not in job} == set()


@each_workflow
def test_a_checkout_stores_no_token(path: Path) -> None:
    steps = [step for job in read(path)["jobs"].values() for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert [step for step in steps if step["with"] != {"persist-credentials": "false"}] == []


@each_workflow
def test_no_expression_is_expanded_in_a_shell_command(path: Path) -> None:
    steps = [step for job in read(path)["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []


def test_every_supported_python_is_tested() -> None:
    assert read(ROOT / ".github/workflows/ci.yaml")["jobs"]["python"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]


def test_the_commands_of_the_workflows_exist() -> None:
    runs = "\n".join(step.get("run", "") for path in WORKFLOWS for job in read(path)["jobs"].values() for step in job["steps"])
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z0-9]+)", runs)) <= targets
    assert {name for name in re.findall(r"(?<!\S)\.(?:ci|github)/[\w./]+", runs) if not (ROOT / name).is_file()} == set()
    assert {
        name for name in re.findall(r"python3 -m (tools[\w.]+)", runs) if not (ROOT / f"{name.replace('.', '/')}.py").is_file()
    } == set()


def test_dependabot_updates_actions_and_images() -> None:
    updates = read(ROOT / ".github/dependabot.yml")["updates"]
    assert [each["package-ecosystem"] for each in updates] == ["github-actions", "docker", "docker-compose"]


def test_the_documented_signatures_are_those_that_the_workflows_make() -> None:
    text = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    named = re.findall(r"cosign verify \"ghcr\.io/([\w/-]+):\$VERSION\".*?\$WORKFLOWS/(\w+)\.yaml@refs/tags/v\$VERSION", text, re.DOTALL)
    assert "\nWORKFLOWS=https://github.com/ai-account-exporter/ai-account-exporter/.github/workflows\n" in text
    assert named == [
        ("ai-account-exporter/ai-account-exporter", "image"),
        ("ai-account-exporter/charts/ai-account-exporter", "chart"),
    ]
    for _, name in named:
        steps = [step.get("run", "") for job in read(ROOT / f".github/workflows/{name}.yaml")["jobs"].values() for step in job["steps"]]
        assert [step for step in steps if "cosign sign" in step], name
    [publish] = [
        step for step in read(ROOT / ".github/workflows/release.yaml")["jobs"]["pypi"]["steps"] if "pypi-publish" in step.get("uses", "")
    ]
    assert publish["with"]["attestations"] == "true"
    assert "pypi-attestations verify pypi" in text
