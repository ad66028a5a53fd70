"""Renders the chart for tests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.helm.get_helm import helm
from tools.chart import values as chart_values

CHART: Final = chart_values.CHART
ROOT: Final = CHART.parent.parent
SCENARIOS: Final = sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))
VERSIONS: Final = ("3.17.2", "4.3.1")
ACCOUNT: Final = {"name": "stage", "provider": "liveavatar", "credentials": {"api_key": {"env": "KEY"}}}
MINIMAL: Final[Mapping[str, Any]] = {"config": {"accounts": [ACCOUNT]}}

Objects = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a Helm command."""

    code: int
    output: str
    errors: str

    @property
    def objects(self) -> Objects:
        assert self.code == 0, self.errors
        return [each for each in yaml.load_all(self.output, yaml.CSafeLoader) if each]


def run(version: str, *arguments: str, stdin: str = "") -> Answer:
    done = subprocess.run([helm(version), *arguments], input=stdin, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    return Answer(done.returncode, done.stdout, done.stderr)


def template(values: Mapping[str, Any], version: str = VERSIONS[-1], chart: Path = CHART, *flags: str) -> Answer:
    """Render the chart with these values."""
    return run(version, "template", "accounts", str(chart), "--namespace=monitoring", "--values=-", *flags, stdin=json.dumps(values))


@cache
def scenario(name: str, version: str = VERSIONS[-1]) -> Objects:
    """The objects of an example values file."""
    return template(values_of(name), version).objects


def values_of(name: str) -> dict[str, Any]:
    """The values of an example values file."""
    values: dict[str, Any] = yaml.safe_load((CHART / "ci" / f"{name}-values.yaml").read_text("utf-8"))
    return values


def of_kind(objects: Objects, kind: str) -> Objects:
    """The objects of that kind, in order."""
    return [each for each in objects if each["kind"] == kind]


def one(objects: Objects, kind: str) -> dict[str, Any]:
    """The only object of that kind."""
    [found] = of_kind(objects, kind)
    return found


def workload(objects: Objects) -> dict[str, Any]:
    """The Deployment or StatefulSet."""
    [found] = [each for each in objects if each["kind"] in {"Deployment", "StatefulSet"}]
    return found


def pod(objects: Objects) -> dict[str, Any]:
    """The specification of the pod."""
    spec: dict[str, Any] = workload(objects)["spec"]["template"]["spec"]
    return spec


def container(objects: Objects) -> dict[str, Any]:
    """The exporter's container."""
    found: dict[str, Any] = pod(objects)["containers"][0]
    return found
