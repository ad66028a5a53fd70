"""Every example renders to the same objects with Helm 3 and 4, and the objects are valid for Kubernetes."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.helm.kubernetes import RELEASES, check, lost
from tests.helm.rendering import CHART, SCENARIOS, VERSIONS, of_kind, run, scenario, template

pytestmark = pytest.mark.e2e


def test_lint_finds_no_problem(version: str) -> None:
    answer = run(version, "lint", "--strict", str(CHART))
    assert answer.code == 0, answer.output
    assert "[INFO]" not in answer.output
    assert "[WARNING]" not in answer.output


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_versions_of_helm_render_the_same(name: str) -> None:
    one, other = ({json.dumps(thing, sort_keys=True) for thing in scenario(name, version)} for version in VERSIONS)
    assert one == other


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_rendered_objects_are_valid(name: str) -> None:
    for thing in scenario(name):
        for release in RELEASES:
            check(thing, release)


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_object_is_rendered_twice(name: str) -> None:
    names = [(thing["kind"], thing["metadata"].get("namespace"), thing["metadata"]["name"]) for thing in scenario(name)]
    assert len(names) == len(set(names))


def test_a_typo_in_an_object_is_noticed() -> None:
    broken = copy.deepcopy([*scenario("monitors"), *of_kind(scenario("http-route"), "HTTPRoute")])
    for thing in broken:
        thing["spec" if "spec" in thing else "metadata"]["typo"] = 1
    refused = [thing["kind"] for thing in broken if is_refused(thing)]
    assert sorted(refused) == sorted(thing["kind"] for thing in broken)
    assert lost({"a": [{"b": 1}]}, {"a": [{}]}) == [".a[0].b"]


def is_refused(thing: dict[str, Any]) -> bool:
    try:
        check(thing, RELEASES[-1])
    except Exception:  # noqa: BLE001 -- each library has its own
        return True
    return False


def test_the_package_contains_the_targets_of_its_links(version: str, tmp_path: Path) -> None:
    assert run(version, "package", str(CHART), "--destination", str(tmp_path)).code == 0
    [package] = tmp_path.glob("*.tgz")
    values = {"demo": True, "prometheusRule": {"enabled": True}, "grafanaDashboards": {"enabled": True}}
    packed, linked = (template(values, version, chart).objects for chart in (package, CHART))
    assert packed == linked
    assert {"PrometheusRule", "ConfigMap"} <= {thing["kind"] for thing in packed}
