"""The rules do what they should on accounts over time, as promtool sees it; and no alert goes untried."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.prometheus.tool import ROOT, promtool
from tools.rules.write import alerts
from tools.scenarios.model import Fires, Line, Quiet, flat
from tools.scenarios.write import TESTS


class Kind(NamedTuple):
    """An alert of one severity."""

    name: str
    severity: str


EXPECTED = [expected for scenarios in TESTS.values() for scenario in scenarios for expected in scenario.expect]
KINDS = [Kind(each.name, each.severity) for each in alerts()]
each_kind = pytest.mark.parametrize("kind", KINDS, ids="-".join)


@pytest.mark.e2e  # promtool is Debian's, and takes its time
@pytest.mark.parametrize("name", TESTS)
def test_promtool_agrees(name: str) -> None:
    code, said = promtool("test", "rules", ROOT / f"prometheus/tests/{name}.yaml")
    assert code == 0, said


def severities(fires: Fires) -> set[str]:
    """What it names, or the only one that there is."""
    named = {each["severity"] for each in fires.labels if "severity" in each}
    return named or {kind.severity for kind in KINDS if kind.name == fires.alert}


@each_kind
def test_a_scenario_makes_it_fire(kind: Kind) -> None:
    assert any(isinstance(each, Fires) and each.alert == kind.name and kind.severity in severities(each) for each in EXPECTED)


@each_kind
def test_a_scenario_keeps_it_quiet(kind: Kind) -> None:
    quiet = [each for each in EXPECTED if isinstance(each, Quiet) and each.alert == kind.name]
    assert any(each.severity in ("", kind.severity) for each in quiet)


@pytest.mark.parametrize("name", sorted({kind.name for kind in KINDS}))
def test_its_text_is_compared_in_full(name: str) -> None:
    assert any(isinstance(each, Fires) and each.alert == name and each.description for each in EXPECTED)


def test_a_line_is_written_in_shorthand() -> None:
    line = Line(10).by(-2, "3m").flat("2m").gone("2m").set(1).by(0.5, "2m").late("1m")
    assert line.text(1) == "10-2x2 4x1 stale _x1 1+0.5x1 _x1"
    assert flat(7, "10m").text(5) == "7x1"
