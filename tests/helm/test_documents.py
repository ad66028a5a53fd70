"""The chart's files match each other and the project. These tests need no Helm."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.helm.rendering import ACCOUNT, CHART, ROOT, SCENARIOS, values_of
from tools.chart.schema import alert_names
from tools.chart.values import documented, read_values, text_of

DEFAULTS = read_values()
META = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
SCHEMA = Draft7Validator(json.loads((CHART / "values.schema.json").read_text("utf-8")))


def merged(values: dict[str, Any], over: dict[str, Any] | None = None) -> dict[str, Any]:
    """The values that Helm would see: a map is merged, null removes, anything else replaces."""
    found = dict(DEFAULTS if over is None else over)
    for key, value in values.items():
        found[key] = merged(value, found[key]) if isinstance(value, dict) and isinstance(found.get(key), dict) else value
    return {key: value for key, value in found.items() if value is not None}


def faults(values: dict[str, Any]) -> list[str]:
    return [f"{fault.json_path}: {fault.message}" for fault in SCHEMA.iter_errors(merged(values))]


def test_the_chart_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert (META["version"], META["appVersion"]) == (project, project)
    assert f":{project}\n" in META["annotations"]["artifacthub.io/images"]


def test_the_annotations_for_artifact_hub_are_valid_yaml() -> None:
    known = {"category", "license", "prerelease", "containsSecurityUpdates", "images", "links", "changes"}
    assert {key.removeprefix("artifacthub.io/") for key in META["annotations"]} == known
    assert [change["kind"] for change in yaml.safe_load(META["annotations"]["artifacthub.io/changes"])] == ["added"]


def test_rules_and_dashboards_are_links_to_those_of_the_repository() -> None:
    links = {path.name: path.resolve() for path in (CHART / "files").iterdir()}
    assert links == {"rules": ROOT / "prometheus" / "rules", "dashboards": ROOT / "grafana" / "dashboards"}


def leaves(values: dict[str, Any], parents: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        yield from leaves(value, (*parents, key)) if isinstance(value, dict) and value else [(*parents, key)]


def test_every_value_is_documented() -> None:
    known = {value.path for value in documented(text_of())}
    bare = [path for path in leaves(DEFAULTS) if not known & {".".join(path[: end + 1]) for end in range(len(path))}]
    assert bare == []


def test_the_schema_is_valid_draft_7_without_patterns_that_go_does_not_support() -> None:
    Draft7Validator.check_schema(SCHEMA.schema)
    assert "(?" not in json.dumps(SCHEMA.schema).replace("(?:", "(")


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_schema_accepts_every_example_values_file(name: str) -> None:
    assert faults(values_of(name)) == []


def test_the_schema_accepts_the_example_configuration() -> None:
    assert faults({"config": yaml.safe_load((ROOT / "config.example.yaml").read_text("utf-8"))}) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"sevice": {}}, "'sevice' was unexpected"),
        ({"service": {"prot": 80}}, "'prot' was unexpected"),
        ({"replicas": 2}, "2 is greater than the maximum of 1"),
        ({"image": None}, "'image' is a required property"),
        ({"config": {"accounts": [ACCOUNT | {"intervall": "5m"}]}}, "'intervall' was unexpected"),
        ({"config": {"acounts": []}}, "'acounts' was unexpected"),
        ({"credentials": [{"name": "a/b", "existingSecret": "s", "key": "k"}]}, "'a/b' does not match"),
        ({"prometheusRule": {"defaultRules": {"disabled": ["AIAccountExhaustd"]}}}, "'AIAccountExhaustd' is not one of"),
        ({"podLabels": {"tier": 1}}, "1 is not of type 'string'"),
        ({"extraEnv": [{"name": "RETRIES", "value": 1}]}, "1 is not of type 'string'"),
        ({"extraEnv": [{"nam": "RETRIES", "value": "1"}]}, "'name' is a required property"),
        ({"serviceMonitor": {"interval": "1 minute"}}, "'1 minute' does not match"),
        ({"service": {"port": 70_000}}, "70000 is greater than the maximum"),
    ],
    ids=str,
)
def test_the_schema_rejects_typos_and_wrong_types(values: dict[str, Any], expected: str) -> None:
    [fault] = faults(values)
    assert expected in fault


def test_null_is_rejected_for_every_value_that_a_template_reads() -> None:
    paths = {value.path for value in documented(text_of())} | {path.rpartition(".")[0] for path in map(".".join, leaves(DEFAULTS))}
    open_maps = ("global", "podSecurityContext.", "securityContext.", "Probe.", "operator.instanceSelector.")
    taken = [path for path in paths - {""} if not faults(nested(path))]
    assert [path for path in taken if not any(part in path for part in open_maps)] == []


def nested(path: str) -> dict[str, Any]:
    key, _, rest = path.partition(".")
    return {key: nested(rest) if rest else None}


def test_a_parent_chart_can_pass_globals_and_its_condition() -> None:
    assert faults({"enabled": True, "global": {"anything": {"at": "all"}}}) == []


def test_alerts_that_can_be_disabled_are_those_with_a_runbook() -> None:
    assert set(alert_names()) == {path.stem for path in (ROOT / "docs" / "runbooks").glob("AI*.md")}
