"""The workflows take nothing on trust: actions by commit, permissions by job, publishing by tag."""

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
"""Which job may write what; nothing else may."""


def read(path: Path) -> dict[str, Any]:
    """A workflow with text for every key; YAML takes a bare `on` for a boolean."""
    workflow: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 -- it builds texts, lists and mappings only
    return workflow


@each_workflow
def test_every_action_is_held_by_its_commit_and_names_its_version(path: Path) -> None:
    lines = [line.strip(" -") for line in path.read_text(encoding="utf-8").splitlines() if line.strip(" -").startswith("uses:")]
    assert [line for line in lines if not re.fullmatch(r"uses: [\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+", line)] == []


def test_one_action_has_one_commit_everywhere() -> None:
    found = {use for path in WORKFLOWS for use in re.findall(r"uses: (\S+@\S+)", path.read_text(encoding="utf-8"))}
    names = [use.partition("@")[0] for use in found]
    assert len(names) == len(set(names))


@each_workflow
def test_a_workflow_may_read_and_only_named_jobs_may_write(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    jobs = {
        name: {scope for scope, level in job.get("permissions", {}).items() if level == "write"} for name, job in workflow["jobs"].items()
    }
    assert {name: scopes for name, scopes in jobs.items() if scopes} == WRITES.get(path.stem, {})


@each_workflow
def test_no_job_that_may_write_runs_for_a_pull_request(path: Path) -> None:
    workflow = read(path)
    for name in WRITES.get(path.stem, {}):
        condition = workflow["jobs"][name].get("if", "")
        assert "pull_request" not in workflow["on"] or condition in {"github.ref_type == 'tag'", "github.ref == 'refs/heads/main'"}


@each_workflow
def test_runs_of_one_branch_do_not_overlap_and_every_job_ends(path: Path) -> None:
    workflow = read(path)
    assert workflow["concurrency"]["group"] == f"{path.stem}-${{{{ github.ref }}}}"
    assert {name for name, job in workflow["jobs"].items() if "timeout-minutes" not in job} == set()


@each_workflow
def test_a_checkout_leaves_no_token_behind(path: Path) -> None:
    steps = [step for job in read(path)["jobs"].values() for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert [step for step in steps if step["with"] != {"persist-credentials": "false"}] == []


@each_workflow
def test_what_a_stranger_can_write_does_not_reach_a_shell(path: Path) -> None:
    steps = [step for job in read(path)["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []


def test_every_python_that_is_supported_is_tried() -> None:
    assert read(ROOT / ".github/workflows/ci.yaml")["jobs"]["python"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]


def test_what_the_workflows_run_exists() -> None:
    runs = "\n".join(step.get("run", "") for path in WORKFLOWS for job in read(path)["jobs"].values() for step in job["steps"])
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z0-9]+)", runs)) <= targets
    assert {name for name in re.findall(r"(?<!\S)\.(?:ci|github)/[\w./]+", runs) if not (ROOT / name).is_file()} == set()
