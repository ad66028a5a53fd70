"""The unit tests for promtool pass, and every alert has one in which it fires and one in which it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import yaml

from tests.prometheus.tool import ROOT, promtool
from tools.rules.documents import alerts
from tools.scenarios.documents import TESTS
from tools.scenarios.scenario import Values, flat

FILES = sorted((ROOT / "prometheus" / "tests").glob("*.yaml"))
KINDS = [(each.name, each.severity) for each in alerts()]
each_kind = pytest.mark.parametrize("kind", KINDS, ids="-".join)


class Case(NamedTuple):
    """What one unit test expects of one alert and severity."""

    alert: str
    severity: str
    fires: bool
    description: str = ""


def cases() -> Iterator[Case]:
    """Every expectation of all files."""
    for path in FILES:
        for test in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["tests"]:
            for expected in test.get("alert_rule_test", ()):
                yield from _of_alerts(expected["alertname"], expected["exp_alerts"])
            for expected in test.get("promql_expr_test", ()):
                yield from _of_query(expected["expr"], expected["exp_samples"])


def _of_alerts(name: str, alerts: list[dict[str, Any]]) -> Iterator[Case]:
    for alert in alerts:
        yield Case(name, alert["exp_labels"]["severity"], fires=True, description=alert["exp_annotations"]["description"])
    firing = {alert["exp_labels"]["severity"] for alert in alerts}
    yield from (Case(name, severity, fires=False) for severity in _severities(name) - firing)


def _of_query(expression: str, samples: list[dict[str, Any]]) -> Iterator[Case]:
    """A query of firing alerts. Severities count only if it selects one or groups by it, or if the alert has only one."""
    found = re.search(r'ALERTS{alertname="(\w+)", ?alertstate="firing"(?:, ?severity="(\w+)")?}', expression)
    if not found:
        return
    possible = {found[2]} if found[2] else _severities(found[1])
    firing = {match[1] for sample in samples if (match := re.search(r'severity="(\w+)"', sample["labels"]))}
    if samples and not firing and len(possible) == 1:
        firing = possible
    yield from (Case(found[1], severity, severity in firing) for severity in possible if firing or not samples)


def _severities(name: str) -> set[str]:
    return {severity for other, severity in KINDS if other == name}


CASES = list(cases())


@pytest.mark.e2e  # promtool comes from a Debian package, and takes seconds
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_promtool_passes(path: Any) -> None:
    code, output = promtool("test", "rules", path)
    assert code == 0, output


@each_kind
def test_the_alert_fires_in_a_unit_test(kind: tuple[str, str]) -> None:
    assert [each for each in CASES if each[:3] == (*kind, True)]


@each_kind
def test_the_alert_does_not_fire_in_a_unit_test(kind: tuple[str, str]) -> None:
    assert [each for each in CASES if each[:3] == (*kind, False)]


@pytest.mark.parametrize("name", sorted({name for name, _ in KINDS}))
def test_the_description_of_the_alert_is_compared_in_full(name: str) -> None:
    assert [each for each in CASES if each.alert == name and each.description]


def test_a_file_that_is_not_generated_says_how_to_run_it() -> None:
    for path in FILES:
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert first.endswith("do not edit." if path.stem in TESTS else "promtool test rules prometheus/tests/*.yaml")


def test_values_are_written_in_promtool_s_notation() -> None:
    values = Values(10).by(-2, "3m").flat("2m").stale("2m").set(1).by(0.5, "2m").missing("1m")
    assert values.notation(1) == "10-2x2 4x1 stale _x1 1+0.5x1 _x1"
    assert flat(7, "10m").notation(5) == "7x1"
