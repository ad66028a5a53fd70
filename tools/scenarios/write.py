"""From scenarios to promtool's unit tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.rules.model import Group
from tools.rules.write import FILES, dump
from tools.scenarios import availability, errors, figures, saturation, spending, spikes, trend
from tools.scenarios.model import Scenario

HEADER = "# Written by `make docs` from tools/scenarios; do not edit.\n"
TESTS: Mapping[str, tuple[Scenario, ...]] = {
    "availability": availability.SCENARIOS,
    "saturation": saturation.SCENARIOS,
    "spending": spending.SCENARIOS,
    "reload": spending.RELOADS,
    "errors": errors.SCENARIOS,
    "figures": figures.SCENARIOS,
    "figures-days": figures.DAYS,
    "trend": trend.SCENARIOS,
    "spikes": spikes.SCENARIOS,
    "info": trend.INFO,
}
PACE = {"reload": 5, "figures-days": 5, "trend": 5, "info": 5, "spikes": 10}
"""A sample every so many minutes is enough where a scenario lasts for hours or days; else there is one a minute."""
WITHOUT_RECORDS = {"availability", "errors", "spending"}
WITHOUT_ALERTS = {"figures", "figures-days"}


def documents() -> Mapping[str, str]:
    """Every file of unit tests: its path in the repository and its text."""
    return {
        f"prometheus/tests/{name}.yaml": HEADER + dump(_file(scenarios, PACE.get(name, 1), _rules(name)))
        for name, scenarios in TESTS.items()
    }


def _rules(name: str) -> dict[str, tuple[Group, ...]]:
    left_out = {"recording.yaml": WITHOUT_RECORDS, "alerts.yaml": WITHOUT_ALERTS}
    return {file: groups for file, groups in FILES.items() if name not in left_out[file]}


def _file(scenarios: tuple[Scenario, ...], pace: int, files: Mapping[str, tuple[Group, ...]]) -> dict[str, Any]:
    return {
        "rule_files": [f"../rules/{name}" for name in files],
        "evaluation_interval": f"{pace}m",
        "group_eval_order": [group.name for groups in files.values() for group in groups],
        "tests": [_test(each, pace) for each in scenarios],
    }


def _test(scenario: Scenario, pace: int) -> dict[str, Any]:
    inputs = [{"series": name, "values": line.text(pace)} for each in scenario.series for name, line in each.items()]
    test: dict[str, Any] = {"name": scenario.name, "interval": f"{pace}m", "input_series": inputs}
    for kind, expected in (each.test() for each in scenario.expect):
        test.setdefault(kind, []).append(expected)
    return test
