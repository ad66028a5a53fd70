"""The objects and values in the documents are valid for the chart, and for the tools that read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.helm.kubernetes import FIELDS, OPERATOR, check
from tests.helm.rendering import CHART, ROOT, VERSIONS, template
from tests.helm.test_documents import DEFAULTS, faults

PAGES = [*sorted((ROOT / "docs").glob("*.md")), CHART / "README.md"]


def documents_of(text: str) -> Iterator[Any]:
    """The YAML documents in the code blocks of a page."""
    for block in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from yaml.load_all(block, yaml.CSafeLoader)


FOUND = [(path.name, each) for path in PAGES for each in documents_of(path.read_text(encoding="utf-8")) if isinstance(each, dict)]
OBJECTS = [pytest.param(each, id=f"{name} {each['kind']}") for name, each in FOUND if "kind" in each]
PLAIN_VALUES = [
    pytest.param(each, id=f"{name} {'+'.join(each)}")
    for name, each in FOUND
    if name in {"kubernetes.md", "oauth.md", "prometheus-operator.md", "README.md"} and set(each) <= set(DEFAULTS)
]
VALUES_IN_OBJECTS = [
    pytest.param(each["spec"].get("values") or each["spec"]["source"]["helm"]["valuesObject"], id=f"{name} {each['kind']}")
    for name, each in FOUND
    if each.get("kind") in {"HelmRelease", "Application"}
]


def test_the_examples_are_found() -> None:
    kinds = {parameter.values[0]["kind"] for parameter in OBJECTS}  # type: ignore[index]  # pytest types the values as objects
    assert kinds == {"AlertmanagerConfig", "ScrapeConfig", "Application", "OCIRepository", "HelmRelease"}
    assert kinds <= {*OPERATOR, *(name.split()[1] for name in FIELDS)}
    assert len(PLAIN_VALUES) >= 7
    assert len(VALUES_IN_OBJECTS) == 2


@pytest.mark.parametrize("values", [*PLAIN_VALUES, *VALUES_IN_OBJECTS])
def test_the_schema_accepts_the_values_of_a_document(values: dict[str, Any]) -> None:
    assert faults(values) == []


@pytest.mark.e2e
@pytest.mark.parametrize("thing", OBJECTS)
def test_an_object_of_a_document_is_valid(thing: dict[str, Any]) -> None:
    check(thing, "1.37")


@pytest.mark.e2e
@pytest.mark.parametrize("values", VALUES_IN_OBJECTS)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_chart_renders_the_values_of_an_object(values: dict[str, Any], version: str) -> None:
    kinds = {thing["kind"] for thing in template(values, version).objects}
    assert {"Deployment", "ServiceMonitor", "PrometheusRule", "ConfigMap"} <= kinds


def test_both_objects_name_the_chart_that_the_workflow_publishes() -> None:
    workflow = (ROOT / ".github/workflows/chart.yaml").read_text(encoding="utf-8")
    assert 'charts="ghcr.io/${GITHUB_REPOSITORY_OWNER,,}/charts"' in workflow
    by_kind = {each["kind"]: each["spec"] for _, each in FOUND if "kind" in each}
    source = by_kind["Application"]["source"]
    assert f"oci://{source['repoURL']}/{source['chart']}" == by_kind["OCIRepository"]["url"]
    assert by_kind["OCIRepository"]["url"] == "oci://ghcr.io/ai-account-exporter/charts/ai-account-exporter"
    [identity] = by_kind["OCIRepository"]["verify"]["matchOIDCIdentity"]
    signer = "https://github.com/ai-account-exporter/ai-account-exporter/.github/workflows/chart.yaml@refs/tags/v1.2.3"
    assert re.search(identity["subject"], signer)
    assert re.search(identity["issuer"], "https://token.actions.githubusercontent.com")
    assert not re.search(identity["subject"], signer.replace("chart.yaml", "ci.yaml"))
